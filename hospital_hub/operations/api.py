"""What a supervisor or a monitor asks: does the process live, can it serve, what are its figures."""

import asyncio
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from hospital_hub.identity.guard import MetricsGuard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.api import models_of
from hospital_hub.operations.health import readiness
from hospital_hub.operations.metrics import as_text, count
from hospital_hub.operations.overview import servers
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now

router = APIRouter(include_in_schema=False)
Scraper = Annotated[Principal, Depends(MetricsGuard(Action.OPERATIONS_READ))]


@router.get("/healthz", name="healthz")
async def healthz() -> Response:
    return JSONResponse({"status": "alive"})


@router.get("/readyz", name="readyz")
async def readyz(request: Request) -> Response:
    now = asyncio.get_running_loop().time()
    found = await readiness(resources_of(request), models_of(request).fleet, now=now)
    status = HTTPStatus.OK if found.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse({"status": "ready" if found.ready else "not ready", "parts": dict(found.parts)}, status)


@router.get("/metrics", name="metrics")
async def metrics(request: Request, _who: Scraper) -> Response:
    counted = await count(resources_of(request), now=utc_now())
    models = models_of(request)
    fleet = servers(models, now=asyncio.get_running_loop().time())
    own = generate_latest(request.app.state.traffic.registry) + generate_latest(models.ledger.meter.registry)
    return Response(own + as_text(counted, fleet, gate=models.gate), media_type=CONTENT_TYPE_LATEST)
