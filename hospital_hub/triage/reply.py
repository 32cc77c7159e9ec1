"""A model's words, checked sentence by sentence before anybody sees them; what is not fit becomes one fixed sentence.

Decides what the patient reads; knows no database and no page.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Final

from hospital_hub.clinical.text import Language
from hospital_hub.errors import HubError, UpstreamFailed
from hospital_hub.inference.question import Decided, Event, Token
from hospital_hub.triage.safe_text import LONGEST, Fitness, Verdict, judge
from hospital_hub.triage.sentence_buffer import SentenceBuffer
from hospital_hub.triage.tables import AnswerOutcome
from hospital_hub.web.languages import gettext_for

MOST_SENTENCES: Final = 2
MOST_HELD: Final = 2 * max(LONGEST.values())  # characters without an end; what is longer will never be fit


@dataclass(frozen=True)
class Reply:
    """What the patient reads in the end. `rule` names what kept the model's words back."""

    text: str
    outcome: AnswerOutcome
    rule: str = ""
    model_call: uuid.UUID | None = None
    prompt_version: str = ""

    @property
    def by_model(self) -> bool:
        return self.outcome is AnswerOutcome.ANSWERED


@dataclass
class Draft:
    """A reply while it is heard. `asking` is whether a question may be put, or only a hand-over said."""

    language: Language
    asking: bool
    prompt_version: str
    said: list[str] = field(default_factory=list)
    model_call: uuid.UUID | None = None
    kept_back: Verdict | None = None
    complete: bool = False
    _buffer: SentenceBuffer = field(default_factory=SentenceBuffer)

    def hear(self, piece: str) -> list[str]:
        """Sentences that may be shown now."""
        shown = [sentence for sentence in self._buffer.feed(piece) if self._take(sentence)]
        self.complete = self.complete or self._buffer.held > MOST_HELD
        return shown

    def end(self) -> list[str]:
        """As `hear`, for what the model left without an end."""
        rest = self._buffer.rest()
        return [rest] if rest and self._take(rest) else []

    def _take(self, sentence: str) -> bool:
        if self.complete:
            return False
        verdict = judge(sentence, language=self.language)
        if verdict.fitness is Fitness.FORBIDDEN or (verdict.fitness is Fitness.FOREIGN and not self.said):
            self.kept_back, self.complete = verdict, True
            return False
        question = verdict.fitness is Fitness.QUESTION and self.asking
        if not question and verdict.fitness is not Fitness.HANDOVER:
            return False
        self.said.append(sentence)
        self.complete = question or len(self.said) == MOST_SENTENCES
        return True

    def reply(self, failure: AnswerOutcome | None = None) -> Reply:
        """The model's sentences, or the fixed one; `failure` is why no more will come."""
        outcome, rule = self._outcome(failure)
        text = self._joined() if outcome is AnswerOutcome.ANSWERED else fixed_sentence(self.language)
        return Reply(text, outcome, rule, self.model_call, self.prompt_version)

    def _outcome(self, failure: AnswerOutcome | None) -> tuple[AnswerOutcome, str]:
        if self.kept_back is not None:
            forbidden = self.kept_back.fitness is Fitness.FORBIDDEN
            return (AnswerOutcome.BLOCKED if forbidden else AnswerOutcome.FOREIGN), self.kept_back.rule
        return (AnswerOutcome.ANSWERED if self.said else failure or AnswerOutcome.UNFIT), ""

    def _joined(self) -> str:
        return ("" if self.language == "zh-CN" else " ").join(self.said)


async def listen(events: AsyncGenerator[Event], draft: Draft, *, say: Callable[[str], None], patience: float) -> Reply:
    """Hear the model until it has said enough; `say` gets each sentence that may be shown. `patience` in seconds."""
    try:
        async with asyncio.timeout(patience):
            async for event in events:
                if isinstance(event, Decided):
                    draft.model_call = uuid.UUID(event.call_id)
                elif isinstance(event, Token):
                    for sentence in draft.hear(event.text):
                        say(sentence)
                if draft.complete:
                    return draft.reply()
    except TimeoutError:
        return draft.reply(AnswerOutcome.SLOW)
    except UpstreamFailed:
        return draft.reply(AnswerOutcome.BROKEN)
    except HubError:
        return draft.reply(AnswerOutcome.DOWN)
    for sentence in draft.end():
        say(sentence)
    return draft.reply()


def fixed_sentence(language: Language) -> str:
    """What the hospital says itself, in the patient's language."""
    _ = gettext_for(language)
    return _("A nurse will see you. Please wait here and listen for your number.")
