"""Access tokens, id_tokens and the EMR's own log-in cookie: JWTs of the one signing key, told apart by `typ`."""

import secrets
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from hospital_hub.embedded.emr.accounts import DemoLogin, by_name
from hospital_hub.embedded.emr.clients import RegisteredClient
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.keys import ALGORITHM, SigningKey

ACCESS, SESSION = "at+jwt", "emr-session+jwt"
SESSION_SECONDS = 8 * 3600
HUB_CALL_SECONDS = 60


@dataclass(frozen=True)
class Context:
    """Whom a token stands for: a doctor at a patient's chart, or (all empty) the client itself."""

    practitioner: str = ""
    patient: str = ""
    encounter: str = ""

    @property
    def fhir_user(self) -> str:
        return f"Practitioner/{self.practitioner}" if self.practitioner else ""


@dataclass(frozen=True)
class Access:
    """A valid access token, read."""

    token_id: str
    client_id: str
    scope: str
    context: Context
    until: int


@dataclass(frozen=True)
class Tokens:
    config: EmrConfig
    key: SigningKey

    def access(self, client: RegisteredClient, *, scope: str, context: Context, token_id: str) -> str:
        claims = {
            "sub": context.practitioner or client.client_id,
            "aud": self.config.fhir_base,
            "client_id": client.client_id,
            "scope": scope,
            "jti": token_id,
        }
        launch = {"practitioner": context.practitioner, "patient": context.patient, "encounter": context.encounter}
        return self._signed(ACCESS, {**claims, **launch}, seconds=client.token_seconds)

    def identity(self, client_id: str, *, context: Context, nonce: str, name: str) -> str:
        """OpenID Connect Core 1.0, 2; `nonce` only where the app sent one."""
        claims = {"sub": context.practitioner, "aud": client_id, "fhirUser": context.fhir_user, "name": name}
        return self._signed("JWT", {**claims, **({"nonce": nonce} if nonce else {})}, seconds=300)

    def for_hub(self, url: str) -> str:
        """For one call of a CDS Hooks service (2.0.1, "Trusting CDS Clients"): `aud` is the URL that is called."""
        claims = {"iss": self.config.origin, "aud": url, "jti": secrets.token_urlsafe(16)}
        return self._signed("JWT", claims, seconds=HUB_CALL_SECONDS)

    def session(self, login: DemoLogin) -> str:
        return self._signed(SESSION, {"sub": login.name}, seconds=SESSION_SECONDS)

    def read_access(self, token: str) -> Access | None:
        claims = self._read(token, typ=ACCESS)
        if claims is None or claims.get("aud") != self.config.fhir_base:
            return None
        context = Context(claims["practitioner"], claims["patient"], claims["encounter"])
        return Access(claims["jti"], claims["client_id"], claims["scope"], context, claims["exp"])

    def read_session(self, token: str) -> DemoLogin | None:
        claims = self._read(token, typ=SESSION)
        return by_name(claims["sub"]) if claims else None

    def _signed(self, typ: str, claims: dict[str, Any], *, seconds: int) -> str:
        now = self.config.now()
        header = {"alg": ALGORITHM, "typ": typ, "kid": self.key.kid}
        whole = {"iss": self.config.fhir_base, "iat": now, "exp": now + seconds, **claims}
        return jwt.encode(header, whole, self.key.key, algorithms=[ALGORITHM])

    def _read(self, token: str, *, typ: str) -> dict[str, Any] | None:
        try:
            read = jwt.decode(token, self.key.key, algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            return None
        fresh = read.claims["exp"] > self.config.now()
        return dict(read.claims) if fresh and read.header.get("typ") == typ else None
