"""What was dictated or pasted for a note, as facts: one a sentence or a turn of the talk, with its place. Pure."""

from hospital_hub.clinical.grounding import Fact, FactKind
from hospital_hub.clinical.transcript import utterances
from hospital_hub.notes.documents import without

SOURCE = "consultation"


def facts_of_said(text: str, *, hidden: tuple[str, ...], instead: str) -> tuple[Fact, ...]:
    """`hidden` words are replaced by `instead` in the fact, not in the place it points to."""
    found = []
    for number, one in enumerate(utterances(text), 1):
        speaker = f"{one.speaker}: " if one.speaker else ""
        told = without(f"{speaker}{one.text}", hidden, instead=instead)
        found.append(Fact(f"s{number}", SOURCE, FactKind.SAID, told, span=(one.start, one.end)))
    return tuple(found)
