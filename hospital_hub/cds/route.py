"""How these routes answer: errors as OperationOutcome, and CORS headers for the pages of the client that calls."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from hospital_hub.cds.clients import CdsClient
from hospital_hub.cds.errors import WrongCall, outcome
from hospital_hub.cds.office import office_of
from hospital_hub.errors import HubError
from hospital_hub.web.languages import Language, language_of
from integrations.cds_hooks.faults import WrongRequest

FHIR_JSON: Final = "application/fhir+json"
ALLOWED: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept-Language",
    "Access-Control-Max-Age": "600",
}
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CdsRoute(APIRoute):
    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                response = await inner(request)
            except HubError as error:
                response = _refusal(request, error)
            except WrongRequest as wrong:
                response = _refusal(request, WrongCall(wrong.faults))
            response.headers.update(cors(request))
            return response

        return answered


def language_for(request: Request) -> Language:
    """The one that the call names, else the client's own."""
    client = _caller(request)
    return language_of(request) if client is None or "accept-language" in request.headers else client.language


def cors(request: Request) -> dict[str, str]:
    """For the registered page of this caller alone. Cookies are never part of it."""
    origin = request.headers.get("origin", "")
    client = _caller(request) or office_of(request).clients.of_origin(origin)
    if not origin or client is None or client.origin != origin:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _caller(request: Request) -> CdsClient | None:
    return getattr(request.state, "cds_client", None)


def _refusal(request: Request, error: HubError) -> Response:
    request_id = str(getattr(request.state, "request_id", ""))
    body = outcome(error, language=language_for(request), request_id=request_id)
    return JSONResponse(body, error.status, headers=dict(error.headers), media_type=FHIR_JSON)
