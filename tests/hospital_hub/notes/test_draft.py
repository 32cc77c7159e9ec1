"""The state machine under random histories: nothing is filed that a clinician did not sign as it stands."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from hospital_hub.errors import BadInput, Conflict, HubError, Refused, TooLong
from hospital_hub.notes.draft import (
    LONGEST,
    Basis,
    Draft,
    Signing,
    State,
    edited,
    failed,
    filed,
    put_off,
    retried,
    signed,
    taken,
    text_hash,
    written,
)

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
TEXTS = st.sampled_from(["", "Pneumonia.", "肺炎。\n好转。", "a\r\nb", "a\nb", "  x  "])
AFTER_SIGNING = {State.SIGNED, State.FILING, State.FILE_FAILED, State.FILED}


def signing(sha: str, *, unsupported: int = 0, confirmed: bool = False) -> Signing:
    return Signing("emr|u1", "Dr. Demo", NOW, sha, unsupported, confirmed)


class Histories(RuleBasedStateMachine):
    """Anything in any order; what a rule refuses must leave the draft as it was."""

    shown: Bundle[str] = Bundle("shown")

    @initialize()
    def begin(self) -> None:
        self.draft = Draft()
        self.signed_text: str | None = None

    @rule(text=TEXTS)
    def model_writes(self, text: str) -> None:
        self.attempt(lambda: written(self.draft, text))

    @rule(text=TEXTS, back=st.integers(0, 2), window=st.sampled_from(["w1", "w2"]))
    def clinician_edits(self, text: str, back: int, window: str) -> None:
        self.attempt(lambda: edited(self.draft, text, basis=Basis(self.draft.revision - back, window)))

    @rule(target=shown)
    def look(self) -> str:
        return text_hash(self.draft.text)

    @rule(sha=shown, unsupported=st.integers(0, 2), confirmed=st.booleans())
    def sign(self, sha: str, unsupported: int, *, confirmed: bool) -> None:
        before = self.draft
        if self.attempt(lambda: signed(self.draft, signing(sha, unsupported=unsupported, confirmed=confirmed))):
            assert before.state is State.DRAFT
            assert hashlib.sha256(before.text.encode()).hexdigest() == sha
            assert confirmed or unsupported == 0
            self.signed_text = before.text

    @rule()
    def worker_takes(self) -> None:
        self.attempt(lambda: taken(self.draft))

    @rule()
    def emr_takes(self) -> None:
        self.attempt(lambda: filed(self.draft, "DocumentReference/1"))

    @rule(lasting=st.booleans())
    def emr_refuses(self, *, lasting: bool) -> None:
        self.attempt(lambda: failed(self.draft, "x") if lasting else put_off(self.draft, "x"))

    @rule()
    def clinician_retries(self) -> None:
        self.attempt(lambda: retried(self.draft))

    def attempt(self, step: object) -> bool:
        assert callable(step)
        before = self.draft
        try:
            self.draft = step()
        except HubError:
            assert self.draft == before
            return False
        return True

    @invariant()
    def nothing_leaves_without_a_signature(self) -> None:
        if self.draft.state in AFTER_SIGNING:
            assert self.draft.signature is not None
            assert self.draft.text == self.signed_text
            assert self.draft.signature.sha256 == text_hash(self.draft.text)
        else:
            assert self.draft.signature is None
        assert (self.draft.resource != "") == (self.draft.state is State.FILED)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)


def test_the_usual_way() -> None:
    draft = edited(written(Draft(), "Pneumonia."), "Pneumonia, better.", basis=Basis(1, "w1"))
    draft = taken(signed(draft, signing(text_hash("Pneumonia, better."))))
    draft = filed(draft, "DocumentReference/1")
    assert draft.state is State.FILED
    assert draft.signature is not None
    assert draft.signature.name == "Dr. Demo"


def test_another_text_is_not_signed() -> None:
    with pytest.raises(Conflict) as refused:
        signed(written(Draft(), "a"), signing(text_hash("b")))
    assert refused.value.code == "other_text"


def test_unsupported_sentences_need_a_confirmation() -> None:
    draft = written(Draft(), "a")
    with pytest.raises(Refused) as refused:
        signed(draft, signing(text_hash("a"), unsupported=1))
    assert refused.value.code == "unsupported_not_confirmed"
    confirmed = signed(draft, signing(text_hash("a"), unsupported=1, confirmed=True))
    assert confirmed.signature is not None
    assert confirmed.signature.confirmed == 1


def test_an_empty_note_is_not_signed() -> None:
    with pytest.raises(BadInput):
        signed(written(Draft(), " \r\n "), signing(text_hash("")))


def test_line_breaks_of_a_form_change_nothing() -> None:
    draft = written(Draft(), "a\nb")
    assert edited(draft, "a\r\nb", basis=Basis(1, "w1")) == draft


def test_a_text_has_a_longest_length() -> None:
    with pytest.raises(TooLong):
        edited(written(Draft(), "a"), "a" * (LONGEST + 1), basis=Basis(1, "w1"))


def test_a_text_changed_after_the_signature_is_never_filed() -> None:
    draft = taken(signed(written(Draft(), "a"), signing(text_hash("a"))))
    tampered = replace(draft, text="b")
    with pytest.raises(Refused):
        filed(tampered, "DocumentReference/1")


def test_a_window_does_not_trip_over_its_own_saves_but_over_those_of_others() -> None:
    draft = written(Draft(), "a")
    draft = edited(draft, "a b", basis=Basis(1, "w1"))
    draft = edited(draft, "a b c", basis=Basis(1, "w1"))  # sent before the answer to the first one came
    with pytest.raises(Conflict):
        edited(draft, "x", basis=Basis(1, "w2"))
    draft = edited(draft, "x", basis=Basis(3, "w2"))
    for revision in (1, 2, 3):
        with pytest.raises(Conflict):
            edited(draft, "a b c d", basis=Basis(revision, "w1"))
    assert draft.text == "x"
