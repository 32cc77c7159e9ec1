"""A draft as it is written: chart, facts, prompt, model, each finished sentence checked at once, then the row.

No unit of work is open while the EMR or a model is asked. Where no model can answer, the facts alone make the draft.
"""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date

from hospital_hub.audit.events import Deed, record
from hospital_hub.clinical.grounding import Fact, Sentence
from hospital_hub.errors import Busy, ModelsUnavailable, TooLong
from hospital_hub.inference.ask import ask
from hospital_hub.inference.question import Answered, Decided, Question, Token
from hospital_hub.notes.chart import read_chart
from hospital_hub.notes.checking import NoteChecker
from hospital_hub.notes.composing import Composed, Composer
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.draft import State, written
from hospital_hub.notes.facts import facts_of, language_of, names_of_patient
from hospital_hub.notes.kinds import kind_of
from hospital_hub.notes.outcomes import keep_grounding
from hospital_hub.notes.pen import Pen
from hospital_hub.notes.prompt import Budget, NotePrompt, budget, build
from hospital_hub.notes.said import facts_of_said
from hospital_hub.notes.sections import headings_of
from hospital_hub.notes.store import Kept, facts_json, keep, load, seal
from hospital_hub.notes.wording import WORDING, is_chinese
from hospital_hub.web.languages import marked
from routing import Lane, Task

DEADLINE = 180.0
READING, WAITING, WRITING = marked("Reading the chart"), marked("Waiting for a model"), marked("Writing")
FROM_FACTS = marked("No model can answer now. The draft is made of the facts alone.")


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


@dataclass(frozen=True)
class _Material:
    composer: Composer
    unread: tuple[str, ...]
    note: NotePrompt
    budget: Budget = field(repr=False)

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(self.composer.facts)


async def write(desk: Desk, identifier: uuid.UUID, *, today: date) -> AsyncGenerator[Step]:
    """Write the draft; a draft that is written already is done at once.

    Raises:
        HubError: the EMR does not answer, or a model broke off; nothing was stored and it can be asked again.
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
    material = await _material(desk, kept, today=today)
    yield Stage(WAITING, facts=len(material.note.used))
    pen = Pen(material.composer)
    try:
        async with aclosing(_heard(desk, identifier, material=material, pen=pen)) as steps:
            async for step in steps:
                yield step
    except (Busy, ModelsUnavailable, TooLong):
        yield Stage(FROM_FACTS)
    await _store(desk, identifier, material=material, pen=pen)
    yield Done()


async def _heard(desk: Desk, identifier: uuid.UUID, *, material: _Material, pen: Pen) -> AsyncGenerator[Step]:
    used = len(material.note.used)
    async with aclosing(ask(desk.models, _question(desk, identifier, material=material))) as events:
        async for event in events:
            if isinstance(event, Decided):
                pen.decided = event
                yield Stage(WRITING, facts=used, tier=event.decision.tier.label)
            elif isinstance(event, Answered):
                pen.answered = event
            elif isinstance(event, Token):
                for sentence in pen.add(event.text):
                    yield Finished(sentence, material.facts)
                yield Growing(pen.rest)
    for sentence in pen.last():
        yield Finished(sentence, material.facts)


async def _material(desk: Desk, kept: Kept, *, today: date) -> _Material:
    context = desk.context
    chart = await read_chart(desk.fhir, patient=context.patient, encounter=context.encounter)
    told = "zh-CN" if is_chinese(kept.said) else "en"
    language, of_chart = facts_of(
        chart, today=today, language=kept.row.language or (told if kept.said else language_of(chart))
    )
    hidden, instead = names_of_patient(chart.patient), WORDING[language].somebody
    facts = (*facts_of_said(kept.said, hidden=hidden, instead=instead), *of_chart)
    kind = kind_of(kept.row.kind, folder=desk.resources.settings.note_kinds_folder)
    smallest = min(tier.context_tokens for tier in desk.models.registry.tiers.values())
    tokens = budget(smallest)
    note = build(facts, kind=kind, language=language, tokens=tokens.prompt)
    return _Material(
        Composer(kind, language, facts, NoteChecker(facts, kept.said, headings_of(kind))), chart.unread, note, tokens
    )


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


async def _store(desk: Desk, identifier: uuid.UUID, *, material: _Material, pen: Pen) -> None:
    """State, text, facts and audit in one transaction; of two streams for one draft the first one counts."""
    vault, composed = desk.resources.vault, pen.composed()
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        if kept.draft.state is not State.WRITING:
            return
        draft, row = written(kept.draft, composed.text), kept.row
        row.ai_text = await seal(session, vault, kept=kept, column="ai_text", text=composed.ai_text)
        row.facts = await seal(session, vault, kept=kept, column="facts", text=facts_json(material.facts))
        row.language, row.left_out = material.composer.language, len(material.note.left_out)
        row.unread, row.extracted = list(material.unread), list(composed.extracted)
        row.prompt_version = material.note.prompt.version
        _label(kept, pen)
        await keep(session, vault, kept=kept, draft=draft)
        unsupported = _unsupported(material, composed)
        await keep_grounding(session, row.call_id, unsupported=unsupported)
        record(session, desk.who, deed=Deed.CREATE, entity=f"note_draft/{identifier}", subject=desk.subject)


def _label(kept: Kept, pen: Pen) -> None:
    if pen.answered is None or pen.decided is None:
        return
    row, answered, decision = kept.row, pen.answered, pen.decided.decision
    row.tier, row.weights, row.prompt_version = answered.tier, answered.weights, answered.prompt_version
    row.policy, row.reason = decision.trace.policy, decision.reason
    row.notice, row.call_id = answered.notice, answered.call_id


def _unsupported(material: _Material, composed: Composed) -> tuple[Sentence, ...]:
    """Of the text as the model wrote it."""
    return material.composer.checker.check(composed.ai_text).unsupported
