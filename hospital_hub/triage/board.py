"""What nurses see: the queue of cases, most urgent first.

Opening a person's words is an audit event in the same transaction; a board that stays open opens each case once.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.red_flags import Rule, load_rules
from hospital_hub.clinical.text import Language
from hospital_hub.identity import logins
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage import queue
from hospital_hub.triage.answer_store import COMPLAINT
from hospital_hub.triage.tables import TriageCase, TriageTurn, language_of_case, place_of_turn, subject_of

SHOWN_FOR: Final = timedelta(hours=24)
MOST_CASES: Final = 300
MOST_LEVELLED: Final = 30
SNIPPET: Final = 60


@dataclass(frozen=True)
class Row:
    """One case in the queue. `words` is the beginning of the complaint, empty once a nurse has levelled it."""

    case: TriageCase
    rules: tuple[Rule, ...]
    words: str
    waited: timedelta

    @property
    def standing(self) -> queue.Standing:
        return standing(self.case)

    @property
    def language(self) -> Language:
        return language_of_case(self.case)

    @property
    def minutes(self) -> int:
        return int(self.waited.total_seconds() // 60)

    @property
    def alarming(self) -> bool:
        """A red flag that nobody has acknowledged yet."""
        return bool(self.case.flags) and self.case.acknowledged_at is None and self.case.final_level is None

    @property
    def version(self) -> str:
        """Changes with whatever the page of the case shows."""
        return f"{self.case.steps}-{self.case.answer_state}-{int(self.case.called_at is not None)}"


@dataclass(frozen=True)
class Queue:
    waiting: tuple[Row, ...]
    levelled: tuple[Row, ...]


def standing(case: TriageCase) -> queue.Standing:
    return queue.Standing(
        automatic=None if case.automatic_level is None else Level(case.automatic_level),
        final=None if case.final_level is None else Level(case.final_level),
        created_at=case.created_at,
        called=case.called_at is not None,
    )


async def read_queue(
    resources: Resources, who: Principal, *, now: datetime, opened: dict[uuid.UUID, str] | None = None
) -> Queue:
    """The board. `opened` remembers words that this board has already been shown, and saw recorded."""
    known = {} if opened is None else opened
    async with resources.database.work() as session:
        found = await session.exec(
            select(TriageCase)
            .where(col(TriageCase.created_at) > now - SHOWN_FOR)
            .order_by(col(TriageCase.created_at).desc())
            .limit(MOST_CASES)
        )
        cases = sorted(found, key=lambda case: queue.place(standing(case)))
        for case in cases:
            if case.final_level is None and case.id not in known:
                known[case.id] = await open_complaint(session, resources, who=who, case=case, view="board")
    rows = [row(case, words=known.get(case.id, ""), now=now) for case in cases]
    waiting = tuple(one for one in rows if one.case.final_level is None)
    levelled = tuple(one for one in rows if one.case.final_level is not None)
    return Queue(waiting, levelled[:MOST_LEVELLED])


async def keep_open(resources: Resources, who: Principal, *, now: datetime) -> None:
    """An open board counts as use: a board on the wall must not fall silent because nobody touches it.

    Raises:
        NotLoggedIn: the log-in was ended.
    """
    async with resources.database.work() as session:
        login = await logins.living(session, who=who)
        login.seen_at = now


def row(case: TriageCase, *, words: str, now: datetime) -> Row:
    rules = load_rules().named(flag["rule"] for flag in case.flags)
    shown = words if len(words) <= SNIPPET else words[:SNIPPET].rstrip() + "…"
    return Row(case, rules, shown, max(now - case.created_at, timedelta()))


async def open_complaint(
    session: AsyncSession, resources: Resources, *, who: Principal, case: TriageCase, view: str
) -> str:
    """The complaint, with the event that says who read it; empty where only a nurse was called."""
    subject = subject_of(case.id)
    event = record(session, who, deed=Deed.READ, entity=subject, subject=resources.vault.blind(subject))
    event.detail = {"view": view}
    turn = await turn_of(session, case.id, ordinal=COMPLAINT)
    return "" if turn is None else await open_turn(session, resources, turn=turn)


async def turn_of(session: AsyncSession, case_id: uuid.UUID, *, ordinal: int) -> TriageTurn | None:
    found = await session.exec(select(TriageTurn).where(TriageTurn.case_id == case_id, TriageTurn.ordinal == ordinal))
    return found.first()


async def open_turn(session: AsyncSession, resources: Resources, *, turn: TriageTurn) -> str:
    """The caller records who reads it."""
    subject = subject_of(turn.case_id)
    return await resources.vault.open(session, subject=subject, place=place_of_turn(turn.id), sealed=turn.text)
