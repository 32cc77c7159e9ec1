"""Pages beside the draft: a question to the chart, and the check of a typed note. Parse, call, return."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from hospital_hub.notes import service, views
from hospital_hub.notes.asking import ask_chart
from hospital_hub.notes.at_desk import AtDesk
from hospital_hub.notes.forms import QuestionForm, TypedForm
from hospital_hub.notes.kinds import kind_named
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.templates import render

router = APIRouter(prefix="/notes")


@router.post("/questions", name="notes_question")
async def question(request: Request, desk: AtDesk, form: Annotated[QuestionForm, Form()]) -> Response:
    desk.require_login(form.login)
    reply = await ask_chart(desk, form.question, today=utc_now().date())
    return render(request, "notes/_reply.html", context=views.reply(reply))


@router.post("/proofreading", name="notes_proofread")
async def proofread(request: Request, desk: AtDesk, form: Annotated[TypedForm, Form()]) -> Response:
    desk.require_login(form.login)
    kind = kind_named(form.kind, folder=desk.resources.settings.note_kinds_folder)
    language, checker, proof = await service.proofread_typed(desk, form.typed, kind=kind, now=utc_now())
    return render(request, "notes/_proof.html", context=views.proof(proof, checker=checker, language=language))
