"""What people did with cards, as a client reports it.

Source: CDS Hooks 2.0.1, "Feedback"; the invariants cds-fb-1 to cds-fb-3 of the specification's logical model.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from integrations.cds_hooks.faults import FaultCode, WrongRequest
from integrations.cds_hooks.reading import Json, Reading

MOST: Final = 200
LONGEST_COMMENT: Final = 4000
LONGEST_CODE: Final = 200


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True)
class Feedback:
    """`comment` is what a person wrote, so it may be about a patient."""

    card: uuid.UUID
    outcome: Outcome
    at: datetime
    suggestions: tuple[uuid.UUID, ...] = ()
    reason_system: str = ""
    reason_code: str = ""
    comment: str = field(default="", repr=False)


def parse(document: Json) -> tuple[Feedback, ...]:
    """All entries.

    Raises:
        WrongRequest: with everything that is wrong, by name.
    """
    whole = Reading(document)
    entries = whole.items("feedback")
    if len(entries) > MOST:
        whole.note(FaultCode.TOO_MANY, "feedback", str(MOST))
        entries = []
    found = [_entry(whole, number, entry) for number, entry in enumerate(entries)]
    if whole.faults:
        raise WrongRequest(whole.faults)
    return tuple(one for one in found if one is not None)


def _entry(whole: Reading, number: int, entry: object) -> Feedback | None:  # noqa: PLR0917 - document, place, value
    place = f"feedback[{number}]"
    if not isinstance(entry, dict):
        whole.note(FaultCode.NOT_OBJECT, place)
        return None
    given = Reading(entry, place, whole.faults)
    card, outcome, at = given.uuid("card"), _outcome(given), _instant(given)
    suggestions = _suggestions(given)
    if outcome is Outcome.ACCEPTED and not suggestions:
        given.note(FaultCode.NO_SUGGESTION, "acceptedSuggestions")
    system, code, comment = _reason(given)
    if card is None or outcome is None or at is None:
        return None
    return Feedback(card, outcome, at, suggestions, system, code, comment)


def _outcome(given: Reading) -> Outcome | None:
    value = given.text("outcome")
    if value in set(Outcome):
        return Outcome(value)
    if value:
        given.note(FaultCode.NOT_OUTCOME, "outcome", ", ".join(Outcome))
    return None


def _instant(given: Reading) -> datetime | None:
    value = given.text("outcomeTimestamp")
    try:
        at = datetime.fromisoformat(value) if value else None
    except ValueError:
        at = None
    if value and (at is None or at.tzinfo is None):
        given.note(FaultCode.NOT_INSTANT, "outcomeTimestamp")
        return None
    return at


def _suggestions(given: Reading) -> tuple[uuid.UUID, ...]:
    found = []
    for number, one in enumerate(given.items("acceptedSuggestions", required=False)[:MOST]):
        place = f"acceptedSuggestions[{number}]"
        if not isinstance(one, dict):
            given.note(FaultCode.NOT_OBJECT, place)
            continue
        identifier = Reading(one, given.at(place), given.faults).uuid("id")
        if identifier is not None:
            found.append(identifier)
    return tuple(found)


def _reason(given: Reading) -> tuple[str, str, str]:
    """System and code of the reason, and the comment; cut to what is kept."""
    reason = given.inner("overrideReason", required=False)
    if reason is None:
        return "", "", ""
    comment = reason.text("userComment", required=False)
    coding = reason.inner("reason", required=False)
    if coding is None:
        if not comment:
            reason.note(FaultCode.EMPTY_REASON, "reason")
        return "", "", comment[:LONGEST_COMMENT]
    system, code = coding.text("system", required=False), coding.text("code")
    return system[:LONGEST_CODE], code[:LONGEST_CODE], comment[:LONGEST_COMMENT]
