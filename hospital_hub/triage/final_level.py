"""What a nurse's level needs beside itself: below the automatic one a reason, below a red flag an assessment.

Taking a case off the board needs its reason too. Pure. The automatic level itself is never changed by a decision;
both are kept and shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hospital_hub.clinical.levels import Level
from hospital_hub.errors import Refused
from hospital_hub.web.languages import marked

SHORTEST_ASSESSMENT: Final = 6  # characters; a word or two says what was checked
REASONS: Final[Mapping[str, str]] = {
    "seen": marked("Seen and examined: less urgent than the words"),
    "misread": marked("The rule misread the words"),
    "past": marked("It is over, or long known"),
    "other": marked("Another reason"),
}
# Why a case leaves the board. Nothing else takes one off it: no time, no idle kiosk, no program.
CLOSINGS: Final[Mapping[str, str]] = {
    "doctor": marked("Is with a doctor now"),
    "gone": marked("Looked for and not found: has left"),
    "twice": marked("Told twice, or by mistake"),
}


class Demand(StrEnum):
    NOTHING = "nothing"
    REASON = "reason"
    ASSESSMENT = "assessment"  # and a reason


@dataclass(frozen=True)
class Choice:
    """A nurse's level with what she says about it."""

    level: Level
    reason: str = ""
    assessment: str = ""


@dataclass(frozen=True)
class Closing:
    """Why a case goes off the board, with what a nurse says about it."""

    reason: str
    assessment: str = ""


def demand(level: Level, *, automatic: Level | None, red_flag: Level | None) -> Demand:
    """What choosing `level` needs; `red_flag` is the most urgent level of the case's red flags."""
    if red_flag is not None and level > red_flag:
        return Demand.ASSESSMENT
    if automatic is not None and level > automatic:
        return Demand.REASON
    return Demand.NOTHING


def check(choice: Choice, *, automatic: Level | None, red_flag: Level | None) -> None:
    """Raise Refused where something that this level needs was not said."""
    needed = demand(choice.level, automatic=automatic, red_flag=red_flag)
    if needed is not Demand.NOTHING and choice.reason not in REASONS:
        raise Refused(
            "This level is below the automatic one.", "Choose a reason and send it again.", code="reason_needed"
        )
    if needed is Demand.ASSESSMENT and len(choice.assessment.strip()) < SHORTEST_ASSESSMENT:
        raise Refused(
            "This level is below a red flag.",
            "Write down what you checked and found, then send it again.",
            code="assessment_needed",
        )


def closing_demand(*, final: Level | None, red_flag: Level | None) -> Demand:
    """A red flag that no nurse has given a level leaves the board only with what was checked."""
    return Demand.ASSESSMENT if red_flag is not None and final is None else Demand.REASON


def check_closing(closing: Closing, *, final: Level | None, red_flag: Level | None) -> None:
    """Raise Refused where something that it needs was not said."""
    if closing.reason not in CLOSINGS:
        raise Refused(
            "Taking a case off the board needs a reason.", "Choose one and send it again.", code="reason_needed"
        )
    needed = closing_demand(final=final, red_flag=red_flag)
    if needed is Demand.ASSESSMENT and len(closing.assessment.strip()) < SHORTEST_ASSESSMENT:
        raise Refused(
            "This case has a red flag and no level of a nurse.",
            "Write down what you checked and found, then send it again.",
            code="assessment_needed",
        )
