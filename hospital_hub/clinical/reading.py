"""What one sentence says, taken apart for comparison: meanings with their polarity, numbers, sides. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from hospital_hub.clinical.laterality import Side, sides
from hospital_hub.clinical.lexicon import Kind, Term, lexicon
from hospital_hub.clinical.polarity import Polarity, denied_by_form, polarities
from hospital_hub.clinical.quantities import Quantity, written
from hospital_hub.clinical.spoken_en import spoken_english
from hospital_hub.clinical.spoken_zh import spoken_chinese
from hospital_hub.clinical.text import readable


@dataclass(frozen=True)
class Mention:
    """A meaning where it is named, affirmed or denied there."""

    term: Term
    polarity: Polarity


@dataclass(frozen=True)
class Reading:
    """Places are in `clean`."""

    clean: str
    mentions: tuple[Mention, ...]
    numbers: tuple[Quantity, ...]
    sides: tuple[Side, ...]


def read(text: str) -> Reading:
    clean = readable(text).clean
    terms = lexicon().terms(clean)
    told = zip(terms, polarities(clean, terms), strict=True)
    said = tuple(Mention(term, Polarity.OPEN if _is_organ(clean, term) else polarity) for term, polarity in told)
    by_form = tuple(_by_form(clean))
    numbers = (*written(clean), *spoken_english(clean), *spoken_chinese(clean))
    return Reading(clean, (*said, *by_form), numbers, tuple(sides(clean, terms)))


def _is_organ(clean: str, term: Term) -> bool:
    return clean[term.start : term.end] in lexicon().organs


def _by_form(clean: str) -> Iterator[Mention]:
    for meaning, start, end in denied_by_form(clean):
        yield Mention(Term(meaning, Kind.FINDING, start, end), Polarity.DENIED)
