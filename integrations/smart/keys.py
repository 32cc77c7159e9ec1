"""The hub's own key as a SMART client: the public JWKS and the signed assertion that stands in for a secret.

Source: SMART App Launch 2.2, "Client Authentication: Asymmetric"; ES384 and RS384 (RFC 7518, 3.3 and 3.4).
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# The specification's upper limit is five minutes.
ASSERTION_SECONDS = 240
LEAST_RSA_BITS = 2048


@dataclass(frozen=True)
class ClientKey:
    """A private key, EC P-384 or RSA; `kid` is its RFC 7638 thumbprint, so that a new key brings a new name."""

    pem: str = field(repr=False)

    @property
    def algorithm(self) -> str:
        return "ES384" if isinstance(self._key(), ECKey) else "RS384"

    @property
    def kid(self) -> str:
        return self._key().thumbprint()

    def public_jwks(self) -> dict[str, Any]:
        key = self._key()
        return {"keys": [{**key.as_dict(private=False), "kid": self.kid, "alg": self.algorithm, "use": "sig"}]}

    def assertion(self, *, client_id: str, audience: str, jti: str, now: int) -> str:
        """A client assertion for the token endpoint `audience`; `now` in seconds since 1970."""
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": jti,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        header = {"alg": self.algorithm, "typ": "JWT", "kid": self.kid}
        return jwt.encode(header, claims, self._key(), algorithms=[self.algorithm])

    def _key(self) -> ECKey | RSAKey:
        return _key_of(self.pem)


@lru_cache(maxsize=16)
def _key_of(pem: str) -> ECKey | RSAKey:
    """Raises: ValueError when the text is no private key of these two kinds."""
    try:
        raw = load_pem_private_key(pem.encode("ascii"), password=None)
    except (TypeError, UnsupportedAlgorithm) as odd:
        message = "no PEM private key without a password"
        raise ValueError(message) from odd
    if isinstance(raw, EllipticCurvePrivateKey) and isinstance(raw.curve, SECP384R1):
        return ECKey.import_key(pem)
    if isinstance(raw, RSAPrivateKey) and raw.key_size >= LEAST_RSA_BITS:
        return RSAKey.import_key(pem)
    message = f"neither EC P-384 nor RSA of {LEAST_RSA_BITS} bits"
    raise ValueError(message)
