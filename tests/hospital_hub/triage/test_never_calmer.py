"""Whatever is answered, taken back or suggested: the automatic level never becomes calmer, and no flag ever goes.

At most ten questions are asked. With the real database.
"""

import itertools
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hospital_hub.errors import Refused
from hospital_hub.identity.principal import Principal
from hospital_hub.triage import interview_service
from hospital_hub.triage.answering import Desk
from hospital_hub.triage.interview import MOST
from hospital_hub.triage.interview_service import Standing
from hospital_hub.triage.tables import Interview
from tests.fakes.vllm import FakeVllm, Mode
from tests.hospital_hub.triage.kiosks import QUICK, answers, heard, says, somebody, told

COMPLAINTS = ("膝盖疼", "咳嗽两天", "肚子疼", "难受", "孩子发烧", "胸口疼", "My back hurts", "I feel unwell")
WORDS = ("不是", "是", "没有", "5", "没什么大事，不用看了", "突然胸痛", "喘不上气", "it is nothing", "no", "yes", "3天")
STEPS = st.lists(st.sampled_from([*WORDS, "<back>", "<first>", "<last>"]), max_size=14)
UNKNOWN = 9
NEVER_CALM = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def desk(app: FastAPI) -> Desk:
    return Desk(app.state.resources, app.state.models, QUICK)


@dataclass
class Run:
    desk: Desk
    who: Principal
    standing: Standing

    async def step(self, word: str) -> None:
        case = self.standing.told
        if self.standing.interview is Interview.ASKING and self.standing.asked is None:
            await heard(self.desk, self.who, case)
            self.standing = await interview_service.standing(self.desk.resources, self.who, case_id=case.id)
        if word == "<back>":
            self.standing = await interview_service.take_back(self.desk.resources, self.who, case_id=case.id)
        elif self.standing.asked is not None:
            asked = self.standing.asked
            words = {"<first>": (*asked.options, "x")[0], "<last>": ("x", *asked.options)[-1]}.get(word, word)
            self.standing = await answers(self.desk, self.who, case, words, ordinal=asked.ordinal)


def urgency(standing: Standing) -> float:
    """What is not known yet may become anything."""
    return UNKNOWN if standing.told.level is None else standing.told.level


@NEVER_CALM
@given(
    complaint=st.sampled_from(COMPLAINTS),
    steps=STEPS,
    ai=st.booleans(),
    level=st.sampled_from((None, "I", "II", "III", "IV")),
    fails=st.booleans(),
)
async def test_no_sequence_of_answers_makes_a_case_calmer(
    desk: Desk, fake_vllm: FakeVllm, *, complaint: str, steps: list[str], ai: bool, level: str | None, fails: bool
) -> None:
    fake_vllm.reset()
    fake_vllm.mode = Mode.ERROR if fails else Mode.WELL
    says(fake_vllm, "还有哪里不舒服，发烧吗？", topic="danger", level=level)
    who = somebody()
    case = await told(desk, who, complaint, ai=ai)
    run = Run(desk, who, await interview_service.standing(desk.resources, who, case_id=case.id))
    seen = [run.standing]
    for word in steps:
        try:
            await run.step(word)
        except Refused:
            continue
        seen.append(run.standing)
    for before, after in itertools.pairwise(seen):
        assert urgency(after) <= urgency(before)
        assert {flag["rule"] for flag in before.told.flags} <= {flag["rule"] for flag in after.told.flags}
    numbers = [one.asked.number for one in seen if one.asked is not None]
    assert max(numbers, default=0) <= MOST
