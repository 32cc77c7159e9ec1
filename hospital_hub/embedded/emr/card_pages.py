"""The hub's cards in a frame of their own beside a chart: what comes late or not at all leaves the chart as it is."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from hospital_hub.embedded.emr.accounts import DemoLogin
from hospital_hub.embedded.emr.cards import Card, with_outcome
from hospital_hub.embedded.emr.chart import current_stay
from hospital_hub.embedded.emr.hub_hooks import Decision, Hook, Language
from hospital_hub.embedded.emr.log_in import Doctor
from hospital_hub.embedded.emr.pages import launch_url, same_origin, templates
from hospital_hub.embedded.emr.parts import Emr, EmrParts
from hospital_hub.embedded.emr.shown_cards import ShownCards
from hospital_hub.embedded.emr.tokens import Context

router = APIRouter(default_response_class=HTMLResponse)
LONGEST_COMMENT = 500
LAUNCH_PATH = "/notes/launch"
ACCEPTED, DISMISSED, UNHEARD = "accepted", "dismissed", "unheard"
Value = Annotated[str, Form(max_length=300)]
Comment = Annotated[str, Form(max_length=LONGEST_COMMENT)]


@router.get("/patients/{patient}/cards/{hook}")
async def cards(request: Request, emr: Emr, doctor: Doctor, *, patient: str, hook: Hook) -> Response:
    encounters = await emr.store.search("Encounter", [("patient", f"Patient/{patient}")])
    context = Context(doctor.practitioner, patient, current_stay(encounters).id)
    found = await emr.hooks.call(hook, context, language=language_of(request))
    shown = ShownCards(context, hook, found or ())
    key = emr.shown.put(shown, now=emr.config.now())
    return _frame(request, shown=shown, key=key, away=found is None)


@router.post("/cards/{key}/{uuid}")
async def decide(
    request: Request,
    emr: Emr,
    doctor: Doctor,
    *,
    key: str,
    uuid: str,
    suggestion: Value = "",
    reason: Value = "",
    comment: Comment = "",
) -> Response:
    """`suggestion` is taken; without one the card is dismissed. The card is done with, whatever the hub answers."""
    same_origin(request, emr)
    shown, card = _found(emr, doctor, key=key, uuid=uuid)
    if suggestion and suggestion not in {one.code for one in card.suggestions}:
        raise HTTPException(404)
    system = next((one.system for one in card.reasons if one.code == reason), None)
    if reason and system is None:
        raise HTTPException(404)
    decision = Decision(uuid, suggestion, reason, system or "", comment.strip())
    heard = await emr.hooks.tell(shown.hook, decision)
    done = (ACCEPTED if suggestion else DISMISSED) if heard else UNHEARD
    shown = ShownCards(shown.context, shown.hook, with_outcome(shown.cards, uuid, done=done))
    emr.shown.replace(key, shown)
    return _frame(request, shown=shown, key=key, away=False)


@router.get("/cards/{key}/{uuid}/app/{number}")
async def follow(emr: Emr, doctor: Doctor, *, key: str, uuid: str, number: int) -> Response:
    """Launch the app that a card links to, with the context that the card gave it; only an app that is registered."""
    shown, card = _found(emr, doctor, key=key, uuid=uuid)
    link = card.links[number] if 0 <= number < len(card.links) else None
    if link is None or link.url != emr.config.hub + LAUNCH_PATH:
        raise HTTPException(404)
    return RedirectResponse(launch_url(emr, shown.context, app_context=link.context), status_code=303)


def language_of(request: Request) -> Language:
    """The browser's first language: Chinese unless that is English."""
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh-CN"


def _found(emr: EmrParts, doctor: DemoLogin, *, key: str, uuid: str) -> tuple[ShownCards, Card]:
    shown = emr.shown.look(key, now=emr.config.now())
    card = next((one for one in shown.cards if one.uuid == uuid), None) if shown else None
    if shown is None or card is None or shown.context.practitioner != doctor.practitioner:
        raise HTTPException(404)
    return shown, card


def _frame(request: Request, *, shown: ShownCards, key: str, away: bool) -> Response:
    context = {"shown": shown, "key": key, "away": away}
    return templates.TemplateResponse(request, "cards.html", context)
