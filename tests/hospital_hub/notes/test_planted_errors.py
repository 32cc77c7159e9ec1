"""Notes of the demonstration hospital's own charts: planted errors are found, honest sentences are left alone."""

from collections import Counter

import pytest

from hospital_hub.clinical.grounding import Checker, FactKind, Verdict, not_mentioned
from hospital_hub.clinical.sentences import split
from tests.hospital_hub.notes.planted import Note, errors, notes, pick, without

DUE = {FactKind.ALLERGY, FactKind.MEDICINE, FactKind.PROBLEM}


@pytest.fixture(scope="module")
def made() -> list[Note]:
    return list(notes())


@pytest.fixture(scope="module")
def checkers(made: list[Note]) -> dict[str, Checker]:
    """One for each chart."""
    return {patient: Checker(note.facts) for patient, note in {note.id.split("#")[0]: note for note in made}.items()}


def test_there_are_200_notes_in_both_languages(made: list[Note]) -> None:
    assert len(made) >= 200
    assert {note.language for note in made} == {"en", "zh-CN"}


def test_at_most_one_honest_sentence_in_a_hundred_is_flagged(made: list[Note], checkers: dict[str, Checker]) -> None:
    checked: Counter[Verdict] = Counter()
    flagged, known = [], {}
    for note in made:
        patient = note.id.split("#")[0]
        for line in note.lines:
            if (patient, line) not in known:
                known[patient, line] = [checkers[patient].sentence(span) for span in split(line)]
            checked.update(one.verdict for one in known[patient, line])
            flagged += [one.text for one in known[patient, line] if one.verdict is Verdict.UNSUPPORTED]
    assert checked[Verdict.UNSUPPORTED] <= 0.01 * checked.total(), flagged[:20]


def test_at_least_99_planted_errors_in_a_hundred_are_flagged(made: list[Note], checkers: dict[str, Checker]) -> None:
    planted: Counter[str] = Counter()
    missed = []
    for note in made:
        checker = checkers[note.id.split("#")[0]]
        for kind, sentence in errors(note):
            planted[kind] += 1
            if not any(checker.sentence(span).doubts for span in split(sentence)):
                missed.append((kind, sentence))
    assert set(planted) == {"number", "unit", "side", "drug", "negation", "denied"}
    assert len(missed) <= 0.01 * planted.total(), (planted, missed[:20])


def test_at_least_90_planted_omissions_in_a_hundred_are_listed(made: list[Note]) -> None:
    left_out, listed = 0, 0
    missed = []
    for note in made:
        due = [fact for fact in note.made_of if (fact.kind in DUE or fact.abnormal) and fact.terms]
        fact = due[pick(f"{note.id}|omission", len(due))]
        text = "\n".join(without(note, fact))
        left_out += 1
        if fact in not_mentioned(text, note.facts):
            listed += 1
        else:
            missed.append((fact.text, note.id))
    assert listed >= 0.9 * left_out, missed[:20]
