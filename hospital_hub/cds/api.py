"""The services over HTTP (CDS Hooks 2.0.1): discovery, the calls, and what became of their cards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import JSONResponse, Response

from hospital_hub.cds import feedback as kept
from hospital_hub.cds.catalogue import Service, catalogue
from hospital_hub.cds.errors import issue
from hospital_hub.cds.guard import CdsGuard, OriginGuard, client_of
from hospital_hub.cds.office import OpenDrafts, office_of, open_office
from hospital_hub.cds.route import ALLOWED, FHIR_JSON, CdsRoute, language_for
from hospital_hub.cds.service import Caller, call
from hospital_hub.errors import BadInput, NotFound
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.languages import gettext_for, language_of, marked
from integrations.cds_hooks.cards import ServiceEntry
from integrations.cds_hooks.feedback import parse as parse_feedback
from integrations.cds_hooks.request import HOOKS
from integrations.cds_hooks.request import parse as parse_call
from integrations.fhir.errors import FhirFault
from integrations.fhir.lossless import loads

routes = APIRouter(prefix="/cds-services", tags=["cds"], route_class=CdsRoute)
Emr = Annotated[Principal, Depends(CdsGuard())]
Page = Annotated[Principal, Depends(OriginGuard())]
UNKNOWN_CARD = marked("The hub showed this caller no such card from this service; nothing was kept for it.")


def router_with(open_drafts: OpenDrafts) -> APIRouter:
    """The routes; `open_drafts` is how the slice that keeps the drafts tells of those nobody has signed."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_office(app.state.resources, open_drafts) as office:
            app.state.cds = office
            yield

    router = APIRouter(lifespan=lifespan)
    router.include_router(routes)
    return router


@routes.get("", name="cds_discovery")
async def discovery(request: Request) -> JSONResponse:
    language = language_of(request)
    entries = []
    for one in catalogue().service:
        said = one.about(language)
        version = HOOKS[one.hook].version
        entry = ServiceEntry(one.id, one.hook, version, said.title, said.description, said.usage, one.prefetch)
        entries.append(entry.to_json())
    return JSONResponse({"services": entries})


@routes.post("/{service}", name="cds_call")
async def invoke(request: Request, who: Emr, service: str) -> JSONResponse:
    began = asyncio.get_running_loop().time()
    chosen = _service(service)
    asked = parse_call(await _body(request), hook=chosen.hook)
    caller = Caller(
        who=who,
        client=client_of(request),
        language=language_for(request),
        request_id=str(getattr(request.state, "request_id", "")),
        now=utc_now(),
        began=began,
    )
    answered = await call(resources_of(request), office_of(request), caller=caller, service=chosen, request=asked)
    return JSONResponse(answered)


@routes.post("/{service}/feedback", name="cds_feedback")
async def feedback(request: Request, who: Emr, service: str) -> JSONResponse:
    """200 with an OperationOutcome that names the entries which could not be kept; without any, an empty object."""
    chosen = _service(service)
    given = parse_feedback(await _body(request))
    unknown = await kept.keep(resources_of(request), who, client=client_of(request), service=chosen, given=given)
    if not unknown:
        return JSONResponse({})
    said = gettext_for(language_for(request))(UNKNOWN_CARD)
    issues = [
        {
            **issue("not-found", "card_unknown", text=said, severity="warning"),
            "expression": [f"feedback[{number}].card"],
        }
        for number in unknown
    ]
    return JSONResponse({"resourceType": "OperationOutcome", "issue": issues}, media_type=FHIR_JSON)


@routes.options("", name="cds_discovery_preflight")
async def discovery_preflight() -> Response:
    return _preflight()


@routes.options("/{service}", name="cds_call_preflight")
async def call_preflight(service: str, _page: Page) -> Response:
    _service(service)
    return _preflight()


@routes.options("/{service}/feedback", name="cds_feedback_preflight")
async def feedback_preflight(service: str, _page: Page) -> Response:
    _service(service)
    return _preflight()


def _preflight() -> Response:
    """Whether the page is a client's, the route class says."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=dict(ALLOWED))


def _service(identifier: str) -> Service:
    found = catalogue().of(identifier)
    if found is None:
        raise NotFound("There is no such service.", "See /cds-services for those there are.", code="no_such_service")
    return found


async def _body(request: Request) -> dict[str, Any]:
    """Decimals keep their digits: a card shows what the EMR has."""
    try:
        return loads(await request.body())
    except FhirFault as fault:
        raise BadInput("This is no JSON object.", "Send a JSON document as the body.", code="broken_json") from fault
