"""Whether a client assertion (private_key_jwt) is one of a registered client, made for this token endpoint, unused.

Source: SMART App Launch 2.2, "Client Authentication: Asymmetric"; RFC 7523.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from hospital_hub.embedded.emr.clients import RegisteredClient
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.failures import OAuthFailure
from hospital_hub.embedded.emr.hub_keys import HubKeys
from hospital_hub.embedded.emr.once import Seen

ALGORITHMS = ("ES384", "RS384")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_SECONDS = 300
# A hub on the same machine has the same clock; another may be a little ahead.
SKEW_SECONDS = 10


def refuse(description: str) -> OAuthFailure:
    return OAuthFailure("invalid_client", description, status=401)


@dataclass
class ClientCheck:
    config: EmrConfig
    keys: HubKeys
    clients: Mapping[str, RegisteredClient]
    _seen: Seen = field(default_factory=Seen)

    async def client(self, form: Mapping[str, str]) -> RegisteredClient:
        """The client of a token request.

        Raises:
            OAuthFailure: `invalid_client`, with the reason.
        """
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise refuse("client_assertion_type must be that of a JWT bearer assertion")
        claims = await self._signed(form.get("client_assertion", ""))
        client = self.clients.get(str(claims.get("sub")))
        if client is None or claims.get("iss") != client.client_id:
            raise refuse("iss and sub must both be a registered client_id")
        if form.get("client_id", client.client_id) != client.client_id:
            raise refuse("client_id is not the assertion's")
        self._check_use(claims)
        return client

    async def _signed(self, assertion: str) -> dict[str, Any]:
        try:
            header = jws.extract_compact(assertion.encode()).headers()
        except (JoseError, ValueError) as wrong:
            raise refuse("client_assertion is not a JWT") from wrong
        if header.get("alg") not in ALGORITHMS or header.get("typ") != "JWT":
            raise refuse("The header needs typ JWT and alg ES384 or RS384")
        key = await self.keys.key(str(header.get("kid", "")))
        try:
            return dict(jwt.decode(assertion, key, algorithms=list(ALGORITHMS)).claims)
        except (JoseError, ValueError) as wrong:
            raise refuse("The signature does not hold") from wrong

    def _check_use(self, claims: Mapping[str, Any]) -> None:
        now, expiry, jti = self.config.now(), claims.get("exp"), claims.get("jti")
        if claims.get("aud") != self.config.token_url:
            raise refuse(f"aud must be {self.config.token_url}")
        if not isinstance(expiry, int) or expiry <= now:
            raise refuse("The assertion has expired")
        if expiry > now + LONGEST_SECONDS + SKEW_SECONDS:
            raise refuse("exp is more than five minutes away")
        if not isinstance(jti, str) or not jti:
            raise refuse("jti is missing")
        if not self._seen.first_time(f"{claims['iss']} {jti}", until=expiry, now=now):
            raise refuse("This jti was used before")
