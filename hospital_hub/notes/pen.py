"""What a model has written of a draft so far: sentences as they are completed, section by section. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hospital_hub.clinical.grounding import Sentence
from hospital_hub.clinical.sentences import Span, complete, split
from hospital_hub.inference.question import Answered, Decided
from hospital_hub.notes.composing import Composed, Composer
from hospital_hub.notes.sections import SectionReader, heading


@dataclass
class Pen:
    """`rest` is the sentence under way; without `answered` there was no model."""

    composer: Composer
    rest: str = ""
    decided: Decided | None = None
    answered: Answered | None = None
    _reader: SectionReader = field(default_factory=SectionReader)
    _section: str = ""

    def add(self, text: str) -> list[Sentence]:
        """Sentences that this piece completes, headings among them."""
        found: list[Sentence] = []
        for piece in self._reader.feed(text):
            if piece.section != self._section:
                found += [*self.last(), *self._heading(piece.section)]
                self._section = piece.section
            spans, self.rest = complete(self.rest + piece.text)
            found += [self.composer.checker.sentence(span) for span in spans]
        return found

    def last(self) -> list[Sentence]:
        spans, self.rest = split(self.rest), ""
        return [self.composer.checker.sentence(span) for span in spans]

    def composed(self) -> Composed:
        if self.answered is None:
            return self.composer.from_facts()
        if self._reader.plain:
            return self.composer.from_text(self.answered.text)
        return self.composer.from_sections(self._reader.texts)

    def _heading(self, section: str) -> Iterator[Sentence]:
        for one in self.composer.kind.sections:
            if one.id == section:
                title = heading(one.title.of(self.composer.language), self.composer.language)
                yield self.composer.checker.sentence(Span(title, 0, len(title)))
