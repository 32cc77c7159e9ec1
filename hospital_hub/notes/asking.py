"""A question to the chart: a model answers from the facts, and only sentences that the facts hold are shown."""

from dataclasses import dataclass
from datetime import date

from hospital_hub.audit.events import Deed, record
from hospital_hub.clinical.grounding import Checker, Fact, Sentence, Verdict
from hospital_hub.clinical.sentences import split
from hospital_hub.inference.ask import answer
from hospital_hub.inference.question import Answered, Question
from hospital_hub.notes.chart import read_chart
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.facts import facts_of
from hospital_hub.notes.prompt import budget, question
from hospital_hub.notes.wording import is_chinese
from routing import Lane, Task

DEADLINE = 60.0


@dataclass(frozen=True)
class Reply:
    """`sentences` are supported; `withheld` counts those that were not. `unread` are types the EMR did not give."""

    language: str
    facts: tuple[Fact, ...]
    sentences: tuple[Sentence, ...]
    withheld: int
    unread: tuple[str, ...]
    answered: Answered


async def ask_chart(desk: Desk, asked: str, *, today: date) -> Reply:
    """Nothing of it is kept but who asked, when, and of which model.

    Raises:
        HubError: the EMR or the models do not answer.
    """
    async with desk.resources.database.work() as session:
        entity = f"Patient chart for login/{desk.login}"
        event = record(session, desk.who, deed=Deed.READ, entity=entity, subject=desk.subject)
        event.request_id = desk.request_id
    context = desk.context
    chart = await read_chart(desk.fhir, patient=context.patient, encounter=context.encounter)
    language, facts = facts_of(chart, today=today, language="zh-CN" if is_chinese(asked) else "en")
    tokens = budget(min(tier.context_tokens for tier in desk.models.registry.tiers.values()))
    note = question(asked, facts, language=language, tokens=tokens.prompt)
    answered = await answer(
        desk.models,
        Question(
            who=desk.who,
            prompt=note.prompt,
            text=asked,
            lane=Lane.CLINICIAN,
            entity=entity,
            answer_tokens=tokens.answer,
            deadline=DEADLINE,
            surface=Task.NOTE,
            subject=desk.subject,
            request_id=desk.request_id,
            whole=True,
        ),
    )
    checker = Checker(facts)
    said = [checker.sentence(span) for span in split(answered.text)]
    held = tuple(one for one in said if one.verdict is Verdict.SUPPORTED)
    withheld = sum(1 for one in said if one.verdict is Verdict.UNSUPPORTED)
    return Reply(language, facts, held, withheld, chart.unread, answered)
