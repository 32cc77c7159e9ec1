"""From what a model answered to the draft that is shown.

What contradicts its source is out, what no source says has no place in a plan, and a section that failed is made of
the facts alone. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hospital_hub.clinical.grounding import Fact, Sentence, Verdict
from hospital_hub.clinical.sentences import split
from hospital_hub.notes.checking import NoteChecker
from hospital_hub.notes.extract import body_of, extract, nothing_in
from hospital_hub.notes.kinds import Kind, Section
from hospital_hub.notes.sections import joined, sections_in


@dataclass(frozen=True)
class Composed:
    """`ai_text` is all that the model wrote, `extracted` are sections made of the facts alone."""

    text: str
    ai_text: str
    extracted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Composer:
    kind: Kind
    language: str
    facts: Sequence[Fact]
    checker: NoteChecker

    def from_sections(self, answers: Mapping[str, str]) -> Composed:
        bodies, extracted = {}, []
        for section in self.kind.sections:
            answer = answers.get(section.id, "").strip()
            body, made_of_facts = self._body(section, answer)
            bodies[section.id] = body
            extracted += [section.id] if made_of_facts else []
        given = {section.id: answers.get(section.id, "").strip() for section in self.kind.sections}
        ai_text = joined(self.kind, given, language=self.language)
        return Composed(joined(self.kind, bodies, language=self.language), ai_text, tuple(extracted))

    def from_text(self, text: str) -> Composed:
        """Of a model that gave no JSON; a text with none of the headings stays as it is, as far as it holds."""
        answers = sections_in(text, self.kind, language=self.language)
        if set(answers) - {""}:
            made = self.from_sections(answers)
            before = self.without(answers.get("", ""), only_sourced=False)
            return Composed(f"{before}\n{made.text}".strip(), text, made.extracted)
        checked = [self.checker.sentence(span) for span in split(text)]
        if not checked or _all_failed(checked):
            return self.from_facts(ai_text=text)
        return Composed(self.without(text, only_sourced=False), text)

    def from_facts(self, *, ai_text: str = "") -> Composed:
        text = extract(self.facts, language=self.language, kind=self.kind)
        return Composed(text, ai_text or text, tuple(one.id for one in self.kind.sections))

    def without(self, text: str, *, only_sourced: bool) -> str:
        """The text without sentences that contradict a source, or with `only_sourced` without any unsupported one."""
        for span in reversed(split(text)):
            sentence = self.checker.sentence(span)
            if self.checker.contradicts(sentence) or (only_sourced and sentence.verdict is Verdict.UNSUPPORTED):
                text = text[: span.start].rstrip(" ") + text[span.end :]
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())

    def _body(self, section: Section, answer: str) -> tuple[str, bool]:
        """The section's text, and whether it was made of the facts because the answer was missing or failed."""
        checked = [self.checker.sentence(span) for span in split(answer)]
        if checked and (section.only_sourced or not _all_failed(checked)):
            body = self.without(answer, only_sourced=section.only_sourced)
            if body:
                return body, False
        nothing = nothing_in(section, language=self.language)
        due = checked or section.required
        body = body_of(section, self.facts, language=self.language) if due else ""
        return (body, True) if body and body != nothing else (nothing if section.required else "", False)


def _all_failed(checked: Sequence[Sentence]) -> bool:
    verdicts = {one.verdict for one in checked}
    return Verdict.UNSUPPORTED in verdicts and Verdict.SUPPORTED not in verdicts
