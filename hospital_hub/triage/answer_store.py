"""An answer's row: claimed by one stream, written once, read again by whoever comes later. One transaction each."""

import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, text, update
from sqlmodel import col, or_, select

from hospital_hub.audit.events import Deed, record
from hospital_hub.clinical.text import Language
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_id
from hospital_hub.triage.live import announce
from hospital_hub.triage.outcomes import keep_check, keep_override
from hospital_hub.triage.reply import Reply
from hospital_hub.triage.tables import (
    AnswerOutcome,
    AnswerState,
    Speaker,
    TriageCase,
    TriageTurn,
    language_of_case,
    place_of_turn,
    subject_of,
)

COMPLAINT: Final = 0  # ordinals of the turns of a case
REPLY: Final = 1
STALE_SECONDS: Final = 120  # an answer that is away longer may be asked for again


@dataclass(frozen=True)
class Claimed:
    """A case whose answer is this stream's to get; `flags` are the ids of the rules that fired."""

    id: uuid.UUID
    words: str
    language: Language
    flags: tuple[str, ...]


async def claim(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> Claimed | None:
    """The case and its words, or None when another stream has it or it was answered. By the database's clock."""
    stale = func.now() - text(f"interval '{STALE_SECONDS} seconds'")
    free = or_(
        col(TriageCase.answer_state) == AnswerState.WAITING,
        (col(TriageCase.answer_state) == AnswerState.ASKING) & (col(TriageCase.asked_at) < stale),
    )
    taking = (
        update(TriageCase)
        .where(col(TriageCase.id) == case_id, free)
        .values(answer_state=AnswerState.ASKING, asked_at=func.now())
        .returning(col(TriageCase.id))
    )
    async with resources.database.work() as session:
        if (await session.exec(taking)).first() is None:
            return None
        case = await session.get_one(TriageCase, case_id)
        found = await session.exec(
            select(TriageTurn).where(TriageTurn.case_id == case_id, TriageTurn.ordinal == COMPLAINT)
        )
        turn, subject = found.one(), subject_of(case_id)
        words = await resources.vault.open(session, subject=subject, place=place_of_turn(turn.id), sealed=turn.text)
        record(session, who, deed=Deed.READ, entity=subject, subject=resources.vault.blind(subject))
        return Claimed(case_id, words, language_of_case(case), tuple(dict.fromkeys(f["rule"] for f in case.flags)))


async def store(resources: Resources, who: Principal, *, case_id: uuid.UUID, reply: Reply) -> None:
    """Keep the reply; of two, the first. The board hears of it on commit."""
    subject = subject_of(case_id)
    turn = TriageTurn(
        id=new_id(int(utc_now().timestamp() * 1000)),
        case_id=case_id,
        ordinal=REPLY,
        speaker=Speaker.MODEL if reply.by_model else Speaker.HOSPITAL,
        text=b"",
        outcome=reply.outcome,
        rule=reply.rule,
        prompt_version=reply.prompt_version,
        model_call=reply.model_call,
    )
    async with resources.database.work() as session:
        case = await session.get_one(TriageCase, case_id, with_for_update=True)
        if case.answer_state is AnswerState.DONE:
            return
        turn.text = await resources.vault.seal(session, subject=subject, place=place_of_turn(turn.id), text=reply.text)
        session.add(turn)
        case.answer_state = AnswerState.DONE
        event = record(session, who, deed=Deed.UPDATE, entity=subject, subject=resources.vault.blind(subject))
        event.detail = {"outcome": reply.outcome.value, "rule": reply.rule}
        await keep_check(session, turn)
        await keep_override(session, case, call=turn.model_call)  # a nurse may have been faster than the model
        await announce(session)


async def stored(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> tuple[Reply | None, Language]:
    """What was kept for the case, if anything yet, and the patient's language."""
    async with resources.database.work() as session:
        case = await session.get_one(TriageCase, case_id)
        found = await session.exec(select(TriageTurn).where(TriageTurn.case_id == case_id, TriageTurn.ordinal == REPLY))
        turn, subject = found.first(), subject_of(case_id)
        if turn is None:
            return None, language_of_case(case)
        words = await resources.vault.open(session, subject=subject, place=place_of_turn(turn.id), sealed=turn.text)
        record(session, who, deed=Deed.READ, entity=subject, subject=resources.vault.blind(subject))
        outcome = turn.outcome or AnswerOutcome.ANSWERED
        return Reply(words, outcome, turn.rule, turn.model_call, turn.prompt_version), language_of_case(case)
