"""A note's way from the model to the record, as a pure state machine. There is no path to FILED without a signature.

WRITING ──written──▶ DRAFT ──signed──▶ SIGNED ──taken──▶ FILING ──filed──▶ FILED
                     ▲   │                                │   ▲
                     └edited                          failed  retried
                                                          ▼   │
                                                        FILE_FAILED
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from hospital_hub.errors import BadInput, Conflict, Refused, TooLong

LONGEST = 20_000


class State(StrEnum):
    WRITING = "writing"  # asked for; the model has not finished, there is no text
    DRAFT = "draft"  # generated text, perhaps edited; nobody answers for it
    SIGNED = "signed"  # a named clinician signed exactly this text; waits to be filed
    FILING = "filing"  # a worker has taken it, perhaps more than once
    FILE_FAILED = "file_failed"  # the EMR does not accept it; a person has to look
    FILED = "filed"  # in the record


@dataclass(frozen=True)
class Signature:
    """`sha256` is of the text that was on the screen; `confirmed` counts sentences signed without a source."""

    by: str
    name: str
    at: datetime
    sha256: str
    confirmed: int = 0


@dataclass(frozen=True)
class Draft:
    """`revision` grows with every change of the text; `fault` is the code of the last failure to file.

    `window` made all changes after revision `since`: a save of its own that is under way is no foreign change.
    """

    state: State = State.WRITING
    text: str = ""
    revision: int = 0
    window: str = ""
    since: int = 0
    signature: Signature | None = None
    resource: str = ""
    fault: str = ""
    attempts: int = 0


@dataclass(frozen=True)
class Signing:
    """What a clinician does: `shown_sha256` travels with the page, `unsupported` is counted by the server."""

    by: str
    name: str
    at: datetime
    shown_sha256: str
    unsupported: int
    confirmed: bool


def normalise(text: str) -> str:
    """One form of line break (forms send CRLF), nothing at the ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def written(draft: Draft, text: str) -> Draft:
    _require(draft, State.WRITING)
    return replace(draft, state=State.DRAFT, text=normalise(text), revision=draft.revision + 1)


@dataclass(frozen=True)
class Basis:
    """What a change is based on: the revision that the window last heard of, and the window."""

    revision: int
    window: str


def edited(draft: Draft, text: str, *, basis: Basis) -> Draft:
    """The text as the clinician has it now."""
    _require(draft, State.DRAFT)
    same_window = basis.window == draft.window and draft.since <= basis.revision < draft.revision
    if basis.revision != draft.revision and not same_window:
        raise Conflict(
            "This draft was changed in another window.",
            "Your text was not saved. Copy it, reload the draft and put it in again.",
            code="draft_changed",
        )
    if len(text) > LONGEST:
        raise TooLong("This note is longer than the hub takes.", "Shorten it.", code="note_too_long")
    clean = normalise(text)
    if clean == draft.text:
        return draft
    since = draft.since if basis.window == draft.window else draft.revision
    return replace(draft, text=clean, revision=draft.revision + 1, window=basis.window, since=since)


def signed(draft: Draft, signing: Signing) -> Draft:
    _require(draft, State.DRAFT)
    if not draft.text:
        raise BadInput("An empty note cannot be signed.", "Write the note first.", code="empty_note")
    if signing.shown_sha256 != text_hash(draft.text):
        raise Conflict(
            "The text on your screen is not the text that is stored.",
            "Nothing was signed. Check the note again.",
            code="other_text",
        )
    if signing.unsupported and not signing.confirmed:
        raise Refused(
            "Some sentences have no source in the chart.",
            "Nothing was signed. Read them and confirm them, or change them.",
            code="unsupported_not_confirmed",
        )
    signature = Signature(signing.by, signing.name, signing.at, signing.shown_sha256, signing.unsupported)
    return replace(draft, state=State.SIGNED, signature=signature)


def taken(draft: Draft) -> Draft:
    """A worker begins to file; also again, after it died or the EMR was away."""
    _require(draft, State.SIGNED, State.FILING)
    return replace(draft, state=State.FILING, attempts=draft.attempts + 1)


def put_off(draft: Draft, fault: str) -> Draft:
    _require(draft, State.FILING)
    return replace(draft, fault=fault)


def failed(draft: Draft, fault: str) -> Draft:
    _require(draft, State.FILING)
    return replace(draft, state=State.FILE_FAILED, fault=fault)


def retried(draft: Draft) -> Draft:
    _require(draft, State.FILE_FAILED)
    return replace(draft, state=State.FILING, fault="", attempts=0)


def filed(draft: Draft, resource: str) -> Draft:
    _require(draft, State.FILING)
    if draft.signature is None or draft.signature.sha256 != text_hash(draft.text):
        raise Refused("The signature does not fit the text.", "Tell operations.", code="signature_broken")
    return replace(draft, state=State.FILED, resource=resource, fault="")


def _require(draft: Draft, *allowed: State) -> None:
    if draft.state not in allowed:
        raise Conflict(
            "This note is not in a state that allows this.", "Reload the panel to see where it is.", code="wrong_state"
        )
