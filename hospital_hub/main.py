"""The web application: opens the resources, mounts the slices, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from hospital_hub import __version__
from hospital_hub.identity import api as identity_api
from hospital_hub.identity import pages as identity_pages
from hospital_hub.inference import api as inference_api
from hospital_hub.inference import feedback_api, openai_api
from hospital_hub.inference.ask import Models
from hospital_hub.inference.fleet import FleetState
from hospital_hub.inference.ledger import Ledger
from hospital_hub.inference.openai_form import openai_error
from hospital_hub.inference.shadow import load_shadow
from hospital_hub.logs import configure_logs
from hospital_hub.notes import api as notes_api
from hospital_hub.notes import pages as notes_pages
from hospital_hub.operations import api as operations_api
from hospital_hub.operations import pages as operations_pages
from hospital_hub.operations.traffic import count_requests
from hospital_hub.research import api as research_api
from hospital_hub.research import pages as research_pages
from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings, load_settings
from hospital_hub.storage.schema import check
from hospital_hub.triage import api as triage_api
from hospital_hub.triage import pages as triage_pages
from hospital_hub.web.shell import install
from routing import load_policy

ROUTERS = (
    identity_pages.router,
    identity_api.router,
    triage_pages.router,
    triage_api.router,
    notes_pages.router,
    notes_api.router,
    research_pages.router,
    research_api.router,
    operations_pages.router,
    operations_api.router,
    inference_api.router,
    openai_api.router,
    feedback_api.router,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application of one process; its resources open when it starts and close when it stops."""
    settings = settings or load_settings()
    configure_logs(settings.log_format)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        shadow = load_shadow(settings.shadow_policy)
        async with open_resources(settings) as resources:
            await check(resources.database)
            fleet = FleetState(resources.registry, resources.http)
            app.state.resources = resources
            ledger = Ledger(resources.database, resources.registry)
            app.state.models = Models(fleet, load_policy(), resources.registry, ledger, shadow)
            polling = asyncio.create_task(fleet.poll_forever())
            try:
                yield
            finally:
                polling.cancel()
                with suppress(asyncio.CancelledError):
                    await polling
                await ledger.settle()

    app = FastAPI(title="Hospital hub", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    for router in ROUTERS:
        app.include_router(router)
    count_requests(app)
    install(app, settings=settings, problem_formats={"/v1/": openai_error})
    return app
