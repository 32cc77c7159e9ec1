"""What nurses see: the queue of cases, most urgent first.

Nothing takes a case off it but a nurse's step: not time, not an idle kiosk. Opening a person's words is an audit
event in the same transaction; a board that stays open opens each case once.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.clinical.red_flags import load_rules
from hospital_hub.identity import logins
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage import queue, watching
from hospital_hub.triage.rows import Queue, Row, standing
from hospital_hub.triage.tables import Step, TriageCase, TriageDecision, TriageTurn, place_of_turn, subject_of

SHOWN_FOR: Final = timedelta(hours=24)  # once a nurse has set a level or taken it off
MOST_WAITING: Final = 300
MOST_LEVELLED: Final = 100
MOST_CLOSED: Final = 30
SNIPPET: Final = 120
LONGEST_WORD: Final = 20
COMPLAINT: Final = 0  # ordinal of its turn


async def read_queue(
    resources: Resources, who: Principal, *, now: datetime, opened: dict[uuid.UUID, str] | None = None
) -> Queue:
    """The board. `opened` remembers words that this board has already been shown, and saw recorded."""
    known = {} if opened is None else opened
    async with resources.database.work() as session:
        cases = await _cases(session, now=now)
        facts = await Facts.read(session, cases)
        rows = [facts.row(case, words="", now=now) for case in cases]
        for row in rows:
            if row.case.final_level is None and not row.closed and row.case.id not in known:
                known[row.case.id] = await open_complaint(session, resources, who=who, case=row.case, view="board")
    shown = [facts.row(case, words=known.get(case.id, ""), now=now) for case in cases]
    return _sorted(shown)


async def keep_open(resources: Resources, who: Principal, *, now: datetime) -> None:
    """An open board counts as use: a board on the wall must not fall silent because nobody touches it.

    Raises:
        NotLoggedIn: the log-in was ended.
    """
    async with resources.database.work() as session:
        login = await logins.living(session, who=who)
        login.seen_at = now
        await watching.beat(session, login.id, now=now)


@dataclass(frozen=True)
class Facts:
    """What the rows of some cases need beside the cases: how much was said, when flags came, what was taken off."""

    turns: dict[uuid.UUID, int]
    flagged: dict[tuple[uuid.UUID, int], datetime]
    closed: dict[uuid.UUID, datetime]

    @classmethod
    async def read(cls, session: AsyncSession, cases: Sequence[TriageCase]) -> "Facts":
        ids = [case.id for case in cases]
        alarming = [case.id for case in cases if case.flags and case.acknowledged_at is None]
        counted = await session.exec(
            select(TriageTurn.case_id, func.count())
            .where(col(TriageTurn.case_id).in_(ids))
            .group_by(col(TriageTurn.case_id))
        )
        said = await session.exec(
            select(TriageTurn.case_id, TriageTurn.ordinal, TriageTurn.at).where(col(TriageTurn.case_id).in_(alarming))
        )
        closed = await session.exec(
            select(TriageDecision.case_id, TriageDecision.at)
            .join(TriageCase, col(TriageCase.id) == col(TriageDecision.case_id))
            .where(col(TriageDecision.case_id).in_(ids), _closing())
        )
        flagged = {(case_id, ordinal): at for case_id, ordinal, at in said}
        return cls(dict(counted.all()), flagged, dict(closed.all()))

    def row(self, case: TriageCase, *, words: str, now: datetime) -> Row:
        rules = load_rules().named(flag["rule"] for flag in case.flags)
        told = [self.flagged.get((case.id, flag.get("turn", COMPLAINT))) for flag in case.flags]
        flagged_at = min((at for at in told if at is not None), default=None)
        return Row(case, rules, snippet(words), now, flagged_at, self.turns.get(case.id, 0), self.closed.get(case.id))


def snippet(words: str) -> str:
    """The beginning, cut between two words where they are written apart."""
    if len(words) <= SNIPPET:
        return words
    cut = words[:SNIPPET]
    apart = cut.rfind(" ", SNIPPET - LONGEST_WORD)
    return (cut[:apart] if apart > 0 else cut).rstrip() + "…"


async def open_complaint(
    session: AsyncSession, resources: Resources, *, who: Principal, case: TriageCase, view: str
) -> str:
    """The complaint, with the event that says who read it; empty where only a nurse was called."""
    record_reading(session, resources, who=who, case=case, view=view)
    turn = await turn_of(session, case.id, ordinal=COMPLAINT)
    return "" if turn is None else await open_turn(session, resources, turn=turn)


def record_reading(session: AsyncSession, resources: Resources, *, who: Principal, case: TriageCase, view: str) -> None:
    subject = subject_of(case.id)
    event = record(session, who, deed=Deed.READ, entity=subject, subject=resources.vault.blind(subject))
    event.detail = {"view": view}


async def turn_of(session: AsyncSession, case_id: uuid.UUID, *, ordinal: int) -> TriageTurn | None:
    found = await session.exec(select(TriageTurn).where(TriageTurn.case_id == case_id, TriageTurn.ordinal == ordinal))
    return found.first()


async def open_turn(session: AsyncSession, resources: Resources, *, turn: TriageTurn) -> str:
    """The caller records who reads it."""
    subject = subject_of(turn.case_id)
    return await resources.vault.open(session, subject=subject, place=place_of_turn(turn.id), sealed=turn.text)


async def _cases(session: AsyncSession, *, now: datetime) -> list[TriageCase]:
    """All that wait, however old, the most urgent first where they are too many; and the levelled ones of a day."""
    recent = col(TriageCase.created_at) > now - SHOWN_FOR
    off = select(TriageDecision.id).where(col(TriageDecision.case_id) == col(TriageCase.id), _closing()).exists()
    calling = (func.jsonb_array_length(TriageCase.flags) > 0) & col(TriageCase.acknowledged_at).is_(None)
    waits = or_(calling, col(TriageCase.final_level).is_(None) & ~off)
    urgency = func.coalesce(col(TriageCase.automatic_level), queue.UNKNOWN)
    waiting = await session.exec(
        select(TriageCase).where(waits).order_by(urgency, col(TriageCase.created_at)).limit(MOST_WAITING + 1)
    )
    others = await session.exec(
        select(TriageCase)
        .where(recent, ~waits)
        .order_by(off, col(TriageCase.created_at).desc())
        .limit(MOST_LEVELLED + MOST_CLOSED)
    )
    return [*waiting.all(), *others.all()]


def _closing() -> ColumnElement[bool]:
    """The newest step of its case, which took it off the board."""
    return (col(TriageDecision.ordinal) == col(TriageCase.steps)) & (col(TriageDecision.step) == Step.CLOSED)


def _sorted(rows: Iterable[Row]) -> Queue:
    ordered = sorted(rows, key=lambda row: queue.place(standing(row.case)))
    waiting = [row for row in ordered if row.case.final_level is None and not row.closed]
    levelled = tuple(row for row in ordered if row.case.final_level is not None and not row.closed)
    closed = sorted((row for row in ordered if row.closed), key=lambda row: row.closed_at or row.now, reverse=True)
    shown = tuple(waiting[:MOST_WAITING])
    return Queue(shown, levelled[:MOST_LEVELLED], tuple(closed[:MOST_CLOSED]), more=len(waiting) > MOST_WAITING)
