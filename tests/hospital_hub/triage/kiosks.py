"""People at a kiosk, for tests: who they are, what they tell, and a model that is asked for questions."""

import json
import uuid
from typing import Any

from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import interview_service, service
from hospital_hub.triage.answering import Desk, Patience
from hospital_hub.triage.interview_service import Asked, Ended, Stage, Standing
from hospital_hub.triage.service import Complaint, Told
from tests.fakes.vllm import FakeVllm

QUICK = Patience(reply=1.0, rest=1.0, other=3.0, look=0.05)
CHEST = "胸口疼了半小时，出冷汗"
KNEE = "膝盖疼了一周"
UNKNOWN = "就是觉得怪怪的，说不清楚"


def somebody() -> Principal:
    """A new kiosk log-in, as the guard would give it."""
    login = uuid.uuid4()
    return Principal(id=f"kiosk|{login}", role=Role.KIOSK, display_name="Kiosk", session_id=login)


async def told(desk: Desk, who: Principal, words: str = KNEE, *, ai: bool = True) -> Told:
    complaint = Complaint(words, with_ai=ai, page_language="zh-CN")
    return await service.tell(desk.resources, who, complaint=complaint, now=utc_now())


async def heard(desk: Desk, who: Principal, case: Told) -> list[Stage | Asked | Ended]:
    return [event async for event in interview_service.next_question(desk, who, case_id=case.id)]


async def asked(desk: Desk, who: Principal, case: Told) -> Asked:
    last = (await heard(desk, who, case))[-1]
    assert isinstance(last, Asked), last
    return last


async def answers(desk: Desk, who: Principal, case: Told, words: str, *, ordinal: int | None = None) -> Standing:
    """Answer the open question, which is waited for."""
    at = (await asked(desk, who, case)).ordinal if ordinal is None else ordinal
    return await interview_service.answer(desk.resources, who, case_id=case.id, ordinal=at, words=words, now=utc_now())


def says(fake: FakeVllm, question: str = "", **other: Any) -> None:  # noqa: ANN401
    """What the model answers from now on."""
    values = {
        "topic": "onset",
        "kind": "text",
        "question": question,
        "options": [],
        "still_needed": [],
        "enough": False,
        **other,
    }
    text = json.dumps(values, ensure_ascii=False)
    half = len(text) // 2
    fake.tokens = [text[:half], text[half:]]
