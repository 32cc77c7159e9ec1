"""The side panel's pages: parse, call, return."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from sse_starlette.sse import EventSourceResponse
from starlette.responses import RedirectResponse, Response

from hospital_hub.notes import launch_pages, service, tool_pages, views
from hospital_hub.notes.at_desk import AtDesk, AtSigningDesk
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.forms import AskForm, OfLaunch, RestoreForm, SettleForm, SignForm, TextForm
from hospital_hub.notes.kinds import Kind, kind_named, kinds
from hospital_hub.notes.stream import events, gap
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.page_streams import as_sse
from hospital_hub.web.templates import render

router = APIRouter(include_in_schema=False)
panel_router = APIRouter(prefix="/notes")


@panel_router.get("/panel", name="notes_panel")
async def panel(
    request: Request,
    desk: AtDesk,
    *,
    draft: uuid.UUID | None = None,
    document: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """A card's link leads to a draft, if it is this clinician's for this patient; or it names a kind of document."""
    notes = await service.notes_of(desk)
    if draft in {note.id for note in notes}:
        return RedirectResponse(str(request.app.url_path_for("notes_draft", note=draft)), HTTPStatus.SEE_OTHER)
    known = _kinds(desk)
    shown = {"notes": notes, "kinds": known, "asked_for": known.get(document), "gone": draft is not None}
    patient = await service.patient(desk)
    return render(request, "notes/panel.html", context={**_frame(desk, patient), **shown})


@panel_router.get("/chart", name="notes_chart")
async def chart(request: Request, desk: AtDesk) -> Response:
    summary = await service.chart_summary(desk, now=utc_now())
    return render(request, "notes/_chart.html", context={"summary": summary})


@panel_router.post("/drafts", name="notes_ask")
async def ask_for_draft(request: Request, desk: AtDesk, form: Annotated[AskForm, Form()]) -> Response:
    desk.require_login(form.login)
    kind_named(form.kind, folder=desk.resources.settings.note_kinds_folder)
    identifier = await service.ask_for_draft(desk, now=utc_now(), wish=form.wish)
    return render(request, "notes/_stream.html", context={"identifier": identifier})


@panel_router.get("/drafts/{note}/events", name="notes_events")
async def draft_events(request: Request, desk: AtDesk, note: uuid.UUID) -> EventSourceResponse:
    stream = as_sse(
        request,
        f"note/{desk.login}/{note}",
        make=lambda: events(request, desk, identifier=note),
        gap=lambda: gap(request),
    )
    return EventSourceResponse(stream, sep="\n")


@panel_router.get("/drafts/{note}", name="notes_draft")
async def draft(request: Request, desk: AtDesk, note: uuid.UUID) -> Response:
    kept = await service.show(desk, note)
    patient = await service.patient(desk)
    return render(request, "notes/draft.html", context={**_frame(desk, patient), **views.note(kept)})


@panel_router.get("/drafts/{note}/editor", name="notes_editor")
async def editor(request: Request, desk: AtDesk, note: uuid.UUID) -> Response:
    return _fragment(request, "notes/_note.html", desk=desk, context=views.note(await service.show(desk, note)))


@panel_router.post("/drafts/{note}/text", name="notes_edit")
async def edit(request: Request, desk: AtDesk, note: uuid.UUID, form: Annotated[TextForm, Form()]) -> Response:
    desk.require_login(form.login)
    kept = await service.edit(desk, note, text=form.text, basis=form.basis)
    return _fragment(request, "notes/_saved.html", desk=desk, context=views.note(kept))


@panel_router.post("/drafts/{note}/sentence", name="notes_settle")
async def settle(request: Request, desk: AtDesk, note: uuid.UUID, form: Annotated[SettleForm, Form()]) -> Response:
    desk.require_login(form.login)
    kept = await service.settle(desk, note, sentence=form.sentence, settled=form.settled)
    return _fragment(request, "notes/_settled.html", desk=desk, context=views.note(kept))


@panel_router.post("/drafts/{note}/restore", name="notes_restore")
async def restore(request: Request, desk: AtDesk, note: uuid.UUID, form: Annotated[RestoreForm, Form()]) -> Response:
    desk.require_login(form.login)
    kept = await service.restore(desk, note, origin=form.origin, basis=form.basis)
    return _fragment(request, "notes/_note.html", desk=desk, context=views.note(kept))


@panel_router.post("/drafts/{note}/review", name="notes_review")
async def review(request: Request, desk: AtDesk, note: uuid.UUID, form: Annotated[TextForm, Form()]) -> Response:
    """Saves what is on the screen and shows exactly what would be signed."""
    desk.require_login(form.login)
    kept = await service.edit(desk, note, text=form.text, basis=form.basis)
    return _fragment(request, "notes/_review.html", desk=desk, context=views.signing(kept))


@panel_router.post("/drafts/{note}/sign", name="notes_sign")
async def sign(request: Request, desk: AtSigningDesk, note: uuid.UUID, form: Annotated[SignForm, Form()]) -> Response:
    desk.require_login(form.login)
    approval = service.Approval(form.text_sha256, form.confirmed)
    kept = await service.sign(desk, note, approval=approval, now=utc_now())
    return _fragment(request, "notes/_note.html", desk=desk, context=views.note(kept))


@panel_router.post("/drafts/{note}/retry", name="notes_retry")
async def retry(request: Request, desk: AtSigningDesk, note: uuid.UUID, form: Annotated[OfLaunch, Form()]) -> Response:
    desk.require_login(form.login)
    return _fragment(request, "notes/_note.html", desk=desk, context=views.note(await service.retry(desk, note)))


@panel_router.get("/drafts/{note}/status", name="notes_status")
async def status(request: Request, desk: AtDesk, note: uuid.UUID) -> Response:
    return _fragment(request, "notes/_status.html", desk=desk, context=views.note(await service.show(desk, note)))


def _kinds(desk: Desk) -> Mapping[str, Kind]:
    return kinds(desk.resources.settings.note_kinds_folder)


def _frame(desk: Desk, patient: dict[str, object]) -> dict[str, object]:
    shown = views.banner(patient, today=utc_now().date()) if desk.context.need_patient_banner else None
    return {"login": desk.login, "banner": shown}


def _fragment(request: Request, name: str, *, desk: Desk, context: Mapping[str, object]) -> Response:
    return render(request, name, context={**context, "login": desk.login})


router.include_router(launch_pages.router)
router.include_router(panel_router)
router.include_router(tool_pages.router)
