"""The next question's row: claimed by one stream, written once, read by whoever comes later. One transaction each.

What was answered, taken back or ended in the meantime is left as it is: of two questions the first one stands.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, text, update
from sqlmodel import col, or_

from hospital_hub.audit.events import Deed
from hospital_hub.clinical.levels import Level
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage import conversation
from hospital_hub.triage.asked import Exchange, Form, History
from hospital_hub.triage.conversation import NewTurn
from hospital_hub.triage.interview import Plan, plan
from hospital_hub.triage.interview_steps import KeptBack, Step, ask_of_tree, conclude, hear, settle
from hospital_hub.triage.live import announce
from hospital_hub.triage.outcomes import keep_check, keep_override
from hospital_hub.triage.question_tree import load_tree
from hospital_hub.triage.tables import AnswerOutcome, AnswerState, Interview, Speaker, TriageCase

STALE_SECONDS: Final = 120  # a question that is away longer may be asked for again


@dataclass(frozen=True)
class Claimed:
    """A question that is this stream's to get. `ordinal` is the turn that it will be.

    Without `with_ai` no model may be asked: the consent was taken back in the meantime.
    """

    id: uuid.UUID
    ordinal: int
    history: History
    plan: Plan
    with_ai: bool


@dataclass(frozen=True)
class Proposal:
    """What came of asking the model: `form` with its `text`, the end, or neither; then the tree's question stands."""

    outcome: AnswerOutcome
    rule: str = ""
    text: str = ""
    form: Form | None = None
    enough: bool = False
    level: Level | None = None
    department: str = ""
    prompt_version: str = ""
    model_call: uuid.UUID | None = None


@dataclass(frozen=True)
class Next:
    """What stands now: the open question with its number, or the interview's end; neither while a model is asked."""

    interview: Interview
    asked: Exchange | None = None
    number: int = 0

    @property
    def settled(self) -> bool:
        return self.asked is not None or self.interview is not Interview.ASKING


async def claim(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> Claimed | None:
    """The conversation, or None when another stream has it or nothing is to be asked. By the database's clock."""
    stale = func.now() - text(f"interval '{STALE_SECONDS} seconds'")
    free = or_(
        col(TriageCase.answer_state) == AnswerState.WAITING,
        (col(TriageCase.answer_state) == AnswerState.ASKING) & (col(TriageCase.asked_at) < stale),
    )
    taking = (
        update(TriageCase)
        .where(col(TriageCase.id) == case_id, col(TriageCase.interview) == Interview.ASKING, free)
        .values(answer_state=AnswerState.ASKING, asked_at=func.now())
        .returning(col(TriageCase.id))
    )
    async with resources.database.work() as session:
        if (await session.exec(taking)).first() is None:
            return None
        case = await session.get_one(TriageCase, case_id)
        talk = await conversation.read(session, resources, case=case)
        Step(session, resources, who, case).record(Deed.READ)
        return Claimed(case_id, talk.next_ordinal, talk.history, plan(talk.history, load_tree()), case.with_ai)


async def store(resources: Resources, who: Principal, *, claimed: Claimed, proposal: Proposal) -> Next:
    """Keep the model's question, or the tree's in its place; the board hears of it on commit."""
    async with _locked(resources, who, case_id=claimed.id) as step:
        if not _overtaken(step, ordinal=claimed.ordinal):
            await _keep(step, proposal)
            await keep_check(step.session, proposal.outcome, rule=proposal.rule, call=proposal.model_call)
            # A nurse may have been faster than the model.
            await keep_override(step.session, step.case, call=proposal.model_call)
            step.record(Deed.UPDATE)
            await announce(step.session)
        return _next(step)


async def stored(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> Next:
    """What stands now."""
    async with resources.database.work() as session:
        case = await session.get_one(TriageCase, case_id)
        if case.interview is Interview.ASKING and case.answer_state in {AnswerState.WAITING, AnswerState.ASKING}:
            return Next(case.interview)
        Step(session, resources, who, case).record(Deed.READ)
        return _next(Step(session, resources, who, case, await conversation.read(session, resources, case=case)))


async def ask_now(
    resources: Resources, who: Principal, *, case_id: uuid.UUID, because: AnswerOutcome | None = None
) -> Next:
    """The tree's question, whatever a model may still say; `because` is kept with it."""
    async with _locked(resources, who, case_id=case_id) as step:
        if step.case.interview is Interview.ASKING and step.talk.history.open is None:
            await ask_of_tree(step, instead_of=KeptBack(because))
            step.record(Deed.UPDATE)
            await announce(step.session)
        return _next(step)


@asynccontextmanager
async def _locked(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> AsyncIterator[Step]:
    async with resources.database.work() as session:
        case = await session.get_one(TriageCase, case_id, with_for_update=True)
        yield Step(session, resources, who, case, await conversation.read(session, resources, case=case))


def _overtaken(step: Step, *, ordinal: int) -> bool:
    still_open = step.case.interview is Interview.ASKING and step.case.answer_state is AnswerState.ASKING
    return not still_open or step.talk.next_ordinal != ordinal


async def _keep(step: Step, proposal: Proposal) -> None:
    case = step.case
    if proposal.level is not None:
        await _suggest(step, proposal.level)
    if case.with_ai and proposal.enough:
        await conclude(step, ended=Interview.DONE, suggested=proposal.department)
    elif case.with_ai and proposal.form is not None:
        settle(case)
        await step.say(
            NewTurn(
                Speaker.MODEL,
                proposal.text,
                proposal.form,
                proposal.outcome,
                prompt_version=proposal.prompt_version,
                model_call=proposal.model_call,
            )
        )
    else:
        kept_back = KeptBack(proposal.outcome, proposal.rule, proposal.prompt_version, proposal.model_call)
        await ask_of_tree(step, instead_of=kept_back)


async def _suggest(step: Step, level: Level) -> None:
    """A model's level can only raise (assessing.reassess)."""
    case = step.case
    case.suggested_level = level if case.suggested_level is None else min(level, case.suggested_level)
    await hear(step)


def _next(step: Step) -> Next:
    history = step.talk.history
    asked = history.open if step.case.interview is Interview.ASKING else None
    return Next(step.case.interview, asked, len(history.exchanges))
