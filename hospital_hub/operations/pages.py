"""How the hub is doing, for operations: figures, the fleet as it is now, the last decisions and their reasons."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hospital_hub.errors import NotFound
from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.api import models_of
from hospital_hub.operations import audit_pages
from hospital_hub.operations.csv_text import csv_text
from hospital_hub.operations.overview import one_sheet, overview, servers
from hospital_hub.operations.period import PERIODS
from hospital_hub.operations.plots import draw
from hospital_hub.operations.sheets import OUTCOMES
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.templates import render

router = APIRouter(include_in_schema=False)
router.include_router(audit_pages.router)
Reader = Annotated[Principal, Depends(Guard(Action.OPERATIONS_READ))]
PeriodKey = Literal["hour", "day", "week", "month"]


@router.get("/operations", name="operations")
async def operations(request: Request, _who: Reader, period: PeriodKey = "day") -> Response:
    found = await overview(resources_of(request), PERIODS[period], now=utc_now())
    context = {
        "overview": found,
        "drawings": {sheet.key: draw(sheet) for sheet in found.sheets},
        "servers": servers(models_of(request), now=asyncio.get_running_loop().time()),
        "outcomes": OUTCOMES,
        "periods": PERIODS.values(),
        "chosen": period,
    }
    return render(request, "operations/page.html", context=context)


@router.get("/operations/fleet", name="operations_fleet")
async def fleet(request: Request, _who: Reader) -> Response:
    found = servers(models_of(request), now=asyncio.get_running_loop().time())
    return render(request, "operations/fleet.html", context={"servers": found})


@router.get("/operations/{key}.csv", name="operations_csv")
async def sheet_csv(request: Request, _who: Reader, key: str, period: PeriodKey = "day") -> Response:
    sheet = await one_sheet(resources_of(request), PERIODS[period], key=key, now=utc_now())
    if sheet is None:
        raise NotFound("There is no such table.", "Choose one on the operations page.")
    text = csv_text((sheet.first, *sheet.columns), ((row.label, *row.values) for row in sheet.rows))
    name = f"{key}-{period}.csv"
    return Response(text, media_type="text/csv", headers={"content-disposition": f'attachment; filename="{name}"'})
