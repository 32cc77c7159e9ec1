"""The hub's own key as a SMART client: the public JWKS and the signed assertion that stands in for a secret.

Source: SMART App Launch 2.2, "Client Authentication: Asymmetric"; ES384 (RFC 7518, 3.4).
"""

from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

ALGORITHM = "ES384"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# The specification's upper limit is five minutes.
ASSERTION_SECONDS = 240


@dataclass(frozen=True)
class ClientKey:
    """An EC P-384 private key; `kid` is its RFC 7638 thumbprint, so that a new key brings a new name."""

    pem: str = field(repr=False)

    def public_jwks(self) -> dict[str, Any]:
        key = self._key()
        return {"keys": [{**key.as_dict(private=False), "kid": key.thumbprint(), "alg": ALGORITHM, "use": "sig"}]}

    def assertion(self, *, client_id: str, audience: str, jti: str, now: int) -> str:
        """A client assertion for the token endpoint `audience`; `now` in seconds since 1970."""
        key = self._key()
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": jti,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": key.thumbprint()}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def _key(self) -> ECKey:
        return ECKey.import_key(self.pem)
