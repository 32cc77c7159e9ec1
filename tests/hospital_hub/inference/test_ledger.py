"""The ledger's rows: durable before a model is asked, exact afterwards, and nothing stays open for ever."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import func, update
from sqlmodel import col

from hospital_hub.errors import Unavailable
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ledger import Ledger
from hospital_hub.inference.ledger_values import Attempt, AttemptResult, Closing, Taken, Tally
from hospital_hub.inference.outcomes import AttemptOutcome
from hospital_hub.inference.question import Message, Prompt, Question
from hospital_hub.inference.sweep import Patience, sweep
from hospital_hub.inference.tables import HubProcess, ModelCall, Outcome
from hospital_hub.inference.upkeep import Retention, purge
from hospital_hub.inference.usage import used
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.database import Database
from routing import Fleet, Lane, Replica, Tier, TierView, load_policy
from routing.replay import case_of
from tests.fixtures.hub import rows

PROGRAM = Principal(id="key/1", role=Role.SERVICE, display_name="Reports", department="Pathology")
ASKED = Question(
    who=PROGRAM,
    prompt=Prompt("test/plain@1", (Message("user", "Summarise the stay."),)),
    text="Summarise the stay.",
    lane=Lane.STAFF,
    entity="v1/abcdefgh",
    answer_tokens=64,
    subject=b"\x02" * 32,
    request_id="abcdefgh",
)


def fleet(*, healthy: bool) -> Fleet:
    return Fleet(
        tuple(
            TierView(tier, context_tokens=32_768, max_inflight=8, replicas=(Replica("a", healthy, running=0),))
            for tier in Tier
        )
    )


def decided(*, healthy: bool = True) -> Taken:
    case = case_of(ASKED.for_routing(), fleet(healthy=healthy))
    return Taken(case.decide(load_policy()), case)


FIRST = Attempt(1, "r1-32b", "r1-32b-0")
ENDED = Closing(
    Outcome.ANSWERED,
    "r1-70b",
    Tally(replica="r1-70b-0", attempts=2, prompt_tokens=20, completion_tokens=6, first_token_ms=30, total_ms=90),
    (
        AttemptResult(1, AttemptOutcome.SLOW, prompt_tokens=10, queue_ms=3, total_ms=20),
        AttemptResult(2, AttemptOutcome.ANSWERED, prompt_tokens=10, completion_tokens=6, reasoning_tokens=2),
    ),
)


@pytest_asyncio.fixture
async def ledger(resources: Resources) -> AsyncIterator[Ledger]:
    made = Ledger(resources.database, resources.registry)
    yield made
    await made.stop()


async def test_a_question_is_durable_with_its_audit_event_and_its_first_attempt(
    ledger: Ledger, settings: Settings
) -> None:
    call_id = await ledger.open(ASKED, decided(), attempt=FIRST)
    assert rows(settings.database_url, "SELECT id, outcome, who, role, department, lane, process FROM model_call") == [
        (call_id, "OPEN", "key/1", "SERVICE", "Pathology", "staff", ledger.process)
    ]
    query = "SELECT deed, who, entity, subject, request_id, detail->>'model_call' FROM audit_event"
    assert rows(settings.database_url, query) == [
        ("ASK", "key/1", "v1/abcdefgh", b"\x02" * 32, "abcdefgh", str(call_id))
    ]
    assert rows(settings.database_url, "SELECT call_id, number, tier, replica, outcome FROM model_attempt") == [
        (call_id, 1, "r1-32b", "r1-32b-0", "OPEN")
    ]


async def test_every_attempt_has_its_row_and_the_month_its_tokens(ledger: Ledger, settings: Settings) -> None:
    for _ in range(2):
        call_id = await ledger.open(ASKED, decided(), attempt=FIRST)
        await ledger.attempt(call_id, Attempt(2, "r1-70b", "r1-70b-0"))
        ledger.close(call_id, ENDED)
        ledger.close(call_id, ENDED)  # said twice, counted once
    await ledger.settle()
    query = "SELECT DISTINCT number, outcome, prompt_tokens, completion_tokens, reasoning_tokens, queue_ms, cost"
    assert rows(settings.database_url, f"{query} FROM model_attempt ORDER BY number") == [
        (1, "SLOW", 10, 0, 0, 3, 0.0025),
        (2, "ANSWERED", 10, 6, 2, 0, 0.008),
    ]
    assert rows(settings.database_url, "SELECT DISTINCT outcome, tier, attempts, total_ms FROM model_call") == [
        ("ANSWERED", "r1-70b", 2, 90)
    ]
    assert rows(settings.database_url, "SELECT who, tokens FROM month_use") == [("key/1", 52)]


async def test_many_at_once_share_a_transaction(ledger: Ledger, settings: Settings) -> None:
    made = await asyncio.gather(*(ledger.open(ASKED, decided(), attempt=FIRST) for _ in range(200)))
    assert len(set(made)) == 200
    assert rows(settings.database_url, "SELECT count(*) FROM audit_event") == [(200,)]
    (transactions,) = rows(settings.database_url, "SELECT count(DISTINCT xmin::text) FROM model_call")[0]
    assert int(str(transactions)) < 20


async def test_a_refusal_is_closed_at_once_and_says_so_in_the_audit(ledger: Ledger, settings: Settings) -> None:
    await ledger.open(ASKED, decided(healthy=False))
    assert rows(settings.database_url, "SELECT outcome, tier FROM model_call") == [("REFUSED", "")]
    assert rows(settings.database_url, "SELECT deed FROM audit_event") == [("REFUSE",)]
    assert rows(settings.database_url, "SELECT count(*) FROM model_attempt") == [(0,)]


async def test_without_a_database_nothing_may_be_asked(resources: Resources) -> None:
    nowhere = Database.open("postgresql+psycopg://hub@127.0.0.1:1/hub")
    ledger = Ledger(nowhere, resources.registry)
    with pytest.raises(Unavailable) as refused:
        await ledger.open(ASKED, decided())
    assert refused.value.code == "database_unavailable"
    await ledger.stop()
    await nowhere.close()


async def test_a_connection_that_broke_is_opened_again(ledger: Ledger, settings: Settings) -> None:
    await ledger.open(ASKED, decided())
    end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
    rows(settings.database_url, f"{end} AND pid <> pg_backend_pid()")
    await ledger.open(ASKED, decided())
    assert rows(settings.database_url, "SELECT count(*) FROM model_call") == [(2,)]
    assert rows(settings.database_url, "SELECT count(*) FROM audit_event") == [(2,)]


async def test_one_row_that_cannot_be_stored_takes_no_other_with_it(ledger: Ledger, settings: Settings) -> None:
    poisoned = replace(ASKED, entity="v1/\x00")
    asked = (ASKED, poisoned, ASKED)
    results = await asyncio.gather(*(ledger.open(one, decided()) for one in asked), return_exceptions=True)
    assert [isinstance(result, uuid.UUID) for result in results] == [True, False, True]
    assert rows(settings.database_url, "SELECT count(*) FROM model_call") == [(2,)]


async def test_a_caller_who_leaves_while_his_row_is_written_leaves_no_open_row(
    ledger: Ledger, settings: Settings
) -> None:
    asking = asyncio.create_task(ledger.open(ASKED, decided()))
    while not ledger.lag:
        await asyncio.sleep(0)
    while ledger.lag:  # handed to the database
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await ledger.settle()
    assert rows(settings.database_url, "SELECT outcome FROM model_call WHERE outcome = 'OPEN'") == []


async def test_what_a_dead_process_left_open_is_lost_and_a_living_one_keeps_its_own(
    ledger: Ledger, resources: Resources, settings: Settings
) -> None:
    dead = Ledger(resources.database, resources.registry)
    for one in (dead, ledger):
        await one.open(ASKED, decided(), attempt=FIRST)
    await asyncio.sleep(0.05)  # both have said that they live
    rows(settings.database_url, "SELECT 1")
    await age(resources, process=dead.process)
    assert await sweep(resources.database) == 1
    assert await sweep(resources.database) == 0
    found = rows(settings.database_url, "SELECT outcome FROM model_call ORDER BY outcome")
    assert found == [("LOST",), ("OPEN",)]
    found = rows(settings.database_url, "SELECT outcome FROM model_attempt ORDER BY outcome")
    assert found == [("LOST",), ("OPEN",)]
    await dead.stop()


async def test_no_row_stays_open_longer_than_any_answer(
    ledger: Ledger, resources: Resources, settings: Settings
) -> None:
    call_id = await ledger.open(ASKED, decided(), attempt=FIRST)
    assert await sweep(resources.database, Patience(longest=0.0)) == 1
    ledger.close(call_id, ENDED)  # late, and then the truth
    await ledger.settle()
    assert rows(settings.database_url, "SELECT outcome FROM model_call") == [("ANSWERED",)]


async def age(resources: Resources, *, process: uuid.UUID) -> None:
    """As if nothing had been heard of this process, and its rows been open, for some minutes."""
    past = func.now() - timedelta(minutes=2)
    async with resources.database.work() as session:
        await session.exec(update(HubProcess).where(col(HubProcess.id) == process).values(seen_at=past))
        await session.exec(update(ModelCall).where(col(ModelCall.process) == process).values(at=past))


async def test_usage_is_the_sum_of_the_attempts(ledger: Ledger, resources: Resources) -> None:
    for _ in range(3):
        call_id = await ledger.open(ASKED, decided(), attempt=FIRST)
        await ledger.attempt(call_id, Attempt(2, "r1-70b", "r1-70b-0"))
        ledger.close(call_id, ENDED)
    await ledger.settle()
    async with resources.database.work() as session:
        lines = await used(session, ("department", "tier"), since=utc_now() - timedelta(hours=1))
    assert [line.cells() for line in lines] == [
        ("Pathology", "r1-32b", "3", "3", "30", "0", "0", "0.007"),
        ("Pathology", "r1-70b", "3", "3", "30", "18", "6", "0.024"),
    ]


async def test_what_was_kept_long_enough_is_forgotten(ledger: Ledger, resources: Resources, settings: Settings) -> None:
    old = await ledger.open(ASKED, decided(), attempt=FIRST)
    ledger.close(old, ENDED)
    await ledger.settle()
    day = timedelta(days=1)
    await purge(resources.database, Retention(day, day, 2 * day), now=utc_now() + day + timedelta(minutes=1))
    assert rows(settings.database_url, "SELECT decision FROM model_call") == [({},)]
    open_one = await ledger.open(ASKED, decided(), attempt=FIRST)
    await purge(resources.database, Retention(day, day, 2 * day), now=utc_now() + 3 * day)
    assert rows(settings.database_url, "SELECT id FROM model_call") == [(open_one,)]
    assert rows(settings.database_url, "SELECT call_id FROM model_attempt") == [(open_one,)]
    assert rows(settings.database_url, "SELECT count(*) FROM audit_event") == [(2,)]
