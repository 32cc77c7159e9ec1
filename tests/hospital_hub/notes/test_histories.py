"""Random histories of a ward's notes: anything in any order, by anybody, with an EMR that fails and forgets to answer.

No draft ever reads as final, no signature stands on a text that was not shown, no update is lost, no patient's note is
seen from another patient's chart. 200 histories in every run, 10,000 by `make chaos`.
"""

import base64
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hospital_hub.errors import HubError
from hospital_hub.notes import marks
from hospital_hub.notes.document import MadeBy, Replaced, SignedNote, document_reference, same_document, text_hashes
from hospital_hub.notes.draft import (
    Basis,
    Draft,
    Signing,
    Withdrawal,
    amendment,
    discarded,
    edited,
    failed,
    filed,
    put_off,
    retried,
    signed,
    struck,
    superseded,
    taken,
    taken_back,
    text_hash,
    withdrawn,
    written,
)
from hospital_hub.notes.states import GONE, UNSIGNED, WAITING, Actor, Owner, State, Step, choices, may

Json = dict[str, Any]
NOW: Final = datetime(2026, 11, 2, 8, tzinfo=UTC)
BY_HAND: Final = "Written there by hand."
CLINICIANS, PATIENTS = ("emr|u1", "emr|u2"), (b"p1", b"p2")
TEXTS = st.sampled_from(["", "Pneumonia.", "Better.", "Worse.", "肺炎。\n好转。", "a\r\nb", "a\nb", "  x  "])
PEOPLE, CHARTS = st.sampled_from(CLINICIANS), st.sampled_from(PATIENTS)
# Mostly the author, from the right chart.
VISITORS = st.sampled_from([*[(0, 0)] * 6, (0, 1), (1, 0), (1, 1)])
Visitor = tuple[int, int]
WINDOWS = st.sampled_from(["w1", "w2"])
MOST_ASKED, MOST = 3, 5
NUMBERS = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4])
READ_AS_FINAL: Final = frozenset({"final", "amended"})
ALL_DEFAULT: Final = 100  # examples of hypothesis's own profile: not `make chaos`
REACHED: Final[set[State]] = set()
HISTORIES: Final = 200 if settings.default is None or settings.default.max_examples <= ALL_DEFAULT else 10_000


@dataclass
class Row:
    """A note as the store keeps it."""

    owner: Owner
    draft: Draft
    ai_text: str = ""
    replaces: int | None = None
    series: int = 0
    alive: bool = False  # a message in the outbox

    def __post_init__(self) -> None:
        self.id = uuid.uuid4()


class Histories(RuleBasedStateMachine):
    """The rules of the service and of the worker over a dictionary, and a record that keeps documents."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.record: dict[int, Json] = {}
        self.shown: set[tuple[int, str, str]] = set()  # note, clinician, hash
        self.signatures: dict[int, str] = {}
        self.writers: defaultdict[int, list[str]] = defaultdict(list)  # window of each revision
        self.leases: dict[int, tuple[State, str | None]] = {}

    # ---- the ward ----
    @initialize()
    def begins(self) -> None:
        for who, chart in zip(CLINICIANS, PATIENTS, strict=True):
            self.asks(who, chart)
            self.model_writes(len(self.rows) - 1, "Pneumonia.")

    @rule(who=PEOPLE, chart=CHARTS)
    def asks(self, who: str, chart: bytes) -> None:
        if len(self.rows) < MOST_ASKED:
            self.rows.append(Row(Owner(who, chart), Draft(), series=len(self.rows)))

    @rule(n=NUMBERS, text=TEXTS)
    def model_writes(self, n: int, text: str) -> None:
        if n < len(self.rows):
            row = self.rows[n]
            if self.attempt(n, lambda draft: written(draft, text)):
                row.ai_text = row.draft.text
                self.writers[n].append("model")

    @rule(n=NUMBERS, visitor=VISITORS, text=TEXTS, back=st.integers(0, 2), window=WINDOWS)
    def edits(self, n: int, visitor: Visitor, text: str, back: int, window: str) -> None:
        row = self.opened(n, visitor)
        if row is None:
            return
        before = row.draft
        basis = Basis(max(before.revision - back, 0), window)
        if self.attempt(n, lambda draft: edited(draft, text, basis=basis)) and row.draft != before:
            unheard = self.writers[n][basis.revision :]
            assert set(unheard) <= {window}, "somebody else's change was written over"
            self.writers[n].append(window)

    @rule(n=NUMBERS, visitor=VISITORS)
    def looks(self, n: int, visitor: Visitor) -> None:
        row = self.opened(n, visitor)
        if row is not None and row.draft.state is not State.WRITING:
            self.shown.add((n, row.owner.author, text_hash(row.draft.text)))

    @precondition(lambda self: self.shown)
    @rule(data=st.data(), visitor=VISITORS, unsupported=st.integers(0, 1), confirmed=st.booleans())
    def signs(self, data: st.DataObject, visitor: Visitor, unsupported: int, confirmed: bool) -> None:
        n, _, sha = data.draw(st.sampled_from(sorted(self.shown)))
        self.signs_what_was_shown(n, visitor, sha, unsupported=unsupported, confirmed=confirmed)

    def signs_what_was_shown(
        self, n: int, visitor: Visitor, sha: str, *, unsupported: int = 0, confirmed: bool = False
    ) -> None:
        """At any time: the text may be another one by now."""
        row = self.opened(n, visitor)
        if row is None:
            return
        signing = Signing(row.owner.author, "Dr. Demo", NOW, sha, unsupported, confirmed)
        if self.attempt(n, lambda draft: signed(draft, signing)):
            assert confirmed or not unsupported
            self.signatures[n], row.alive = sha, True

    @rule(n=NUMBERS)
    def looks_and_signs(self, n: int) -> None:
        row = self.opened(n, (0, 0))
        if row is None or row.draft.state is State.WRITING:
            return
        sha = text_hash(row.draft.text)
        self.shown.add((n, row.owner.author, sha))
        signing = Signing(row.owner.author, "Dr. Demo", NOW, sha, 0, confirmed=False)
        if self.attempt(n, lambda draft: signed(draft, signing)):
            self.signatures[n], row.alive = sha, True

    @rule(n=NUMBERS, visitor=VISITORS)
    def discards(self, n: int, visitor: Visitor) -> None:
        if self.opened(n, visitor) is not None:
            self.attempt(n, discarded)

    @rule(n=NUMBERS, visitor=VISITORS)
    def takes_back(self, n: int, visitor: Visitor) -> None:
        row = self.opened(n, visitor)
        if row is None or (row.replaces is not None and not self.may_follow(row.replaces)):
            return
        if self.attempt(n, lambda draft: taken_back(draft, ai_text=row.ai_text)):
            self.writers[n].append("bin")

    @rule(n=NUMBERS, visitor=VISITORS, reason=st.sampled_from(["wrong side", " "]))
    def amends(self, n: int, visitor: Visitor, reason: str) -> None:
        row = self.opened(n, visitor)
        if row is None or self.successor(n) is not None or len(self.rows) >= MOST:
            return
        version = 1 + max(one.draft.version for one in self.rows if one.series == row.series)
        try:
            draft = amendment(row.draft, reason=reason, version=version)
        except HubError:
            return
        assert reason.strip()
        self.writers[len(self.rows)].append("amendment")
        self.rows.append(Row(row.owner, draft, row.ai_text, replaces=n, series=row.series))

    @rule(n=NUMBERS, visitor=VISITORS)
    def withdraws(self, n: int, visitor: Visitor) -> None:
        row = self.opened(n, visitor)
        if row is None or self.successor(n) is not None:
            return
        if self.attempt(
            n, lambda draft: withdrawn(draft, Withdrawal(row.owner.author, "Dr. Demo", NOW, "wrong patient"))
        ):
            row.alive = True

    @rule(n=NUMBERS, visitor=VISITORS)
    def retries(self, n: int, visitor: Visitor) -> None:
        row = self.opened(n, visitor)
        if row is not None and self.attempt(n, retried):
            row.alive = True

    # ---- the worker, and the record ----
    @rule(n=NUMBERS)
    def worker_takes(self, n: int) -> None:
        if n >= len(self.rows) or n in self.leases or not self.rows[n].alive:
            return
        if self.rows[n].draft.state not in WAITING:
            self.rows[n].alive = False
        elif self.attempt(n, taken):
            self.leases[n] = (self.rows[n].draft.state, None)

    @rule(n=NUMBERS, dies=st.booleans())
    def worker_writes(self, n: int, dies: bool) -> None:
        """The record takes all or nothing; the worker may die before it hears of it."""
        if n not in self.leases:
            return
        state, result = self.leases[n]
        if result is None:
            result = self.strikes(n) if state is State.WITHDRAWN else self.files(n)
        if dies:
            del self.leases[n]
        else:
            self.leases[n] = (state, result)

    @rule(n=NUMBERS)
    def worker_hears_nothing(self, n: int) -> None:
        if n in self.leases and self.leases[n][1] is None:
            state, _ = self.leases.pop(n)
            if self.rows[n].draft.state is state:
                self.attempt(n, lambda draft: put_off(draft, "fhir_unreachable"))

    @rule(n=NUMBERS)
    def worker_settles(self, n: int) -> None:
        if n not in self.leases or self.leases[n][1] is None:
            return
        state, result = self.leases.pop(n)
        row = self.rows[n]
        if row.draft.state is not state:
            return
        assert result is not None
        if result.startswith("!"):
            assert self.attempt(n, lambda draft: failed(draft, result))
        else:
            then = struck if state is State.WITHDRAWN else filed
            assert self.attempt(n, lambda draft: then(draft, result))
            before = row.replaces
            if result and before is not None and self.rows[before].draft.state is State.FILED:
                self.attempt(before, superseded)
        row.alive = False

    @rule(n=NUMBERS)
    def worker_does_it_all(self, n: int) -> None:
        self.worker_takes(n)
        self.worker_writes(n, dies=False)
        self.worker_settles(n)

    @rule(n=NUMBERS)
    def is_signed_and_filed(self, n: int) -> None:
        self.looks_and_signs(n)
        self.worker_does_it_all(n)

    @rule(n=NUMBERS, text=TEXTS, filed_too=st.booleans())
    def another_version_is_signed(self, n: int, text: str, filed_too: bool) -> None:
        before = len(self.rows)
        self.amends(n, (0, 0), "wrong side")
        if len(self.rows) > before:
            self.edits(before, (0, 0), text, 0, "w1")
            self.looks_and_signs(before)
            if filed_too:
                self.worker_does_it_all(before)

    @rule(n=NUMBERS)
    def somebody_writes_in_the_record(self, n: int) -> None:
        if n in self.record:
            content = [{"attachment": {"data": base64.b64encode(BY_HAND.encode()).decode()}}]
            self.record[n] = {**self.record[n], "content": content}

    @rule(n=NUMBERS, changed_there=st.booleans())
    def is_withdrawn_for_good(self, n: int, changed_there: bool) -> None:
        if changed_there:
            self.somebody_writes_in_the_record(n)
        self.withdraws(n, (0, 0))
        self.worker_does_it_all(n)

    # ---- what holds at any time ----
    @invariant()
    def nothing_reads_as_final_that_nobody_signed(self) -> None:
        for n, document in self.record.items():
            row = self.rows[n]
            assert row.draft.state not in UNSIGNED
            if document["status"] == "current" and document["docStatus"] in READ_AS_FINAL:
                assert text_hashes(document)[0] in {self.signatures[n], text_hash(BY_HAND)}

    @invariant()
    def no_signature_stands_on_a_text_that_was_not_shown(self) -> None:
        for n, row in enumerate(self.rows):
            signature = row.draft.signature
            assert (signature is None) is (row.draft.state in UNSIGNED)
            if signature is not None:
                assert (n, signature.by, signature.sha256) in self.shown
                assert signature.by == row.owner.author
                assert text_hash(row.draft.text) == signature.sha256 == self.signatures[n]

    @invariant()
    def the_record_has_one_current_version_and_none_that_was_withdrawn(self) -> None:
        current = [self.rows[n].series for n, one in self.record.items() if one["status"] == "current"]
        assert len(current) == len(set(current))
        for n, row in enumerate(self.rows):
            if row.draft.state is State.ENTERED_IN_ERROR:
                assert n not in self.record or self.record[n]["docStatus"] == marks.WRONG
            if row.draft.state is State.FILED:
                assert n in self.record
            if row.draft.state is State.AMENDED:
                assert self.record[n]["status"] == marks.SUPERSEDED

    # ---- as the service does it ----
    def opened(self, n: int, visitor: Visitor) -> Row | None:
        """Also says that a stranger never gets it."""
        if n >= len(self.rows):
            return None
        row = self.rows[n]
        who, chart = CLINICIANS.index(row.owner.author), PATIENTS.index(row.owner.subject)
        seen_by, seen_from = CLINICIANS[who ^ visitor[0]], PATIENTS[chart ^ visitor[1]]
        assert row.owner.lets_in(who=seen_by, subject=seen_from) is (visitor == (0, 0))
        return row if visitor == (0, 0) else None

    def attempt(self, n: int, step: Callable[[Draft], Draft]) -> bool:
        """What a rule refuses leaves the note as it was, and says what to do."""
        before = self.rows[n].draft
        try:
            after = step(before)
        except HubError:
            assert self.rows[n].draft == before
            return False
        self.rows[n].draft = after
        REACHED.add(after.state)
        return True

    def successor(self, n: int) -> Row | None:
        return next((one for one in self.rows if one.replaces == n and one.draft.state not in GONE), None)

    def may_follow(self, n: int) -> bool:
        return self.rows[n].draft.state is State.FILED and self.successor(n) is None

    def note(self, n: int) -> SignedNote:
        row = self.rows[n]
        assert row.draft.signature is not None
        before = None if row.replaces is None else Replaced(str(row.replaces), row.draft.replaced_sha256, "r")
        made = MadeBy("r1-70b", "weights", "notes/progress_note@1", "2026-11")
        patient = row.owner.subject.decode()
        return SignedNote(
            row.id, row.draft.text, "en", patient, "", "Practitioner/1", row.draft.signature, made, (), before
        )

    def files(self, n: int) -> str:
        note, there = self.note(n), self.record.get(n)
        if there is not None:
            if not same_document(note, there):
                return "!other_document"
            return str(n) if there["status"] == "current" else "!struck_in_emr"
        before = self.rows[n].replaces
        if before is not None:
            old = self.record[before]
            if text_hashes(old) != [self.rows[n].draft.replaced_sha256]:
                return "!changed_in_emr"
            if old["status"] != "current":
                return "!struck_in_emr"
            self.record[before] = marks.superseded(old)
        self.record[n] = document_reference(note)
        return str(n)

    def strikes(self, n: int) -> str:
        there = self.record.get(n)
        if there is None:
            return ""
        if not same_document(self.note(n), there):
            return "!changed_in_emr"
        self.record[n] = marks.struck(there)
        return str(n)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)


WORDS: Final = ("", "Pneumonia.", "Better.", "Worse.")
FAMILIAR: Final = (*[(0, 0)] * 6, (0, 1), (1, 0), (1, 1))


def some(ward: Histories, dice: Random) -> int:
    return dice.randrange(len(ward.rows))


def sign_something_shown(ward: Histories, dice: Random) -> None:
    for n, _, sha in dice.sample(sorted(ward.shown), min(1, len(ward.shown))):
        ward.signs_what_was_shown(n, dice.choice(FAMILIAR), sha)


MOVES: Final[tuple[Callable[[Histories, Random], object], ...]] = (
    lambda ward, dice: ward.edits(some(ward, dice), (0, 0), dice.choice(WORDS), dice.randrange(3), "w1"),
    lambda ward, dice: ward.edits(some(ward, dice), (0, 0), dice.choice(WORDS), dice.randrange(3), "w2"),
    lambda ward, dice: ward.looks(some(ward, dice), dice.choice(FAMILIAR)),
    lambda ward, dice: ward.looks_and_signs(some(ward, dice)),
    sign_something_shown,
    lambda ward, dice: ward.discards(some(ward, dice), dice.choice(FAMILIAR)),
    lambda ward, dice: ward.takes_back(some(ward, dice), dice.choice(FAMILIAR)),
    lambda ward, dice: ward.amends(some(ward, dice), dice.choice(FAMILIAR), "wrong side"),
    lambda ward, dice: ward.withdraws(some(ward, dice), dice.choice(FAMILIAR)),
    lambda ward, dice: ward.retries(some(ward, dice), dice.choice(FAMILIAR)),
    *[lambda ward, dice: ward.worker_takes(some(ward, dice))] * 3,
    *[lambda ward, dice: ward.worker_writes(some(ward, dice), dice.random() < 0.2)] * 3,
    lambda ward, dice: ward.worker_hears_nothing(some(ward, dice)),
    *[lambda ward, dice: ward.worker_settles(some(ward, dice))] * 3,
    lambda ward, dice: ward.somebody_writes_in_the_record(some(ward, dice)),
    lambda ward, dice: ward.is_signed_and_filed(some(ward, dice)),
    lambda ward, dice: ward.another_version_is_signed(some(ward, dice), dice.choice(WORDS), filed_too=True),
)


def test_long_walks_come_to_every_state() -> None:
    """Hypothesis looks for the shortest way to a fault; these go far, and the same way each time."""
    REACHED.clear()
    for seed in range(HISTORIES):
        dice, ward = Random(seed), Histories()  # noqa: S311 - nothing is kept secret by it
        ward.begins()
        for _ in range(80):
            dice.choice(MOVES)(ward, dice)
            ward.nothing_reads_as_final_that_nobody_signed()
            ward.no_signature_stands_on_a_text_that_was_not_shown()
            ward.the_record_has_one_current_version_and_none_that_was_withdrawn()
    assert set(State) - REACHED == {State.WRITING}


def test_nobody_but_the_worker_files_and_nobody_but_the_author_signs() -> None:
    for state in State:
        assert not may(state, Step.FILE, by=Actor.AUTHOR)
        assert not may(state, Step.SIGN, by=Actor.WORKER)
        assert not may(state, Step.SIGN, by=Actor.WRITER)
    assert choices(State.DISCARDED) == {Step.TAKE_BACK}
    assert choices(State.FILED) == {Step.AMEND, Step.WITHDRAW}
    assert choices(State.AMENDED) == choices(State.ENTERED_IN_ERROR) == frozenset()
