"""Builds the EMR: its parts, its routes, its security headers, and one translation of each failure."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import resources
from urllib.parse import urlsplit

import aiohttp
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from hospital_hub.embedded.emr import authorization, card_pages, pages, proxy
from hospital_hub.embedded.emr.assertions import ClientCheck
from hospital_hub.embedded.emr.clients import registered
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.failures import FhirRefusal, OAuthFailure
from hospital_hub.embedded.emr.grants import Grants
from hospital_hub.embedded.emr.hub_hooks import HubHooks
from hospital_hub.embedded.emr.hub_keys import HubKeys
from hospital_hub.embedded.emr.keys import signing_key
from hospital_hub.embedded.emr.log_in import NobodyLoggedIn
from hospital_hub.embedded.emr.once import Once
from hospital_hub.embedded.emr.parts import EmrParts
from hospital_hub.embedded.emr.shown_cards import SECONDS
from hospital_hub.embedded.emr.store import FhirStore
from hospital_hub.embedded.emr.tokens import Tokens

LOOPBACK_HOSTS = ["127.0.0.1", "localhost"]


def create_app(config: EmrConfig) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(auto_decompress=True) as http:
            app.state.parts = _parts(config, http)
            yield

    app = FastAPI(title="Demonstration EMR", openapi_url=None, lifespan=lifespan)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK_HOSTS, *_own_host(config)])
    app.middleware("http")(_headers(config))
    app.include_router(authorization.router)
    app.include_router(proxy.router)
    app.include_router(pages.router)
    app.include_router(card_pages.router)
    app.add_api_route("/healthz", _healthz)
    app.mount("/static", StaticFiles(directory=str(resources.files("hospital_hub.embedded.emr").joinpath("static"))))
    _translate_failures(app)
    return app


def _own_host(config: EmrConfig) -> list[str]:
    host = urlsplit(config.origin).hostname
    return [host] if host else []


def _parts(config: EmrConfig, http: aiohttp.ClientSession) -> EmrParts:
    clients = registered(config)
    tokens = Tokens(config, signing_key(config.data))
    return EmrParts(
        config=config,
        clients=clients,
        check=ClientCheck(config, HubKeys(config, http), clients),
        tokens=tokens,
        grants=Grants(config, tokens),
        store=FhirStore(config, http),
        hooks=HubHooks(config, http, tokens),
        shown=Once(SECONDS),
    )


async def _healthz() -> JSONResponse:
    return JSONResponse({"status": "ok"})


Next = Callable[[Request], Awaitable[Response]]


def _headers(config: EmrConfig) -> Callable[[Request, Next], Awaitable[Response]]:
    """The panel's frame holds the hub, and this EMR for the moment in which it authorises: both stand in frame-src."""
    page = (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-src {config.hub} 'self'; frame-ancestors "
    )

    async def add(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = page + _ancestors(request.url.path, config)
        response.headers["X-Content-Type-Options"] = "nosniff"
        # With no-referrer a browser sends its own forms with Origin: null.
        response.headers["Referrer-Policy"] = "same-origin"
        if not request.url.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return add


def _ancestors(path: str, config: EmrConfig) -> str:
    """The hub's panel passes through the log-in; the cards stand in a frame of the chart. Nothing else is framed."""
    if path == "/auth/authorize":
        return f"'self' {config.hub}"
    cards = path.startswith("/cards/") or (path.startswith("/patients/") and "/cards/" in path)
    return "'self'" if cards else "'none'"


def _translate_failures(app: FastAPI) -> None:
    @app.exception_handler(OAuthFailure)
    async def oauth(_: Request, failure: OAuthFailure) -> Response:
        return JSONResponse(failure.body, status_code=failure.status, headers={"Cache-Control": "no-store"})

    @app.exception_handler(FhirRefusal)
    async def refusal(_: Request, failure: FhirRefusal) -> Response:
        challenge = {"WWW-Authenticate": failure.challenge} if failure.challenge else {}
        return JSONResponse(failure.body, failure.status, media_type=proxy.FHIR_JSON, headers=challenge)

    @app.exception_handler(NobodyLoggedIn)
    async def nobody(_: Request, __: NobodyLoggedIn) -> Response:
        return RedirectResponse("/login", status_code=303)

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, _: RequestValidationError) -> Response:
        return _sorry(request, 400)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, failure: HTTPException) -> Response:
        if request.url.path.startswith("/fhir"):
            return await refusal(request, FhirRefusal(failure.status_code, "not-supported", text=failure.detail))
        return _sorry(request, failure.status_code)


def _sorry(request: Request, status: int) -> Response:
    return pages.templates.TemplateResponse(request, "sorry.html", {"status": status}, status_code=status)
