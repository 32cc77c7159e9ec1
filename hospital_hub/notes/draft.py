"""A note's way from the model to the record, as a pure state machine. There is no path to FILED without a signature.

`states.py` says who may take which step from where; here is what each step does to the text and its signature.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from hospital_hub.errors import BadInput, Conflict, Refused, TooLong
from hospital_hub.notes.states import State, Step, after

__all__ = [
    "LONGEST",
    "Basis",
    "Draft",
    "Signature",
    "Signing",
    "State",
    "Withdrawal",
    "amendment",
    "discarded",
    "edited",
    "failed",
    "filed",
    "normalise",
    "put_off",
    "retried",
    "signed",
    "struck",
    "superseded",
    "taken",
    "taken_back",
    "text_hash",
    "withdrawn",
    "written",
]

LONGEST = 20_000
LONGEST_REASON = 500


@dataclass(frozen=True)
class Signature:
    """`sha256` is of the text that was on the screen; `confirmed` counts sentences signed without a source.

    `rules` is the version of the checks that stood beside it.
    """

    by: str
    name: str
    at: datetime
    sha256: str
    confirmed: int = 0
    rules: str = ""


@dataclass(frozen=True)
class Withdrawal:
    """Who says that a signed note was an error, and why."""

    by: str
    name: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Draft:
    """`revision` grows with every change of the text; `fault` is the code of the last failure to file.

    `window` made all changes after revision `since`: a save of its own that is under way is no foreign change.
    A later `version` says for which `reason` it replaces the signed text whose hash is `replaced_sha256`.
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
    version: int = 1
    reason: str = ""
    replaced_sha256: str = ""
    withdrawal: Withdrawal | None = None


@dataclass(frozen=True)
class Signing:
    """What a clinician does: `shown_sha256` travels with the page, `unsupported` is counted by the server."""

    by: str
    name: str
    at: datetime
    shown_sha256: str
    unsupported: int
    confirmed: bool
    rules: str = ""


def normalise(text: str) -> str:
    """One form of line break (forms send CRLF), nothing at the ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def written(draft: Draft, text: str) -> Draft:
    return replace(draft, state=after(draft.state, Step.WRITE), text=normalise(text), revision=draft.revision + 1)


@dataclass(frozen=True)
class Basis:
    """What a change is based on: the revision that the window last heard of, and the window."""

    revision: int
    window: str


def edited(draft: Draft, text: str, *, basis: Basis) -> Draft:
    """The text as the clinician has it now."""
    state = after(draft.state, Step.EDIT)
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
    return replace(draft, state=state, text=clean, revision=draft.revision + 1, window=basis.window, since=since)


def discarded(draft: Draft) -> Draft:
    return replace(draft, state=after(draft.state, Step.DISCARD))


def taken_back(draft: Draft, *, ai_text: str) -> Draft:
    """The text is as it was; a window that was open before may not write over it."""
    state = after(draft.state, Step.TAKE_BACK)
    state = State.DRAFTED if draft.text == ai_text else state
    return replace(draft, state=state, revision=draft.revision + 1, window="", since=draft.revision + 1)


def signed(draft: Draft, signing: Signing) -> Draft:
    state = after(draft.state, Step.SIGN)
    if not draft.text:
        raise BadInput("An empty note cannot be signed.", "Write the note first.", code="empty_note")
    if signing.shown_sha256 != text_hash(draft.text):
        raise Conflict(
            "The text on your screen is not the text that is stored.",
            "Nothing was signed. Check the note again.",
            code="other_text",
        )
    if signing.shown_sha256 == draft.replaced_sha256:
        raise Refused(
            "This version says the same as the one in the record.",
            "Nothing was signed. Change the text, or discard this version.",
            code="nothing_amended",
        )
    if signing.unsupported and not signing.confirmed:
        raise Refused(
            "Some sentences have no source in the chart.",
            "Nothing was signed. Read them and confirm them, or change them.",
            code="unsupported_not_confirmed",
        )
    signature = Signature(
        signing.by, signing.name, signing.at, signing.shown_sha256, signing.unsupported, signing.rules
    )
    return replace(draft, state=state, signature=signature)


def taken(draft: Draft) -> Draft:
    """A worker begins to file or to withdraw; also again, after it died or the EMR was away."""
    return replace(draft, state=after(draft.state, Step.TAKE), attempts=draft.attempts + 1)


def put_off(draft: Draft, fault: str) -> Draft:
    return replace(draft, state=after(draft.state, Step.PUT_OFF), fault=fault)


def failed(draft: Draft, fault: str) -> Draft:
    return replace(draft, state=after(draft.state, Step.FAIL), fault=fault)


def retried(draft: Draft) -> Draft:
    return replace(draft, state=after(draft.state, Step.RETRY), fault="", attempts=0)


def filed(draft: Draft, resource: str) -> Draft:
    state = after(draft.state, Step.FILE)
    if draft.signature is None or draft.signature.sha256 != text_hash(draft.text):
        raise Refused("The signature does not fit the text.", "Tell operations.", code="signature_broken")
    return replace(draft, state=state, resource=resource, fault="")


def amendment(draft: Draft, *, reason: str, version: int) -> Draft:
    """A new version of a filed note, to be edited and signed anew; the old one stays in the record until then."""
    after(draft.state, Step.AMEND)
    assert draft.signature is not None  # noqa: S101 - nothing is filed without one
    return Draft(
        state=State.DRAFTED,
        text=draft.text,
        revision=1,
        version=version,
        reason=_reason(reason),
        replaced_sha256=draft.signature.sha256,
    )


def superseded(draft: Draft) -> Draft:
    """The record has the version that replaces this one."""
    return replace(draft, state=after(draft.state, Step.SUPERSEDE))


def withdrawn(draft: Draft, withdrawal: Withdrawal) -> Draft:
    """Declared an error; possible also while it is on its way, and then it does not stay in the record."""
    state = after(draft.state, Step.WITHDRAW)
    clean = replace(withdrawal, reason=_reason(withdrawal.reason))
    return replace(draft, state=state, withdrawal=clean, fault="", attempts=0)


def struck(draft: Draft, resource: str) -> Draft:
    """The EMR shows it as entered in error; `resource` is empty where it never came there."""
    return replace(draft, state=after(draft.state, Step.STRIKE), resource=resource, fault="")


def _reason(text: str) -> str:
    clean = " ".join(text.split())
    if not clean:
        raise BadInput("A reason is needed.", "Say in a few words what was wrong.", code="reason_missing")
    if len(clean) > LONGEST_REASON:
        raise TooLong("This reason is too long.", "Say it in fewer words.", code="reason_too_long")
    return clean
