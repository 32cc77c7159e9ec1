"""One case as the board shows it: its place, its clocks, what calls for a nurse, and when its page must be read again.

Values only; what is read from where is in board.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.red_flags import Rule
from hospital_hub.clinical.text import Language
from hospital_hub.triage import queue
from hospital_hub.triage.alarms import NOBODY_AFTER, Alarm, alarm
from hospital_hub.triage.tables import Interview, TriageCase, language_of_case

Choice = Literal["", "1", "2", "3", "4", "none"]
NO_LEVEL: Final = "none"
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Row:
    """`words` is the beginning of the complaint, empty once a nurse has levelled it; `flagged_at` when a red flag came.

    `turns` counts what was said; `closed_at` is when a nurse took it off the board.
    """

    case: TriageCase
    rules: tuple[Rule, ...]
    words: str
    now: datetime
    flagged_at: datetime | None = None
    turns: int = 0
    closed_at: datetime | None = None

    @property
    def standing(self) -> queue.Standing:
        return standing(self.case)

    @property
    def clock(self) -> queue.Clock:
        return queue.clock(self.standing, now=self.now)

    @property
    def language(self) -> Language:
        return language_of_case(self.case)

    @property
    def minutes(self) -> int:
        return self.clock.minutes

    @property
    def alarming(self) -> bool:
        """A red flag that nobody has acknowledged yet."""
        return bool(self.case.flags) and self.case.acknowledged_at is None

    @property
    def unanswered(self) -> timedelta:
        return max(self.now - (self.flagged_at or self.case.created_at), timedelta())

    @property
    def alarm(self) -> Alarm | None:
        return alarm(self.unanswered) if self.alarming else None

    @property
    def provisional(self) -> bool:
        """The level shown is the automatic one, and vital signs are missing for it."""
        return self.case.provisional and self.case.final_level is None

    @property
    def worse(self) -> bool:
        """The automatic level has become more urgent since a nurse set hers: the next look is now."""
        automatic, final = self.standing.automatic, self.standing.final
        return self.look_due and automatic is not None and final is not None and automatic < final

    @property
    def look_due(self) -> bool:
        return self.case.retriage_at is not None and self.case.retriage_at <= self.now

    @property
    def look_in(self) -> int | None:
        """Minutes until somebody should look again."""
        at = self.case.retriage_at
        return None if at is None else max(-((self.now - at) // _MINUTE), 0)

    @property
    def interviewing(self) -> bool:
        return self.case.interview is Interview.ASKING and self.case.left_at is None

    @property
    def closed(self) -> bool:
        """Off the board: unless the person called a nurse or a red flag came since."""
        called = self.case.called_at
        return self.closed_at is not None and not self.alarming and not (called and called > self.closed_at)

    @property
    def version(self) -> str:
        """Changes with whatever the page of the case shows."""
        case = self.case
        marks = (case.called_at, case.left_at, self.closed_at, case.retriage_at)
        told = "".join(str(int(mark.timestamp())) if mark else "-" for mark in marks)
        return f"{case.steps}.{self.turns}.{case.answer_state}.{case.interview}.{case.automatic_level}.{told}"


@dataclass(frozen=True)
class Queue:
    """`more` is whether more people are waiting than are shown."""

    waiting: tuple[Row, ...]
    levelled: tuple[Row, ...]
    closed: tuple[Row, ...] = ()
    more: bool = False

    @property
    def open(self) -> tuple[Row, ...]:
        return self.waiting + self.levelled

    @property
    def unheard(self) -> tuple[Row, ...]:
        """Red flags that nobody has acknowledged for two minutes, the longest first."""
        rows = [row for row in self.open if row.alarm is Alarm.NOBODY]
        return tuple(sorted(rows, key=lambda row: row.unanswered, reverse=True))

    @property
    def unheard_minutes(self) -> int:
        longest = max((row.unanswered for row in self.unheard), default=NOBODY_AFTER)
        return longest // _MINUTE

    @property
    def counts(self) -> Mapping[int | None, int]:
        """People waiting for a nurse, by the level that is shown; None is without one."""
        levels = [row.standing.level for row in self.waiting]
        return {level: levels.count(level) for level in (Level.I, Level.II, None, Level.III, Level.IV)}

    @property
    def longest(self) -> int:
        return max((row.minutes for row in self.waiting), default=0)

    @property
    def overdue(self) -> int:
        return sum(row.clock.overdue for row in self.open)

    @property
    def looks_due(self) -> int:
        return sum(row.look_due for row in self.levelled)

    @property
    def departments(self) -> tuple[str, ...]:
        return tuple(sorted({row.case.department for row in self.open if row.case.department}))


@dataclass(frozen=True)
class Filter:
    """What a board is narrowed to. A red flag that nobody has acknowledged is always shown."""

    level: Choice = ""
    department: str = ""

    def keeps(self, row: Row) -> bool:
        level = row.standing.level
        fits_level = not self.level or self.level == (NO_LEVEL if level is None else str(level.value))
        return row.alarming or (fits_level and self.department in {"", row.case.department})

    def kept(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(row for row in rows if self.keeps(row))


def standing(case: TriageCase) -> queue.Standing:
    return queue.Standing(
        automatic=None if case.automatic_level is None else Level(case.automatic_level),
        final=None if case.final_level is None else Level(case.final_level),
        created_at=case.created_at,
        called=case.called_at is not None,
        pack=case.pack,
    )
