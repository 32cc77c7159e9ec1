"""What the chart or the talk says and the note leaves out: allergies, medicines, problems, abnormal values. Pure.

A thing is mentioned if one of its names stands in the note, or another name of the same meaning (lexicon). What is left
out may be left out rightly; it is listed, not judged.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hospital_hub.clinical.evidence import Evidence, Passage
from hospital_hub.clinical.grounding_report import Fact, FactKind
from hospital_hub.clinical.lexicon import Kind
from hospital_hub.clinical.polarity import Polarity
from hospital_hub.clinical.reading import Reading, read
from hospital_hub.clinical.transcript import Asks

_DUE: Final = frozenset({FactKind.ALLERGY, FactKind.MEDICINE, FactKind.PROBLEM})
_SHORTEST_NAME: Final = 5
_ALLERGIES: Final = frozenset({"allergy", "过敏"})
MOST_SYMPTOMS: Final = 8


def not_mentioned(text: str, facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Allergies, medicines, problems and abnormal values of the chart that the text does not name."""
    reading = read(text)
    names = frozenset(mention.term.name for mention in reading.mentions)
    due = [fact for fact in facts if fact.kind in _DUE or fact.abnormal]
    return tuple(
        fact for fact in due if fact.terms and not any(_named(term, reading, names=names) for term in fact.terms)
    )


def _named(term: str, reading: Reading, *, names: frozenset[str]) -> bool:
    """The whole name, its first word where that is a name (metformin of `metformin 500 mg`), or its meaning."""
    name = term.casefold().strip()
    first = name.split()[0] if name.split() else name
    if name in reading.clean or (len(first) >= _SHORTEST_NAME and first.isascii() and first in reading.clean):
        return True
    meant = {mention.term.name for mention in read(term).mentions if mention.term.kind is not Kind.ROUTINE}
    return bool(meant) and meant <= names


@dataclass(frozen=True)
class Omission:
    """`passage` is where the source says it; `words` are what it says there."""

    kind: str
    words: str
    passage: Passage


def left_out(note: Reading, evidence: Evidence) -> tuple[Omission, ...]:
    """Allergies, medicines and leading symptoms that free-text sources affirm and the note does not name."""
    named = frozenset(mention.term.name for mention in note.mentions)
    return (
        *_allergies(named, evidence),
        *_affirmed(named, evidence, kinds=frozenset({Kind.MEDICINE}), label="medicine"),
        *list(_affirmed(named, evidence, kinds=frozenset({Kind.FINDING, Kind.CONDITION}), label="symptom"))[
            :MOST_SYMPTOMS
        ],
    )


def _allergies(named: frozenset[str], evidence: Evidence) -> Iterator[Omission]:
    """An allergy that is not mentioned, or whose substance is not."""
    for passage in evidence.passages:
        said = {one.term.name: passage.polarity(one) for one in passage.reading.mentions}
        if not any(said.get(name) is Polarity.AFFIRMED for name in _ALLERGIES):
            continue
        substances = {one.term.name for one in passage.reading.mentions if one.term.kind is Kind.MEDICINE}
        if not named & _ALLERGIES or not substances <= named:
            yield Omission("allergy", passage.text, passage)


def _affirmed(named: frozenset[str], evidence: Evidence, *, kinds: frozenset[Kind], label: str) -> Iterator[Omission]:
    """Most often said first; what somebody also denies is left alone."""
    count: Counter[str] = Counter()
    first: dict[str, tuple[str, Passage]] = {}
    denied: set[str] = set()
    for passage in evidence.passages:
        for mention in passage.reading.mentions:
            name = mention.term.name
            polarity = passage.polarity(mention) if passage.asks is not Asks.MORE else Polarity.OPEN
            if mention.term.kind not in kinds or name in named or name in _ALLERGIES:
                continue
            if polarity is Polarity.DENIED:
                denied.add(name)
            elif polarity is Polarity.AFFIRMED:
                count[name] += 1
                first.setdefault(name, (passage.reading.clean[mention.term.start : mention.term.end], passage))
    for name, _ in count.most_common():
        if name not in denied:
            yield Omission(label, *first[name])
