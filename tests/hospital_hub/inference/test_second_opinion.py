"""Two models asked apart, a third where they differ; every attempt in the ledger as what it was."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from hospital_hub.errors import ModelsUnavailable
from hospital_hub.inference import placing
from hospital_hub.inference.ask import Models, ask
from hospital_hub.inference.question import Agreement, Answered, Consulting, Decided, Prompt, Question, Token
from hospital_hub.inference.second_opinion import agree
from hospital_hub.resources import Resources
from routing import Task
from tests.fakes.breakable import Breakable, Fault, serving
from tests.fakes.fleet import asking, question
from tests.fixtures.hub import rows

HARD = "Which of the following is the most likely mechanism of resistance? A) efflux B) hydrolysis C) target change"


@dataclass
class Trio:
    models: Models
    small: Breakable
    middle: Breakable
    large: Breakable
    url: str

    async def attempts(self) -> list[tuple[object, ...]]:
        await self.models.ledger.settle()
        return rows(self.url, "SELECT number, tier, outcome FROM model_attempt ORDER BY number")


@pytest_asyncio.fixture
async def trio(resources: Resources) -> AsyncIterator[Trio]:
    small, middle, large = (Breakable(answer=answer) for answer in ("It is B", "B", "The answer is C"))
    servers = {"r1-32b": [small], "r1-70b": [middle], "r1-671b": [large]}
    async with serving(small, middle, large), asking(resources, servers) as models:
        yield Trio(models, small, middle, large, resources.settings.database_url)


def hard(kind: Agreement | None = Agreement.CHOICE) -> Question:
    return replace(question(task=Task.RESEARCH), text=HARD, second_opinion=kind)


async def heard(trio: Trio, asked: Question) -> tuple[list[object], Answered]:
    events = [event async for event in ask(trio.models, asked)]
    last = events[-1]
    assert isinstance(events[0], Decided)
    assert isinstance(last, Answered)
    return events, last


async def test_where_both_agree_that_is_the_answer_and_nobody_asks_the_large_model(trio: Trio) -> None:
    events, last = await heard(trio, hard())
    assert (last.text, last.tier, last.agreed) == ("B", "r1-70b", ("r1-32b", "r1-70b"))
    assert [type(event) for event in events] == [Decided, Consulting, Decided, Token, Answered]
    assert trio.large.asked == 0
    assert await trio.attempts() == [(1, "r1-32b", "ANSWERED"), (2, "r1-70b", "ANSWERED")]
    assert rows(trio.url, "SELECT outcome, tier, attempts, prompt_tokens FROM model_call") == [
        ("ANSWERED", "r1-70b", 2, 20)
    ]


async def test_where_they_differ_the_arbiter_answers_and_nothing_of_theirs_is_shown(trio: Trio) -> None:
    trio.small.answer = "A"
    events, last = await heard(trio, hard())
    assert (last.text, last.tier, last.agreed) == ("The answer is C", "r1-671b", ())
    assert last.opinions == ("r1-32b", "r1-70b", "r1-671b")
    assert "".join(event.text for event in events if isinstance(event, Token)) == "The answer is C"
    assert [event.tiers for event in events if isinstance(event, Consulting)] == [("r1-32b", "r1-70b"), ("r1-671b",)]
    assert [row[1:] for row in await trio.attempts()] == [
        ("r1-32b", "ANSWERED"),
        ("r1-70b", "ANSWERED"),
        ("r1-671b", "ANSWERED"),
    ]


@pytest.mark.parametrize("which", ["small", "middle"])
async def test_where_one_of_the_two_fails_the_arbiter_answers(trio: Trio, which: str) -> None:
    await getattr(trio, which).break_with(Fault.ERROR)
    _, last = await heard(trio, hard())
    assert (last.text, last.agreed) == ("The answer is C", ())
    assert len(last.opinions) == 2
    assert sorted(row[2] for row in await trio.attempts()) == ["ANSWERED", "ANSWERED", "BROKEN"]


async def test_of_two_that_differ_none_is_taken_when_the_arbiter_fails(trio: Trio) -> None:
    trio.small.answer = "A"
    await trio.large.break_with(Fault.ERROR)
    with pytest.raises(ModelsUnavailable):
        await heard(trio, hard())
    await trio.attempts()
    assert rows(trio.url, "SELECT outcome FROM model_call") == [("FAILED",)]


async def test_without_a_place_for_both_one_model_answers_alone(trio: Trio) -> None:
    entry = trio.models.registry.tiers["r1-70b"].model_copy(update={"max_inflight": 1})
    tiers = {**trio.models.registry.tiers, "r1-70b": entry}
    trio.models.fleet.adopt(trio.models.registry.model_copy(update={"tiers": tiers}))
    held = await trio.models.gate.enter(placing.want(hard(), (placing.Tier.R1_70B,)))
    assert not isinstance(held, placing.Full)
    _, last = await heard(trio, hard())
    assert last.agreed == last.opinions == ()
    assert len(await trio.attempts()) == 1
    assert all(row["under_way"] == (row["tier"] == "r1-70b") for row in trio.models.gate.rows())


async def test_who_names_no_kind_gets_one_answer(trio: Trio) -> None:
    _, last = await heard(trio, hard(None))
    assert len(await trio.attempts()) == 1
    assert last.agreed == ()


SCHEMA = {"type": "object", "properties": {"dose": {}, "why": {}}, "required": ["dose"]}


@pytest.mark.parametrize(
    ("kind", "first", "second", "same"),
    [
        (Agreement.CHOICE, "the answer is (b)", "B", True),
        (Agreement.CHOICE, "A", "B", False),
        (Agreement.FIELDS, '{"dose": 5, "why": "x"}', '{"dose": 5.0}', True),
        (Agreement.FIELDS, '{"dose": 5}', '{"dose": 50}', False),
        (Agreement.FIELDS, "no JSON", "no JSON", False),
        (lambda first, second: first[0] == second[0], "same", "so", True),
        (None, "B", "B", False),
    ],
)
def test_agreement_is_of_the_kind_that_the_caller_named(kind: object, first: str, second: str, *, same: bool) -> None:
    asked = replace(hard(), second_opinion=kind, prompt=Prompt("test@1", (), SCHEMA))  # type: ignore[arg-type]
    assert agree(asked, first, second) is same
