"""The panel's pages for what comes after writing: discard, take back, amend, withdraw, versions, what the EMR has."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import Field
from starlette.responses import Response

from hospital_hub.notes import corrections, service, views
from hospital_hub.notes.at_desk import AtDesk, AtSigningDesk
from hospital_hub.notes.draft import LONGEST_REASON
from hospital_hub.notes.forms import OfLaunch
from hospital_hub.notes.read_back import read_back
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.templates import render

router = APIRouter(prefix="/notes", include_in_schema=False)


class ReasonForm(OfLaunch):
    reason: str = Field(max_length=LONGEST_REASON)


@router.post("/drafts/{note}/discard", name="notes_discard")
async def discard(request: Request, desk: AtDesk, note: uuid.UUID, form: Annotated[OfLaunch, Form()]) -> Response:
    desk.require_login(form.login)
    kept = await corrections.discard(desk, note)
    return render(request, "notes/_note.html", context={**views.note(kept), "login": desk.login})


@router.post("/drafts/{note}/take-back", name="notes_take_back")
async def take_back(request: Request, desk: AtDesk, note: uuid.UUID, form: Annotated[OfLaunch, Form()]) -> Response:
    desk.require_login(form.login)
    kept = await corrections.take_back(desk, note)
    return render(request, "notes/_note.html", context={**views.note(kept), "login": desk.login})


@router.post("/drafts/{note}/amend", name="notes_amend")
async def amend(
    request: Request, desk: AtSigningDesk, note: uuid.UUID, form: Annotated[ReasonForm, Form()]
) -> Response:
    """Answers with the editor of the new version."""
    desk.require_login(form.login)
    anew = await corrections.amend(desk, note, reason=form.reason, now=utc_now())
    kept = await service.show(desk, anew)
    return render(request, "notes/_note.html", context={**views.note(kept), "login": desk.login})


@router.post("/drafts/{note}/withdraw", name="notes_withdraw")
async def withdraw(
    request: Request, desk: AtSigningDesk, note: uuid.UUID, form: Annotated[ReasonForm, Form()]
) -> Response:
    desk.require_login(form.login)
    kept = await corrections.withdraw(desk, note, reason=form.reason, now=utc_now())
    return render(request, "notes/_note.html", context={**views.note(kept), "login": desk.login})


@router.get("/drafts/{note}/versions", name="notes_versions")
async def versions(request: Request, desk: AtDesk, note: uuid.UUID) -> Response:
    kept = await service.show(desk, note)
    rows = await corrections.history(desk, kept)
    return render(request, "notes/_versions.html", context={"note": kept.row, "versions": rows})


@router.get("/drafts/{note}/record", name="notes_record")
async def record(request: Request, desk: AtDesk, note: uuid.UUID) -> Response:
    """What the EMR has of this note now."""
    kept = await service.show(desk, note)
    return render(request, "notes/_record.html", context={"found": await read_back(desk, kept)})
