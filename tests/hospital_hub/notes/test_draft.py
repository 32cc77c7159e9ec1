"""The state machine step by step; test_histories.py takes the steps at random."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hospital_hub.errors import BadInput, Conflict, Refused, TooLong
from hospital_hub.notes.draft import (
    LONGEST,
    Basis,
    Draft,
    Signing,
    State,
    edited,
    filed,
    signed,
    taken,
    text_hash,
    written,
)

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)


def signing(sha: str, *, unsupported: int = 0, confirmed: bool = False) -> Signing:
    return Signing("emr|u1", "Dr. Demo", NOW, sha, unsupported, confirmed)


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
