"""The ticket: a number, where to wait, and a code to go on with later. Paper never carries anything about health.

A code is shown once it is made and kept in the browser while the person is there, since the hub keeps its hash alone.
"""

import unicodedata
import uuid
from http import HTTPStatus
from typing import Annotated, Final

import segno
from fastapi import APIRouter, Form, Request
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict
from starlette.responses import RedirectResponse, Response

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language
from hospital_hub.errors import HubError, NotFound
from hospital_hub.identity import cookies
from hospital_hub.identity.guard import KIOSK_COOKIE
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import consent, interview_service, kiosk_frame, kiosk_login, tickets
from hospital_hub.triage.kiosk_frame import AtKiosk, page
from hospital_hub.triage.service import Told
from hospital_hub.triage.tables import Interview
from hospital_hub.triage.watching import watched
from hospital_hub.triage.zones import Zones, load_zones
from hospital_hub.web.languages import language_of

router = APIRouter(include_in_schema=False)
GROUP: Final = 4  # characters of a code that are read at once
LONGEST_CODE: Final = 200
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})  # a code has none of them (triage/tickets.py)


class CodeForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = ""


@router.get("/kiosk/cases/{case_id}/ticket", name="kiosk_ticket")
async def ticket(request: Request, who: AtKiosk, case_id: uuid.UUID) -> Response:
    """Makes the ticket when it is first looked at; looked at again, it is the same one."""
    resources, now = resources_of(request), utc_now()
    standing = await interview_service.standing(resources, who, case_id=case_id)
    token = _kept(request, case_id)
    if token is None:
        token = await tickets.issue(resources, who, case_id=case_id, now=now)
    context = {
        "told": standing.told,
        "urgent": urgent(standing.told),
        "can_take_back": standing.can_take_back and not urgent(standing.told),
        "goes_on": standing.interview is Interview.ASKING,
        "zone": zone(standing.told, load_zones(resources.settings.triage_zones_file), language=language_of(request)),
        "code": grouped(token),
        "qr": qr(token),
        "with_ai": await consent.given(resources, case_id=case_id),
        "at": now,
        "watched": await watched(resources, now=now),
    }
    answer = page(request, "triage/ticket.html", context=context)
    _keep(answer, request, case_id=case_id, token=token)
    return answer


@router.get("/kiosk/resume", name="kiosk_resume")
async def resume_page(request: Request, _who: AtKiosk) -> Response:
    return page(request, "triage/resume.html", context={"wrong": None, "code": ""})


@router.post("/kiosk/resume", name="kiosk_resume_by_code")
async def resume(request: Request, who: AtKiosk, form: Annotated[CodeForm, Form()]) -> Response:
    """Goes on where the person stopped, with a log-in of her own."""
    resources, token = resources_of(request), plain(form.code)
    try:
        cookie, case_id = await tickets.resume(resources, token=token, now=utc_now())
    except NotFound as wrong:
        return _again(request, form.code, wrong=wrong)
    await kiosk_login.leave(resources, who, now=utc_now())
    answer = RedirectResponse(request.app.url_path_for("kiosk_case", case_id=str(case_id)), HTTPStatus.SEE_OTHER)
    cookies.keep(answer, cookie, settings=resources.settings, cookie=KIOSK_COOKIE)
    _keep(answer, request, case_id=case_id, token=token)
    return answer


def urgent(told: Told) -> bool:
    """Whether a nurse comes to the person, and not the person to a nurse."""
    return bool(told.flags) or told.called or (told.level is not None and told.level <= Level.II)


def zone(told: Told, zones: Zones, *, language: Language) -> str:
    """Where to wait. Who is not known to be well enough stays where nurses see her."""
    return zones.name(None if urgent(told) else told.level, language)


def qr(token: str) -> Markup:
    """The code alone, as a picture for the kiosk's scanner: no address, so that it says nothing to anybody else."""
    made = segno.make(token, error="m", micro=False)
    return Markup(made.svg_inline(omitsize=True, border=4, svgclass="qr", lineclass=None, dark="#000", light="#fff"))  # noqa: S704 - drawn by segno from the matrix; holds no text


def grouped(token: str) -> str:
    return "-".join(token[at : at + GROUP] for at in range(0, len(token), GROUP))


def plain(code: str) -> str:
    """As it was made: without blanks and dashes, wide letters of a Chinese keyboard, and signs that look alike."""
    signs = unicodedata.normalize("NFKC", code).upper().translate(_MISREAD)
    return "".join(sign for sign in signs if sign.isalnum())[:LONGEST_CODE]


def _again(request: Request, code: str, *, wrong: HubError) -> Response:
    return page(
        request, "triage/resume.html", context={"wrong": wrong, "code": code[:LONGEST_CODE]}, status=wrong.status
    )


def _kept(request: Request, case_id: uuid.UUID) -> str | None:
    """The code of this case, if the browser has it."""
    owner, _, token = request.cookies.get(kiosk_frame.TICKET_COOKIE, "").partition(".")
    return token if owner == case_id.hex and token else None


def _keep(answer: Response, request: Request, *, case_id: uuid.UUID, token: str) -> None:
    settings = resources_of(request).settings
    kiosk_frame.keep(answer, name=kiosk_frame.TICKET_COOKIE, value=f"{case_id.hex}.{token}", settings=settings)
