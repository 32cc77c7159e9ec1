"""What a doctor's launch turns into: launch id, then code, then token; each only once and only for whom it was made."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hospital_hub.embedded.emr.accounts import DemoLogin
from hospital_hub.embedded.emr.authorization_request import AuthorizationRequest
from hospital_hub.embedded.emr.clients import RegisteredClient
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.failures import OAuthFailure
from hospital_hub.embedded.emr.once import Once
from hospital_hub.embedded.emr.renewals import Renewals
from hospital_hub.embedded.emr.scopes import granted
from hospital_hub.embedded.emr.tokens import Access, Context, Tokens

LAUNCH_SECONDS = 300
CODE_SECONDS = 60
SHORTEST_VERIFIER, LONGEST_VERIFIER = 43, 128  # RFC 7636, 4.1


@dataclass(frozen=True)
class Launch:
    """`app_context` is what a card's link gives the app (CDS Hooks 2.0.1, "Link"); empty without one."""

    context: Context
    app_context: str = ""


@dataclass(frozen=True)
class Grant:
    request: AuthorizationRequest
    launch: Launch
    doctor: DemoLogin


@dataclass
class Grants:
    config: EmrConfig
    tokens: Tokens
    _launches: Once[Launch] = field(default_factory=lambda: Once(LAUNCH_SECONDS))
    _codes: Once[Grant] = field(default_factory=lambda: Once(CODE_SECONDS))
    _renewals: Renewals[Grant] = field(default_factory=Renewals)
    _spent: dict[str, str] = field(default_factory=dict)
    _revoked: set[str] = field(default_factory=set)

    def launch(self, launch: Launch) -> str:
        return self._launches.put(launch, now=self.config.now())

    def code(self, request: AuthorizationRequest, doctor: DemoLogin) -> str:
        launch = self._launches.look(request.launch, now=self.config.now())
        if launch is None or launch.context.practitioner != doctor.practitioner:
            raise OAuthFailure("invalid_request", "launch is unknown, used, over five minutes old, or another doctor's")
        self._launches.take(request.launch, now=self.config.now())
        return self._codes.put(Grant(request, launch, doctor), now=self.config.now())

    def exchange(self, client: RegisteredClient, form: Mapping[str, str]) -> dict[str, Any]:
        code = form.get("code", "")
        grant = self._codes.take(code, now=self.config.now())
        if grant is None:
            self._revoked.update({self._spent[code]} if code in self._spent else ())  # RFC 6749, 4.1.2
            raise OAuthFailure("invalid_grant", "The code is unknown, used, or over a minute old")
        if grant.request.client_id != client.client_id or grant.request.redirect_uri != form.get("redirect_uri"):
            raise OAuthFailure("invalid_grant", "The code was made for another client or redirect_uri")
        if not _proves(form.get("code_verifier", ""), grant.request.code_challenge):
            raise OAuthFailure("invalid_grant", "code_verifier does not fit the code_challenge")
        return self._answer(client, grant=grant, code=code)

    def renew(self, client: RegisteredClient, form: Mapping[str, str]) -> dict[str, Any]:
        """A next access token, for the same patient and no other scopes; the refresh token changes each time."""
        found = self._renewals.take(form.get("refresh_token", ""), now=self.config.now())
        if found is None or found[1].request.client_id != client.client_id:
            raise OAuthFailure("invalid_grant", "The refresh token is unknown, used, or over eight hours old")
        line, grant = found
        return {**self._access(client, grant=grant, token_id=secrets.token_urlsafe(16)), **self._next(grant, line=line)}

    def backend(self, client: RegisteredClient, form: Mapping[str, str]) -> dict[str, Any]:
        scope = granted(form.get("scope", ""), client.scope)
        if not scope:
            raise OAuthFailure("invalid_scope", f"Ask for some of: {client.scope}")
        token = self.tokens.access(client, scope=scope, context=Context(), token_id=secrets.token_urlsafe(16))
        return {"access_token": token, "token_type": "Bearer", "expires_in": client.token_seconds, "scope": scope}

    def valid(self, token: str) -> Access | None:
        access = self.tokens.read_access(token)
        return None if access is None or access.token_id in self._revoked else access

    def _answer(self, client: RegisteredClient, *, grant: Grant, code: str) -> dict[str, Any]:
        request, context = grant.request, grant.launch.context
        token_id = secrets.token_urlsafe(16)
        self._spent[code] = token_id
        answer = {**self._access(client, grant=grant, token_id=token_id), **self._next(grant)}
        if "openid" in request.scope.split():
            name = grant.doctor.title
            answer["id_token"] = self.tokens.identity(client.client_id, context=context, nonce=request.nonce, name=name)
        return answer

    def _access(self, client: RegisteredClient, *, grant: Grant, token_id: str) -> dict[str, Any]:
        scope, context = grant.request.scope, grant.launch.context
        return {
            "access_token": self.tokens.access(client, scope=scope, context=context, token_id=token_id),
            "token_type": "Bearer",
            "expires_in": client.token_seconds,
            "scope": scope,
            "patient": context.patient,
            "need_patient_banner": False,  # the EMR's page shows it above the panel
            **({"encounter": context.encounter} if context.encounter else {}),
            **({"appContext": grant.launch.app_context} if grant.launch.app_context else {}),
        }

    def _next(self, grant: Grant, *, line: str = "") -> dict[str, str]:
        if "online_access" not in grant.request.scope.split():
            return {}
        return {"refresh_token": self._renewals.put(grant, now=self.config.now(), line=line)}


def _proves(verifier: str, challenge: str) -> bool:
    if not SHORTEST_VERIFIER <= len(verifier) <= LONGEST_VERIFIER or not verifier.isascii():
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.encode())
