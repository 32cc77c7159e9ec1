"""What one step does to an interview, in the caller's unit of work: say, hear, go on to the next question, conclude.

Rules hear every word before the step is committed; a danger that they find ends the interview.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.clinical.levels import Level
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage import conversation, departments
from hospital_hub.triage.assessing import reassess
from hospital_hub.triage.conversation import NOTHING_SAID, NewTurn, Talk
from hospital_hub.triage.interview import plan
from hospital_hub.triage.question_tree import load_tree
from hospital_hub.triage.refiling import refile
from hospital_hub.triage.summary import summarise
from hospital_hub.triage.tables import (
    AnswerOutcome,
    AnswerState,
    Interview,
    Speaker,
    TriageCase,
    place_of_acuity,
    place_of_summary,
    subject_of,
)


@dataclass(frozen=True)
class KeptBack:
    """Why the tree's question is asked in place of a model's."""

    outcome: AnswerOutcome | None = None
    rule: str = ""
    prompt_version: str = ""
    model_call: uuid.UUID | None = None


NO_MODEL: Final = KeptBack()


@dataclass
class Step:
    """What a step works on; `talk` grows with what it says."""

    session: AsyncSession
    resources: Resources
    who: Principal
    case: TriageCase
    talk: Talk = NOTHING_SAID

    async def say(self, new: NewTurn) -> None:
        self.talk = await conversation.add(self.session, self.resources, self.talk, case=self.case, new=new)

    def record(self, deed: Deed) -> None:
        entity = subject_of(self.case.id)
        event = record(self.session, self.who, deed=deed, entity=entity, subject=self.resources.vault.blind(entity))
        event.detail = {
            "rules": self.case.rules_version,
            "flags": sorted({flag["rule"] for flag in self.case.flags}),
            "interview": self.case.interview.value,
        }


async def hear(step: Step) -> bool:
    """Let the rules read all that was said; whether they found a danger that was not known before."""
    case = step.case
    known, before = {flag["rule"] for flag in case.flags}, case.automatic_level
    await reassess(step.session, step.resources, case=case, heard=step.talk.heard)
    if any(flag["rule"] not in known for flag in case.flags):
        case.acknowledged_at = None  # it sounds, though a nurse had acknowledged another one
        return True
    return case.automatic_level == Level.I and before != Level.I


async def go_on(step: Step) -> None:
    """The tree's question at once where no model is to be asked; else the case waits for a stream that asks one."""
    case, planned = step.case, plan(step.talk.history, load_tree())
    case.interview = Interview.ASKING
    if planned.question is not None and case.with_ai and not planned.due and not step.talk.model_is_away:
        case.answer_state = AnswerState.WAITING
        return
    await ask_of_tree(step)


async def ask_of_tree(step: Step, *, instead_of: KeptBack = NO_MODEL) -> None:
    """The next question of the tree, or the end where nothing is left to ask."""
    tree, history = load_tree(), step.talk.history
    question = plan(history, tree).question
    if question is None:
        await conclude(step, ended=Interview.DONE)
        return
    settle(step.case)
    new = NewTurn(
        Speaker.HOSPITAL,
        question.text[history.language],
        tree.form(question, history.language),
        instead_of.outcome,
        instead_of.rule,
        instead_of.prompt_version,
        instead_of.model_call,
    )
    await step.say(new)


def settle(case: TriageCase) -> None:
    """No model is waited for."""
    case.answer_state = AnswerState.DONE if case.with_ai else AnswerState.NONE


async def conclude(step: Step, *, ended: Interview, suggested: str = "") -> None:
    """The interview is over, or never began: keep what it found for the nurse. `suggested` is a model's department."""
    session, vault, case, history = step.session, step.resources.vault, step.case, step.talk.history
    case.interview = ended
    if ended is not Interview.NONE:
        settle(case)
    department = departments.suggest(await _acuity(step), about=departments.about(history), by_model=suggested)
    case.department = department.id
    text = json.dumps(summarise(history, load_tree(), department=department), ensure_ascii=False)
    subject, place = subject_of(case.id), place_of_summary(case.id)
    case.summary = await vault.seal(session, subject=subject, place=place, text=text)
    await refile(session, case)


async def _acuity(step: Step) -> dict[str, object]:
    case = step.case
    if case.acuity is None:
        return {}
    subject, place = subject_of(case.id), place_of_acuity(case.id)
    text = await step.resources.vault.open(step.session, subject=subject, place=place, sealed=case.acuity)
    found = json.loads(text)
    return found if isinstance(found, dict) else {}
