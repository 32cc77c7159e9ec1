"""A note made of facts alone, word for word, for the day when no model wrote anything usable. Pure."""

from collections.abc import Sequence
from typing import Final

from hospital_hub.clinical.grounding import Fact, FactKind
from hospital_hub.notes.kinds import DEFAULT, Kind, Section, kind_of
from hospital_hub.notes.sections import joined

MOST_NOTE_SENTENCES: Final = 6
MOST_SAID: Final = 40
NOTHING: Final = {"en": "Not recorded", "zh-CN": "未记录"}
_MOST: Final = {FactKind.NOTE: MOST_NOTE_SENTENCES, FactKind.SAID: MOST_SAID}


def extract(facts: Sequence[Fact], *, language: str, kind: Kind | None = None) -> str:
    """One fact a line below each heading; what is the clinician's to decide stays empty."""
    chosen = kind or kind_of(DEFAULT)
    return joined(
        chosen, {one.id: body_of(one, facts, language=language) for one in chosen.sections}, language=language
    )


def body_of(section: Section, facts: Sequence[Fact], *, language: str) -> str:
    lines = [fact.text for kind in section.facts for fact in _of_kind(facts, kind)]
    return "\n".join(lines) or nothing_in(section, language=language)


def nothing_in(section: Section, *, language: str) -> str:
    """Of a section that no source says anything for."""
    return "" if section.only_sourced else NOTHING[language]


def _of_kind(facts: Sequence[Fact], kind: FactKind) -> list[Fact]:
    found = [fact for fact in facts if fact.kind is kind]
    return found[: _MOST.get(kind, len(found))]
