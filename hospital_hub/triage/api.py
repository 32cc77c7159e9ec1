"""Triage for programs: one complaint in, what the rules found out. The first question is a stream of its own."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from hospital_hub.identity.guard import KIOSK_COOKIE, Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import service
from hospital_hub.triage.service import Complaint, Told
from hospital_hub.triage.tables import AnswerState
from hospital_hub.web.languages import Language

router = APIRouter(prefix="/api/triage", tags=["triage"])
AtKiosk = Annotated[Principal, Depends(Guard(Action.TRIAGE_TELL, cookie=KIOSK_COOKIE))]


class CaseIn(BaseModel):
    """`language` stands where the words do not tell."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str
    with_ai: bool = True
    language: Language = "zh-CN"


class RedFlag(BaseModel):
    """`start` and `end` count characters of the text as it was sent, without blanks around it."""

    rule: str
    level: str
    title: str
    start: int
    end: int


class CaseOut(BaseModel):
    """`level` is what the rules demand at least; null is "not enough information: a nurse decides", never IV."""

    id: uuid.UUID
    number: str
    language: Language
    level: str | None
    red_flags: list[RedFlag]
    events: str | None
    notice: str


@router.post("/cases", status_code=201)
async def tell(request: Request, body: CaseIn, who: AtKiosk) -> CaseOut:
    complaint = Complaint(body.text, with_ai=body.with_ai, page_language=body.language)
    resources = resources_of(request)
    told = await service.tell(resources, who, complaint=complaint, now=utc_now())
    asks = told.answer_state is not AnswerState.NONE  # a model's question is waited for
    return CaseOut(
        id=told.id,
        number=told.number,
        language=told.language,
        level=told.level.name if told.level else None,
        red_flags=[_red_flag(told, flag) for flag in told.flags],
        events=str(request.app.url_path_for("kiosk_events", case_id=str(told.id))) if asks else None,
        notice=resources.registry.notice,
    )


def _red_flag(told: Told, flag: dict[str, Any]) -> RedFlag:
    title = next(rule.title[told.language] for rule in told.rules if rule.id == flag["rule"])
    level = next(rule.level.name for rule in told.rules if rule.id == flag["rule"])
    return RedFlag(rule=flag["rule"], level=level, title=title, start=flag["start"], end=flag["end"])
