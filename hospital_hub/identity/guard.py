"""The door of every route: who is asking, and does the table of roles give them this action.

A route without a guard must stand in `PUBLIC`; a test walks over all routes and fails otherwise.
"""

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from fastapi import Request

from hospital_hub.errors import NotLoggedIn
from hospital_hub.identity.logins import Lifetimes, recognise
from hospital_hub.identity.permissions import Action, Role
from hospital_hub.identity.principal import WORKER, Principal
from hospital_hub.resources import Resources, resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.vault import Vault

COOKIE = "hub_session"
KIOSK_COOKIE = "hub_kiosk"
INTERNAL_PURPOSE = "internal-api"
METRICS_PURPOSE = "metrics"
BEARER = "Bearer "
SCRAPER = Principal(id="metrics", role=Role.OPERATIONS, display_name="Metrics")

# Path of a route without a guard, and why nobody has to be logged in there.
PUBLIC: Final[Mapping[str, str]] = {
    "/": "tells where to go; shows nothing of a patient",
    "/login": "the way in",
    "/logout": "ends the caller's own log-in and nothing else",
    "/api/login": "the way in for programs",
    "/api/logout": "ends the caller's own log-in and nothing else",
    "/language": "keeps a choice of language in a cookie",
    "/favicon.svg": "a picture",
    "/static": "style sheets, scripts and fonts",
    "/healthz": "says that the process lives",
    "/readyz": "names the part that is not ready; no figures, no addresses",
    "/kiosk": "the first page of a kiosk; a device has no log-in before it",
    "/notes/launch": "where the EMR sends a clinician's browser; the log-in begins after it (SMART App Launch 2.2)",
    "/notes/standalone": "the same from outside the EMR, where its block in the settings allows that",
    "/notes/callback": "ends that log-in; proves itself by state, code and PKCE",
    "/notes/callback/{emr}": "the same for one of several EMRs",
    "/.well-known/jwks.json": "the hub's public keys",
    "/fhir/metadata": "what the hub speaks of FHIR, the same for everybody (R4, 3.1.0.9)",
    "/cds-services": "names the CDS Hooks services and what they ask for; nothing of a patient",
    "/openapi.json": "describes the API for programs; nothing of an installation",
    "/look": "the components without content, in the demonstration alone",
    "/look/kiosk": "as above",
    "/look/panel": "as above",
}


class Guard:
    """A FastAPI dependency that yields the principal or refuses; `cookie` names the log-in it looks at."""

    def __init__(self, action: Action, *, cookie: str = COOKIE) -> None:
        self.action = action
        self.cookie = cookie

    async def __call__(self, request: Request) -> Principal:
        who = await self._who(request)
        if who is None:
            raise NotLoggedIn("Please log in first.", "Open the log-in page and come back.")
        who.require(self.action)
        request.state.principal = who
        return who

    async def _who(self, request: Request) -> Principal | None:
        return await _recognised(request, self.cookie)


class InternalGuard(Guard):
    """For the hub's own workers: a bearer token derived from the master key, never a cookie."""

    async def _who(self, request: Request) -> Principal | None:
        return WORKER if _bears(request, internal_token(resources_of(request))) else None


class MetricsGuard(Guard):
    """For a monitor with the derived token, or somebody of operations in a browser.

    Not "whoever asks from this machine": behind a reverse proxy everybody does.
    """

    async def _who(self, request: Request) -> Principal | None:
        return SCRAPER if _bears(request, metrics_token(resources_of(request).vault)) else await super()._who(request)


async def visitor(request: Request) -> Principal | None:
    """A FastAPI dependency for pages that anybody may see: who is logged in here, if anybody is."""
    who = await _recognised(request, COOKIE)
    request.state.principal = who
    return who


async def _recognised(request: Request, cookie: str) -> Principal | None:
    token = request.cookies.get(cookie)
    if not token:
        return None
    resources = resources_of(request)
    async with resources.database.work() as session:
        return await recognise(
            session, vault=resources.vault, token=token, lifetimes=lifetimes(resources), now=utc_now()
        )


def _bears(request: Request, token: str) -> bool:
    sent = request.headers.get("authorization", "")
    return hmac.compare_digest(sent.encode(), (BEARER + token).encode())


def internal_token(resources: Resources) -> str:
    return resources.vault.secret(INTERNAL_PURPOSE).hex()


def metrics_token(vault: Vault) -> str:
    return vault.secret(METRICS_PURPOSE).hex()


def lifetimes(resources: Resources) -> Lifetimes:
    settings = resources.settings
    return Lifetimes(
        people=timedelta(minutes=settings.session_minutes), kiosk=timedelta(minutes=settings.kiosk_session_minutes)
    )
