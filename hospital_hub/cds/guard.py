"""The door of the services: a signed token of a registered client, used once, for exactly the URL that is called.

Without a token only where HUB_CDS_OPEN_ON_LOOPBACK says so, and then only from this machine to this machine.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from hospital_hub.cds.clients import LOOPBACK, CdsClient
from hospital_hub.cds.office import Office, office_of
from hospital_hub.errors import NotLoggedIn
from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action, Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import resources_of
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.languages import marked
from integrations.cds_hooks.client_token import Expected, TokenFault, WrongToken, claimed, verify

TESTER: Final = "loopback-test"
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip")
_SAID: Final[Mapping[TokenFault, str]] = {
    TokenFault.UNREADABLE: marked("The token is no JWT with the claims of CDS Hooks (iss, aud, exp, iat, jti)."),
    TokenFault.ALGORITHM: marked("The token is signed by an algorithm that is not taken here."),
    TokenFault.HEADER: marked("The token's header is not that of CDS Hooks (alg, kid, typ JWT, jku)."),
    TokenFault.ISSUER: marked("The token's issuer is not registered with the hub."),
    TokenFault.FOREIGN_JKU: marked("The token names a key URL that is not registered for its issuer."),
    TokenFault.KEY: marked("The token's key is not among the keys of its issuer."),
    TokenFault.SIGNATURE: marked("The token's signature does not hold."),
    TokenFault.AUDIENCE: marked("The token is for another address than the one that was called."),
    TokenFault.EXPIRED: marked("The token has ended."),
    TokenFault.TOO_LONG: marked("The token lives longer than is agreed with its issuer."),
    TokenFault.NOT_YET: marked("The token was issued in the future."),
    TokenFault.JTI: marked("The token has no jti."),
    TokenFault.REUSED: marked("The token was used before."),
}


class TokenRefused(NotLoggedIn):
    def __init__(self, fault: TokenFault) -> None:
        super().__init__(_SAID[fault], _NEXT, code=fault.value)

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


_NEXT: Final = marked("Make a new token for each call, as agreed with the hub's administrator.")


class CdsGuard(Guard):
    """Keeps the caller's registration in `request.state.cds_client`."""

    def __init__(self) -> None:
        super().__init__(Action.CDS_CALL)

    async def _who(self, request: Request) -> Principal | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            client = await _of_token(request, token.strip())
        elif _open_for(request):
            client = tester(resources_of(request).settings)
        else:
            return None
        request.state.cds_client = client
        return Principal(f"cds|{client.name}", Role.EMR, client.name)


class OriginGuard(Guard):
    """For a browser's question before a call (CORS preflight): its page must be a registered client's."""

    def __init__(self) -> None:
        super().__init__(Action.CDS_CALL)

    async def _who(self, request: Request) -> Principal | None:
        client = office_of(request).clients.of_origin(request.headers.get("origin", ""))
        return Principal(f"cds|{client.name}", Role.EMR, client.name) if client else None


def client_of(request: Request) -> CdsClient:
    """Who calls, after CdsGuard."""
    client = request.state.cds_client
    assert isinstance(client, CdsClient)  # noqa: S101 - the guard stands before every route that asks
    return client


def tester(settings: Settings) -> CdsClient:
    """The caller without a token; its FHIR server is the EMR of this installation."""
    return CdsClient.model_construct(name=TESTER, issuer=TESTER, fhir_server=settings.emr_issuer.rstrip("/"))


async def _of_token(request: Request, token: str) -> CdsClient:
    office = office_of(request)
    try:
        return await _verified(request, office, token=token)
    except WrongToken as wrong:
        raise TokenRefused(wrong.fault) from wrong


async def _verified(request: Request, office: Office, *, token: str) -> CdsClient:
    said = claimed(token)
    client = office.clients.by_issuer.get(said.issuer)
    if client is None:
        raise WrongToken(TokenFault.ISSUER)
    if said.jku and said.jku.rstrip("/") != client.jwks_url:
        raise WrongToken(TokenFault.FOREIGN_JKU)
    resources = resources_of(request)
    expected = Expected(
        issuer=client.issuer,
        audience=resources.settings.public_url.rstrip("/") + request.url.path,
        now=int(utc_now().timestamp()),
        longest=client.token_seconds,
    )
    keys = await office.keys.of(client, said.kid)
    verified = verify(token, kid=said.kid, keys=keys, expected=expected)
    if not await office.tokens.use_once(issuer=client.issuer, token=verified):
        raise WrongToken(TokenFault.REUSED)
    return client


def _open_for(request: Request) -> bool:
    """Behind a reverse proxy everybody seems to ask from this machine, so such a request is never taken for one."""
    settings = resources_of(request).settings
    if not settings.cds_open_on_loopback or any(name in request.headers for name in _FORWARDED):
        return False
    here = request.client is not None and request.client.host in LOOPBACK
    return here and urlsplit(settings.public_url).hostname in LOOPBACK
