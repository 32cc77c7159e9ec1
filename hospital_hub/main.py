"""The web application: opens the resources, mounts the slices, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from hospital_hub import __version__
from hospital_hub.cds import api as cds_api
from hospital_hub.cds import pages as cds_pages
from hospital_hub.identity import api as identity_api
from hospital_hub.identity import pages as identity_pages
from hospital_hub.identity.allowance import Allowances
from hospital_hub.identity.key_ring import KeyRing
from hospital_hub.inference import api as inference_api
from hospital_hub.inference import feedback_api, fleet_api, openai_api
from hospital_hub.inference.ask import Models
from hospital_hub.inference.door import Door
from hospital_hub.inference.openai_shapes import openai_error
from hospital_hub.inference.opening import open_models
from hospital_hub.inference.shadow import load_shadow
from hospital_hub.inference.shortcut import Shortcut
from hospital_hub.inference.stored_answers import StoredAnswers
from hospital_hub.inference.upkeep import Retention
from hospital_hub.logs import configure_logs
from hospital_hub.notes import api as notes_api
from hospital_hub.notes import correction_pages as notes_corrections
from hospital_hub.notes import fhir_face
from hospital_hub.notes import pages as notes_pages
from hospital_hub.notes.kinds import kinds
from hospital_hub.notes.open_drafts import open_drafts
from hospital_hub.operations import api as operations_api
from hospital_hub.operations import pages as operations_pages
from hospital_hub.operations.traffic import CountRequests, count_requests
from hospital_hub.research import api as research_api
from hospital_hub.research import pages as research_pages
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings, load_settings
from hospital_hub.storage.schema import check
from hospital_hub.triage import api as triage_api
from hospital_hub.triage import pages as triage_pages
from hospital_hub.triage.zones import load_zones
from hospital_hub.web.fhir import fhir_error
from hospital_hub.web.page_streams import PageStreams
from hospital_hub.web.shell import install
from hospital_hub.web.stream_buffer import PURPOSE, Buffer
from routing import load_policy

ROUTERS = (
    identity_pages.router,
    identity_api.router,
    triage_pages.router,
    triage_api.router,
    notes_pages.router,
    notes_corrections.router,
    notes_api.router,
    fhir_face.router,
    cds_api.router_with(open_drafts),
    cds_pages.router,
    research_pages.router,
    research_api.router,
    operations_pages.router,
    operations_api.router,
    inference_api.router,
    fleet_api.router,
    openai_api.router,
    feedback_api.router,
)


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        return self.openapi_schema or openai_api.described(super().openapi())


def create_shared_app() -> FastAPI:
    """The application of one process among several: all of them share a gate."""
    settings = load_settings()
    return create_app(settings.model_copy(update={"gate": settings.shared_gate}))


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application of one process; its resources open when it starts and close when it stops."""
    settings = settings or load_settings()
    configure_logs(settings.log_format)
    load_zones(settings.triage_zones_file)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        kinds(settings.note_kinds_folder)  # a wrong file stops the start, not a doctor
        async with open_resources(settings) as resources:
            await check(resources.database)
            app.state.resources = resources
            async with open_models(resources, load_policy(), shadow=load_shadow(settings.shadow_policy)) as models:
                app.state.models = models
                app.state.door = _door(resources, models)
                app.state.page_streams = PageStreams(Buffer(resources.cache, resources.vault.secret(PURPOSE)))
                try:
                    yield
                finally:
                    await app.state.page_streams.close()

    app = _Application(title="Hospital hub", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    for router in ROUTERS:
        app.include_router(router)
    count_requests(app)
    install(app, settings=settings, problem_formats={"/v1/": openai_error, "/fhir/": fhir_error})
    endpoint = CountRequests(openai_api.chat.app, traffic=app.state.traffic)
    app.add_middleware(Shortcut, route=openai_api.chat, endpoint=endpoint)
    return app


def _door(resources: Resources, models: Models) -> Door:
    database, vault = resources.database, resources.vault
    kept_for = Retention.of(resources.settings).answers
    answers = StoredAnswers(database, vault, models.ledger.process, kept_for)
    return Door(models, KeyRing(database, vault), Allowances(database), answers)
