"""What the panel's templates are given. Nothing is decided here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hospital_hub.clinical.grounding import Fact, Sentence, Verdict
from hospital_hub.notes.changes import changes
from hospital_hub.notes.draft import text_hash
from hospital_hub.notes.facts import age
from hospital_hub.notes.service import checked
from hospital_hub.notes.states import WAITING, choices
from hospital_hub.notes.store import Kept
from hospital_hub.storage.ids import new_token
from integrations.fhir.client import Resource
from integrations.fhir.paths import items, word


@dataclass(frozen=True)
class Line:
    """A checked sentence with its facts in place of their ids."""

    sentence: Sentence
    sources: tuple[Fact, ...]

    @property
    def unsupported(self) -> bool:
        return self.sentence.verdict is Verdict.UNSUPPORTED

    @property
    def supported(self) -> bool:
        return self.sentence.verdict is Verdict.SUPPORTED


@dataclass(frozen=True)
class Banner:
    """Who is open; shown, never stored."""

    name: str
    sex: str
    birth: str
    years: int | None


def banner(patient: Resource, *, today: date) -> Banner:
    names = items(patient, "name")
    first = names[0] if names else {}
    given = first.get("given")
    parts = [*(given if isinstance(given, list) else []), word(first, "family")]
    name = word(first, "text") or " ".join(str(part) for part in parts if part)
    birth = word(patient, "birthDate")
    return Banner(name, word(patient, "gender"), birth, age(birth, today))


def line(sentence: Sentence, facts: Sequence[Fact]) -> Line:
    by_id = {fact.id: fact for fact in facts}
    return Line(sentence, tuple(by_id[one] for one in sentence.sources if one in by_id))


def note(kept: Kept) -> Mapping[str, object]:
    """For the editor, the signing step and the status."""
    report = checked(kept)
    lines = [line(sentence, kept.facts) for sentence in report.sentences]
    return {
        "note": kept.row,
        "draft": kept.draft,
        "rating": kept.rating,
        "state": kept.draft.state.value,
        "can": {step.value for step in choices(kept.draft.state)},
        "waiting": kept.draft.state in WAITING,
        "lines": lines,
        "unsupported": [one for one in lines if one.unsupported],
        "not_mentioned": report.not_mentioned,
        "window": new_token(),
    }


def signing(kept: Kept) -> Mapping[str, object]:
    return {
        **note(kept),
        "text_sha256": text_hash(kept.draft.text),
        "changes": changes(kept.ai_text, kept.draft.text),
        "changed": kept.ai_text != kept.draft.text,
    }
