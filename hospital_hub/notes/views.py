"""What the panel's templates are given. Nothing is decided here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from hospital_hub.clinical.copy_forward import plain
from hospital_hub.clinical.grounding import Fact, Sentence, Verdict
from hospital_hub.clinical.sentences import split
from hospital_hub.notes.asking import Reply
from hospital_hub.notes.changes import changes
from hospital_hub.notes.checking import NoteChecker, outside
from hospital_hub.notes.draft import text_hash
from hospital_hub.notes.facts import age
from hospital_hub.notes.proofreading import Proof, missing_sections
from hospital_hub.notes.service import checker_of
from hospital_hub.notes.states import WAITING, choices
from hospital_hub.notes.store import Kept
from hospital_hub.storage.ids import new_token
from integrations.fhir.client import Resource
from integrations.fhir.paths import items, word

TOP = 3


@dataclass(frozen=True)
class Quoted:
    """A fact with what stands before and after it in the same text."""

    fact: Fact
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Line:
    """A checked sentence with its facts in place of their ids; `own` are the clinician's words, not the model's."""

    sentence: Sentence
    sources: tuple[Quoted, ...]
    contradicts: bool = False
    settled: bool = False
    own: bool = False

    @property
    def unsupported(self) -> bool:
        return self.sentence.verdict is Verdict.UNSUPPORTED

    @property
    def supported(self) -> bool:
        return self.sentence.verdict is Verdict.SUPPORTED

    @property
    def heading(self) -> bool:
        return self.sentence.verdict is Verdict.NOTHING_TO_CHECK and self.sentence.text.endswith((":", "："))

    @property
    def open(self) -> bool:
        """Needs to be kept or dropped; a clinician's own words are a source, unless the chart says otherwise."""
        return self.unsupported and not self.settled and (self.contradicts or not self.own)


@dataclass(frozen=True)
class PutBack:
    """A sentence of the model that is not in the text; `after` is the one that it followed."""

    line: Line
    after: str


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


def line(
    sentence: Sentence,
    facts: Sequence[Fact],
    *,
    checker: NoteChecker | None = None,
    settled: frozenset[str] = frozenset(),
) -> Line:
    places = {fact.id: place for place, fact in enumerate(facts)}
    quoted = tuple(_quoted(facts, places[one]) for one in sentence.sources if one in places)
    against = checker is not None and checker.contradicts(sentence)
    return Line(sentence, quoted, against, plain(sentence.text) in settled)


def _quoted(facts: Sequence[Fact], place: int) -> Quoted:
    fact = facts[place]
    if fact.span is None:
        return Quoted(fact)
    before, after = facts[place - 1] if place else None, facts[place + 1] if place + 1 < len(facts) else None
    return Quoted(fact, _of_same_text(before, fact), _of_same_text(after, fact))


def _of_same_text(other: Fact | None, fact: Fact) -> str:
    return other.text if other is not None and other.span is not None and other.source == fact.source else ""


def note(kept: Kept) -> Mapping[str, object]:
    """For the editor, the signing step and the status."""
    checker = checker_of(kept)
    report = checker.check(kept.draft.text)
    by_model = plain(kept.ai_text)
    lines = [
        replace(line(one, kept.facts, checker=checker, settled=kept.settled), own=plain(one.text) not in by_model)
        for one in report.sentences
    ]
    return {
        "note": kept.row,
        "kind": kept.kind,
        "draft": kept.draft,
        "rating": kept.rating,
        "state": kept.draft.state.value,
        "ai_text": kept.ai_text,
        "can": {step.value for step in choices(kept.draft.state)},
        "waiting": kept.draft.state in WAITING,
        "lines": lines,
        "unsupported": [one for one in lines if one.unsupported],
        "open_lines": [one for one in lines if one.open],
        "outside": _outside(kept, checker),
        "not_mentioned": report.not_mentioned,
        "missing_sections": missing_sections(kept.draft.text, kept.kind, language=kept.row.language or "en"),
        "extracted": [one for one in kept.kind.sections if one.id in kept.row.extracted],
        "window": new_token(),
    }


def _outside(kept: Kept, checker: NoteChecker) -> list[PutBack]:
    spans = split(kept.ai_text)
    before = {span.start: spans[place - 1].text if place else "" for place, span in enumerate(spans)}
    found = outside(checker, ai_text=kept.ai_text, text=kept.draft.text)
    return [PutBack(line(one, kept.facts, checker=checker), before[one.start]) for one in found]


def signing(kept: Kept) -> Mapping[str, object]:
    return {
        **note(kept),
        "text_sha256": text_hash(kept.draft.text),
        "changes": changes(kept.ai_text, kept.draft.text),
        "changed": kept.ai_text != kept.draft.text,
    }


def reply(given: Reply) -> Mapping[str, object]:
    return {"reply": given, "lines": [line(one, given.facts) for one in given.sentences]}


def proof(found: Proof, *, checker: NoteChecker, language: str) -> Mapping[str, object]:
    against, unknown = (
        [line(one, checker.facts, checker=checker) for one in some] for some in (found.against, found.unknown)
    )
    return {
        "proof": found,
        "against": against,
        "unknown": unknown,
        "text_language": language,
    }
