"""All that the sources say, indexed: which passage names what, affirms or denies it, and which numbers stand where.

Pure. Passages are what one person says at a time, or one fact of a chart; they keep their order, because what a number
or a `no` is about often stands a line earlier.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Final

from hospital_hub.clinical.ages import possible_ages
from hospital_hub.clinical.laterality import Side
from hospital_hub.clinical.lexicon import COMPARED, IMPROVED, Term, lexicon
from hospital_hub.clinical.polarity import Polarity, taken_for_granted
from hospital_hub.clinical.quantities import Quantity, Shape
from hospital_hub.clinical.reading import Mention, Reading, read
from hospital_hub.clinical.stems import alike
from hospital_hub.clinical.text import readable
from hospital_hub.clinical.transcript import CLINICIANS, Asks
from hospital_hub.clinical.units import ITEM

_PREFIX: Final = 4
_SHORT_ANSWER: Final = 14  # characters
_ALIKE, _PARTS, _CHARACTERS = 0.8, 0.8, 0.3


@dataclass(frozen=True)
class Passage:
    """`source` and the span say where it stands; `answer` is what the next speaker said to a question."""

    source: str
    text: str
    start: int
    end: int
    asks: Asks = Asks.NOTHING
    answer: bool | None = None
    speaker: str = ""
    asked_from: int = 0
    reply: str = ""
    reading: Reading = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reading", read(self.text))

    def polarity(self, mention: Mention) -> Polarity:
        """Of a question: what the answer makes of it; `no pain?` stays denied with either answer."""
        if mention.term.name in IMPROVED and self.speaker in CLINICIANS and self.asks is Asks.NOTHING:
            return Polarity.OPEN  # what a treatment will do, told by those who give it
        if self.asks is not Asks.WHETHER or mention.term.start < self.asked_from:
            return mention.polarity
        if self.answer is None or self._answered_with(mention):
            return Polarity.OPEN
        if mention.polarity is Polarity.DENIED:
            return Polarity.DENIED
        if self.answer:
            return Polarity.AFFIRMED
        return Polarity.OPEN if taken_for_granted(self.reading.clean, mention.term) else Polarity.DENIED

    def _answered_with(self, mention: Mention) -> bool:
        """The answer names something else: `any fever? - I have a cough`."""
        return bool(self._replied) and mention.term.name not in self._replied

    @cached_property
    def _replied(self) -> frozenset[str]:
        """Findings and diseases that the answer names."""
        if not self.reply:
            return frozenset()
        terms = lexicon().terms(readable(self.reply).clean)
        return frozenset(term.name for term in terms if term.kind in COMPARED)


@dataclass(frozen=True)
class Named:
    """A meaning in a passage."""

    passage: int
    polarity: Polarity


@dataclass(frozen=True)
class Evidence:
    """`always` are passages that every sentence may rest on, such as who the patient is."""

    passages: tuple[Passage, ...]
    always: frozenset[int] = frozenset()

    @cached_property
    def named(self) -> dict[str, tuple[Named, ...]]:
        found: dict[str, list[Named]] = defaultdict(list)
        for place, passage in enumerate(self.passages):
            for mention in passage.reading.mentions:
                found[mention.term.name].append(Named(place, passage.polarity(mention)))
        return {name: tuple(mentions) for name, mentions in found.items()}

    @cached_property
    def numbers(self) -> tuple[tuple[Quantity, frozenset[int]], ...]:
        """Each number once, with its passages. One that stands alone amid many Chinese words is no length of time."""
        found: dict[tuple[object, ...], tuple[Quantity, set[int]]] = {}
        for place, passage in enumerate(self.passages):
            amid = _amid_chinese(passage)
            for number in passage.reading.numbers:
                one = _counted(number) if amid else number
                found.setdefault((one.values, one.unit.name, one.shape), (one, set()))[1].add(place)
        return tuple((one, frozenset(places)) for one, places in found.values())

    @cached_property
    def ages(self) -> frozenset[Decimal]:
        return possible_ages(passage.reading for passage in self.passages)

    @cached_property
    def sides(self) -> tuple[tuple[int, Side], ...]:
        return tuple((place, one) for place, passage in enumerate(self.passages) for one in passage.reading.sides)

    @cached_property
    def _parts(self) -> dict[str, set[int]]:
        """Stems and characters, each with the passages that hold it."""
        found: dict[str, set[int]] = defaultdict(set)
        for place, passage in enumerate(self.passages):
            for mention in passage.reading.mentions:
                for part in mention.term.parts:
                    found[part].add(place)
            for pair in _pairs(passage.reading.clean):
                found[pair].add(place)
        return found

    @cached_property
    def _by_prefix(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for part in self._parts:
            if part.isascii() and len(part) >= _PREFIX:
                found[part[:_PREFIX]].append(part)
        return found

    def cover(self, term: Term) -> tuple[float, frozenset[int]]:
        """How surely the sources name it, from 0 to 1, and in which passages."""
        named = self.named.get(term.name)
        if named:
            return 1.0, frozenset(one.passage for one in named)
        if not term.parts:
            return 0.0, frozenset()
        return self._wide(term) if not term.parts[0].isascii() else self._latin(term)

    def _latin(self, term: Term) -> tuple[float, frozenset[int]]:
        held = [self._parts.get(part) or self._related(part) for part in term.parts]
        share = sum(1 for one in held if one) / len(held)
        exact = all(part in self._parts for part in term.parts)
        places = frozenset().union(*held)
        return (_PARTS if exact else _ALIKE * 0.9) * share * share, places

    def _related(self, part: str) -> set[int]:
        near = [other for other in self._by_prefix.get(part[:_PREFIX], ()) if alike(part, other)]
        return set().union(*(self._parts[other] for other in near)) if near else set()

    def _wide(self, term: Term) -> tuple[float, frozenset[int]]:
        text = "".join(term.parts)
        pairs = [text[place : place + 2] for place in range(len(text) - 1)] or [text]
        held = [self._parts[pair] for pair in pairs if pair in self._parts]
        if held:
            return _PARTS * len(held) / len(pairs), frozenset().union(*held)
        single = [self._parts[part] for part in term.parts if part in self._parts]
        return _CHARACTERS * len(single) / len(term.parts), frozenset().union(*single)

    def stated(self, name: str) -> Sequence[Named]:
        return self.named.get(name, ())


def _amid_chinese(passage: Passage) -> bool:
    return len(passage.text) > _SHORT_ANSWER and any(character > "\u3400" for character in passage.text)


def _counted(number: Quantity) -> Quantity:
    bare = not number.unit.name and number.shape is Shape.ONE
    return replace(number, unit=ITEM) if bare else number


def _pairs(clean: str) -> Iterator[str]:
    for a, b in pairwise(clean):
        if a > "\u3400" and b > "\u3400":
            yield a + b
