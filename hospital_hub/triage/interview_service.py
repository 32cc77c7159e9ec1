"""The interview at the kiosk: the open question, its answer, one step back, and the end. Each one unit of work.

The next question is asked of a model by whichever stream comes first, or stands at once where no model is wanted.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from hospital_hub.audit.events import Deed
from hospital_hub.errors import Refused
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage import conversation, service
from hospital_hub.triage.answering import Desk, speak
from hospital_hub.triage.asked import Exchange, Kind
from hospital_hub.triage.conversation import NewTurn
from hospital_hub.triage.interview import MOST
from hospital_hub.triage.interview_steps import Step, conclude, go_on, hear, settle
from hospital_hub.triage.interview_store import Claimed, Next, ask_now, claim, stored
from hospital_hub.triage.live import announce
from hospital_hub.triage.questioning import speak_for
from hospital_hub.triage.service import Told, told
from hospital_hub.triage.spoken import check_answer
from hospital_hub.triage.tables import AnswerOutcome, Interview, Speaker, TriageCase
from hospital_hub.web.languages import marked


@dataclass(frozen=True)
class Asked:
    """The open question. A text or number question may have options too: one-tap answers beside its field.

    The options of a yes/no question are what its buttons say; `number` counts from 1.
    """

    ordinal: int
    text: str
    kind: Kind
    options: tuple[str, ...]
    topic: str
    by_model: bool
    number: int
    most: int = MOST


@dataclass(frozen=True)
class Stage:
    """What goes on, as a marked text."""

    label: str


@dataclass(frozen=True)
class Ended:
    """No question comes any more."""

    interview: Interview


@dataclass(frozen=True)
class Standing:
    """How an interview stands. While it goes on without an open question, `next_question` gets one."""

    told: Told
    interview: Interview
    asked: Asked | None
    can_take_back: bool = False


async def standing(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> Standing:
    """The case, if this kiosk log-in may see it.

    Raises:
        NotFound: it may not, or there is none.
    """
    async with _step(resources, who, case_id=case_id, lock=False) as step:
        step.record(Deed.READ)
        return _standing(step)


async def answer(  # noqa: PLR0913 - who answers which question of which case, with what words
    resources: Resources,
    who: Principal,
    *,
    case_id: uuid.UUID,
    ordinal: int,
    words: str,
    now: datetime,  # noqa: ARG001
) -> Standing:
    """Look for danger, store the answer, and go on, in one transaction.

    Raises:
        Refused: the question is no longer open, there are no words, or a number is impossible.
    """
    said = service.checked(words)
    async with _step(resources, who, case_id=case_id) as step:
        asked = step.talk.history.open
        if step.case.interview is not Interview.ASKING or asked is None or asked.ordinal != ordinal:
            raise Refused(
                "This question was answered already.", "Go on with the question on the screen.", code="answered"
            )
        check_answer(asked.form, said)
        await step.say(NewTurn(Speaker.PATIENT, said))
        if await hear(step):
            await conclude(step, ended=Interview.CUT)
        else:
            await go_on(step)
        step.record(Deed.UPDATE)
        await announce(step.session)
        return _standing(step)


async def take_back(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> Standing:
    """Ask the question that was answered last once more. What the rules found in that answer stays.

    Raises:
        Refused: nothing was answered yet, or a nurse was called or reads it already.
    """
    async with _step(resources, who, case_id=case_id) as step:
        last = step.talk.history.answers[-1] if step.talk.history.answers else None
        if last is None or not _may_go_back(step.case):
            raise Refused("There is no answer to take back.", "Go on, or tell the nurse.", code="nothing_to_take_back")
        speaker = Speaker.MODEL if last.by_model else Speaker.HOSPITAL
        await step.say(NewTurn(speaker, last.text, replace(last.form, again=last.ordinal)))
        step.case.interview = Interview.ASKING
        settle(step.case)
        step.record(Deed.UPDATE)
        await announce(step.session)
        return _standing(step)


async def finish(resources: Resources, who: Principal, *, case_id: uuid.UUID, now: datetime) -> Standing:  # noqa: ARG001 - as the other steps
    """Enough: the nurse asks the rest."""
    async with _step(resources, who, case_id=case_id) as step:
        if step.case.interview is Interview.ASKING:
            await conclude(step, ended=Interview.CUT)
            step.record(Deed.UPDATE)
            await announce(step.session)
        return _standing(step)


async def next_question(desk: Desk, who: Principal, *, case_id: uuid.UUID) -> AsyncGenerator[Stage | Asked | Ended]:
    """Stages, then exactly one Asked or Ended, also when no model is there or another stream asks it already.

    Raises:
        NotFound: it is not this log-in's case.
    """
    first = await standing(desk.resources, who, case_id=case_id)
    if first.asked is not None or first.interview is not Interview.ASKING:
        yield first.asked or Ended(first.interview)
        return
    yield Stage(marked("Reading what you wrote"))
    claimed = await claim(desk.resources, who, case_id=case_id)
    if claimed is not None and not claimed.with_ai:
        yield _event(await ask_now(desk.resources, who, case_id=case_id))
        return
    yield Stage(marked("Thinking of the next question"))
    yield _event(
        await (_elsewhere(desk, who, case_id=case_id) if claimed is None else _asking(desk, who, claimed=claimed))
    )


async def _asking(desk: Desk, who: Principal, *, claimed: Claimed) -> Next:
    channel: asyncio.Queue[Next] = asyncio.Queue()
    speak(speak_for(desk, who, claimed=claimed, channel=channel))
    return await channel.get()


async def _elsewhere(desk: Desk, who: Principal, *, case_id: uuid.UUID) -> Next:
    """The question that another stream gets, looked for until it is there; the tree's own when it stays away."""
    now = asyncio.get_running_loop().time
    until = now() + desk.patience.other
    while True:
        found = await stored(desk.resources, who, case_id=case_id)
        if found.settled:
            return found
        if now() > until:
            return await ask_now(desk.resources, who, case_id=case_id, because=AnswerOutcome.SLOW)
        await asyncio.sleep(desk.patience.look)


def _event(found: Next) -> Asked | Ended:
    return Ended(found.interview) if found.asked is None else shown(found.asked, number=found.number)


def _may_go_back(case: TriageCase) -> bool:
    return case.final_level is None and case.interview is not Interview.NONE


@asynccontextmanager
async def _step(resources: Resources, who: Principal, *, case_id: uuid.UUID, lock: bool = True) -> AsyncIterator[Step]:
    async with resources.database.work() as session:
        case = await service.own(session, who, case_id=case_id, lock=lock)
        yield Step(session, resources, who, case, await conversation.read(session, resources, case=case))


def _standing(step: Step) -> Standing:
    case, talk = step.case, step.talk
    asked = talk.history.open if case.interview is Interview.ASKING else None
    return Standing(
        told(case),
        case.interview,
        None if asked is None else shown(asked, number=len(talk.history.exchanges)),
        can_take_back=bool(talk.history.answers) and _may_go_back(case),
    )


def shown(asked: Exchange, *, number: int) -> Asked:
    form = asked.form
    return Asked(asked.ordinal, asked.text, form.kind, form.options, form.topic, asked.by_model, number)
