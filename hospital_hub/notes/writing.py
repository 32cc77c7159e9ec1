"""A draft as it is written: chart, facts, prompt, model, each finished sentence checked at once, then the row.

No unit of work is open while the EMR or a model is asked.
"""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date

from hospital_hub.audit.events import Deed, record
from hospital_hub.clinical.grounding import Checker, Fact, Sentence
from hospital_hub.clinical.sentences import complete, split
from hospital_hub.inference.ask import ask
from hospital_hub.inference.question import Answered, Decided, Question, Token
from hospital_hub.notes.chart import Chart, read_chart
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.draft import State, written
from hospital_hub.notes.facts import facts_of
from hospital_hub.notes.outcomes import keep_grounding
from hospital_hub.notes.prompt import Budget, NotePrompt, budget, build
from hospital_hub.notes.store import facts_json, keep, load, seal
from hospital_hub.web.languages import marked
from routing import Lane, Task

DEADLINE = 180.0
READING, WAITING, WRITING = marked("Reading the chart"), marked("Waiting for a model"), marked("Writing")


@dataclass(frozen=True)
class Stage:
    """`name` is a msgid."""

    name: str
    facts: int = 0
    tier: str = ""


@dataclass(frozen=True)
class Growing:
    """The sentence under way, as far as it is written."""

    text: str


@dataclass(frozen=True)
class Finished:
    sentence: Sentence
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Done:
    """The draft stands in its row."""


Step = Stage | Growing | Finished | Done


@dataclass
class _Pen:
    """What is written so far."""

    checker: Checker
    rest: str = ""
    decided: Decided | None = None
    answered: Answered | None = None

    def add(self, text: str) -> list[Sentence]:
        """Sentences that this piece completes."""
        spans, self.rest = complete(self.rest + text)
        return [self.checker.sentence(span) for span in spans]

    def last(self) -> list[Sentence]:
        return [self.checker.sentence(span) for span in split(self.rest)]


@dataclass(frozen=True)
class _Material:
    chart: Chart
    language: str
    facts: tuple[Fact, ...]
    note: NotePrompt
    budget: Budget = field(repr=False)


async def write(desk: Desk, identifier: uuid.UUID, *, today: date) -> AsyncGenerator[Step]:
    """Write the draft; a draft that is written already is done at once.

    Raises:
        HubError: the EMR or the models do not answer; nothing was stored and it can be asked again.
    """
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier)
        record(
            session, desk.who, deed=Deed.READ, entity=f"Patient chart for note_draft/{identifier}", subject=desk.subject
        )
    if kept.draft.state is not State.WRITING:
        yield Done()
        return
    yield Stage(READING)
    material = await _material(desk, today=today)
    yield Stage(WAITING, facts=len(material.note.used))
    pen = _Pen(Checker(material.facts))
    async with aclosing(ask(desk.models, _question(desk, identifier, material=material))) as events:
        async for event in events:
            if isinstance(event, Decided):
                pen.decided = event
                yield Stage(WRITING, facts=len(material.note.used), tier=event.decision.tier.label)
            elif isinstance(event, Answered):
                pen.answered = event
            elif isinstance(event, Token):
                for sentence in pen.add(event.text):
                    yield Finished(sentence, material.facts)
                yield Growing(pen.rest)
    for sentence in pen.last():
        yield Finished(sentence, material.facts)
    await _store(desk, identifier, material=material, pen=pen)
    yield Done()


async def _material(desk: Desk, *, today: date) -> _Material:
    context = desk.context
    chart = await read_chart(desk.fhir, patient=context.patient, encounter=context.encounter)
    language, facts = facts_of(chart, today=today)
    smallest = min(tier.context_tokens for tier in desk.models.registry.tiers.values())
    tokens = budget(smallest)
    note = build(facts, language=language, tokens=tokens.prompt)
    return _Material(chart, language, facts, note, tokens)


def _question(desk: Desk, identifier: uuid.UUID, *, material: _Material) -> Question:
    return Question(
        who=desk.who,
        prompt=material.note.prompt,
        # Routing reads what the note is about; the whole chart would drown the few words that show difficulty.
        text="\n".join(fact.text for fact in material.note.used),
        lane=Lane.CLINICIAN,
        entity=f"note_draft/{identifier}",
        answer_tokens=material.budget.answer,
        deadline=DEADLINE,
        surface=Task.NOTE,
        subject=desk.subject,
        request_id=desk.request_id,
    )


async def _store(desk: Desk, identifier: uuid.UUID, *, material: _Material, pen: _Pen) -> None:
    """State, text, facts and audit in one transaction; of two streams for one draft the first one counts."""
    vault = desk.resources.vault
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        if kept.draft.state is not State.WRITING or pen.answered is None or pen.decided is None:
            return
        draft = written(kept.draft, pen.answered.text)
        row, answered, decision = kept.row, pen.answered, pen.decided.decision
        row.ai_text = await seal(session, vault, kept=kept, column="ai_text", text=draft.text)
        row.facts = await seal(session, vault, kept=kept, column="facts", text=facts_json(material.facts))
        row.language, row.left_out = material.language, len(material.note.left_out)
        row.unread = list(material.chart.unread)
        row.tier, row.weights, row.prompt_version = answered.tier, answered.weights, answered.prompt_version
        row.policy, row.reason = decision.trace.policy, decision.reason
        row.notice, row.call_id = answered.notice, answered.call_id
        await keep(session, vault, kept=kept, draft=draft)
        await keep_grounding(session, answered.call_id, unsupported=pen.checker.check(draft.text).unsupported)
        record(session, desk.who, deed=Deed.CREATE, entity=f"note_draft/{identifier}", subject=desk.subject)
