"""The turns of a case as one conversation: read whole, added to, never changed. The caller's unit of work.

What was taken back stays in the record: its question is asked again by a later turn, which says so.
"""

import uuid
from dataclasses import dataclass, replace
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_id
from hospital_hub.triage.asked import Exchange, Form, History
from hospital_hub.triage.assessing import Heard
from hospital_hub.triage.question_tree import load_tree
from hospital_hub.triage.spoken import spoken
from hospital_hub.triage.tables import (
    AnswerOutcome,
    Speaker,
    TriageCase,
    TriageTurn,
    language_of_case,
    place_of_question,
    place_of_turn,
    subject_of,
)


@dataclass(frozen=True)
class Said:
    """One turn with its words opened."""

    turn: TriageTurn
    text: str
    form: Form | None = None


@dataclass(frozen=True)
class Talk:
    """All turns in their order."""

    turns: tuple[Said, ...]
    history: History

    @property
    def next_ordinal(self) -> int:
        return self.turns[-1].turn.ordinal + 1 if self.turns else 0

    @property
    def heard(self) -> list[Heard]:
        """What the rules read, turn by turn; also of answers that were taken back, since somebody said them."""
        forms = {said.turn.ordinal + 1: said.form for said in self.turns if said.form is not None}
        language, tree = self.history.language, load_tree()
        read = (
            (said.turn.ordinal, said.text, forms.get(said.turn.ordinal))
            for said in self.turns
            if said.turn.speaker is Speaker.PATIENT
        )
        told = ((at, spoken(form, text, language=language, tree=tree) if form else text) for at, text, form in read)
        return [Heard(at, text) for at, text in told if text]

    @property
    def model_is_away(self) -> bool:
        """Whether a question of this conversation came too late from the model, or broke off."""
        return any(said.turn.outcome in {AnswerOutcome.SLOW, AnswerOutcome.BROKEN} for said in self.turns)


NOTHING_SAID: Final = Talk((), History("", "zh-CN"))


@dataclass(frozen=True)
class NewTurn:
    """What is to be added."""

    speaker: Speaker
    text: str
    form: Form | None = None
    outcome: AnswerOutcome | None = None
    rule: str = ""
    prompt_version: str = ""
    model_call: uuid.UUID | None = None


async def read(session: AsyncSession, resources: Resources, *, case: TriageCase) -> Talk:
    """The caller records who reads it."""
    found = await session.exec(
        select(TriageTurn).where(TriageTurn.case_id == case.id).order_by(col(TriageTurn.ordinal))
    )
    turns = tuple([await _opened(session, resources, turn=turn) for turn in found.all()])
    return Talk(turns, history_of(turns, case))


async def heard_in(session: AsyncSession, resources: Resources, *, case: TriageCase) -> list[Heard]:
    """All that rules read of a case, for `assessing.reassess`; the caller records who reads it."""
    return (await read(session, resources, case=case)).heard


async def add(  # noqa: PLR0917 - where, with what, to what
    session: AsyncSession, resources: Resources, talk: Talk, *, case: TriageCase, new: NewTurn
) -> Talk:
    """The conversation with one more turn."""
    turn = TriageTurn(
        id=new_id(int(utc_now().timestamp() * 1000)),
        case_id=case.id,
        ordinal=talk.next_ordinal,
        speaker=new.speaker,
        text=b"",
        outcome=new.outcome,
        rule=new.rule,
        prompt_version=new.prompt_version,
        model_call=new.model_call,
    )
    vault, subject = resources.vault, subject_of(case.id)
    turn.text = await vault.seal(session, subject=subject, place=place_of_turn(turn.id), text=new.text)
    if new.form is not None:
        place = place_of_question(turn.id)
        turn.asked = await vault.seal(session, subject=subject, place=place, text=new.form.as_json())
    session.add(turn)
    turns = (*talk.turns, Said(turn, new.text, new.form))
    return Talk(turns, history_of(turns, case))


def history_of(turns: tuple[Said, ...], case: TriageCase) -> History:
    """Questions with their answers; a question that is asked again takes the place of all since it was first asked."""
    complaint = turns[0].text if turns and turns[0].turn.speaker is Speaker.PATIENT else ""
    exchanges: list[Exchange] = []
    for said in turns[1:]:
        if said.form is not None:
            again = said.form.again
            exchanges = [one for one in exchanges if again is None or one.ordinal < again]
            by_model = said.turn.speaker is Speaker.MODEL
            exchanges.append(Exchange(said.turn.ordinal, said.text, said.form, by_model=by_model))
        elif said.turn.speaker is Speaker.PATIENT and exchanges:
            exchanges[-1] = replace(exchanges[-1], answer=said.text)
    return History(complaint, language_of_case(case), tuple(exchanges))


async def _opened(session: AsyncSession, resources: Resources, *, turn: TriageTurn) -> Said:
    vault, subject = resources.vault, subject_of(turn.case_id)
    text = await vault.open(session, subject=subject, place=place_of_turn(turn.id), sealed=turn.text)
    if turn.asked is None:
        return Said(turn, text)
    form = await vault.open(session, subject=subject, place=place_of_question(turn.id), sealed=turn.asked)
    return Said(turn, text, Form.from_json(form))
