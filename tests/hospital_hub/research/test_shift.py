"""A worker's shift, in this process: the hub, the database and the model's wire are real."""

import asyncio
import uuid
from dataclasses import replace

import httpx
import pytest

from hospital_hub.research.service import TASK
from hospital_hub.research.shift import NORMAL, work_on
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage import outbox
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import rows
from tests.hospital_hub.research.conftest import BATCHES, HandIn, jsonl, questions

QUICK = replace(NORMAL, beat=0.05, look=0.02)


def never() -> bool:
    return False


async def shift(resources: Resources, batch: dict[str, str]) -> None:
    await work_on(resources, uuid.UUID(batch["id"]), stopping=never, rhythm=QUICK)


async def state_of(client: httpx.AsyncClient, batch: dict[str, str]) -> dict[str, object]:
    return dict((await client.get(f"{BATCHES}/{batch['id']}")).json())


async def test_every_item_gets_one_answer_and_the_job_is_done(
    researcher: httpx.AsyncClient, hand_in: HandIn, worker_resources: Resources, settings: Settings
) -> None:
    batch = await hand_in(questions(7))
    assert batch["state"] == "submitted"
    await shift(worker_resources, batch)
    now = await state_of(researcher, batch)
    assert (now["state"], now["answered"], now["failed"], now["remaining"]) == ("done", 7, 0, 0)
    assert rows(settings.database_url, "SELECT count(*) FROM model_call WHERE lane = 'batch'") == [(7,)]
    assert rows(settings.database_url, "SELECT count(*) FROM outbox WHERE done_at IS NULL") == [(0,)]


async def test_a_result_is_written_once_however_often_the_job_is_taken_up(
    hand_in: HandIn, worker_resources: Resources, settings: Settings, fake_vllm: FakeVllm
) -> None:
    batch = await hand_in(questions(6))
    await asyncio.gather(*(shift(worker_resources, batch) for _ in range(5)))
    assert len(fake_vllm.asked) == 6
    assert rows(settings.database_url, "SELECT count(*), max(fence) FROM job_result") == [(6, 1)]


async def test_who_lost_the_lease_writes_nothing(
    hand_in: HandIn, worker_resources: Resources, settings: Settings, fake_vllm: FakeVllm
) -> None:
    fake_vllm.gap = 0.2
    batch = await hand_in(questions(2))
    working = asyncio.create_task(shift(worker_resources, batch))
    while not fake_vllm.asked:
        await asyncio.sleep(0.01)
    rows(settings.database_url, "UPDATE outbox SET fence = fence + 1 RETURNING 1")
    await working
    assert rows(settings.database_url, "SELECT count(*) FROM job_result") == [(0,)]
    assert rows(settings.database_url, "SELECT lease_until IS NOT NULL, done_at FROM outbox") == [(True, None)]


async def test_cancelling_stops_what_is_under_way(
    researcher: httpx.AsyncClient, hand_in: HandIn, worker_resources: Resources, fake_vllm: FakeVllm
) -> None:
    fake_vllm.gap = 0.2
    batch = await hand_in(questions(40))
    working = asyncio.create_task(shift(worker_resources, batch))
    while not fake_vllm.asked:
        await asyncio.sleep(0.01)
    await researcher.post(f"{BATCHES}/{batch['id']}/cancel")
    async with asyncio.timeout(2):
        await working
    assert len(fake_vllm.asked) <= 4
    assert (await state_of(researcher, batch))["state"] == "cancelled"


async def test_no_model_puts_the_job_off_and_blames_no_item(
    researcher: httpx.AsyncClient,
    hand_in: HandIn,
    worker_resources: Resources,
    settings: Settings,
    fake_vllm: FakeVllm,
) -> None:
    fake_vllm.mode = Mode.ERROR
    batch = await hand_in(questions(3))
    await shift(worker_resources, batch)
    assert rows(settings.database_url, "SELECT sum(attempts), max(setbacks) FROM job_item") == [(0, 1)]
    put_off = "SELECT run_after > now() + interval '5 seconds', published_at, lease_until, done_at FROM outbox"
    assert rows(settings.database_url, put_off) == [(True, None, None, None)]
    assert (await state_of(researcher, batch))["state"] == "running"


async def test_an_item_that_no_model_takes_is_its_own_error_and_can_be_asked_again(
    researcher: httpx.AsyncClient, hand_in: HandIn, worker_resources: Resources, fake_vllm: FakeVllm
) -> None:
    batch = await hand_in(jsonl([{"question": "short"}, {"question": "长" * 8000}]))
    await shift(worker_resources, batch)
    now = await state_of(researcher, batch)
    assert (now["state"], now["answered"], now["failed"]) == ("done", 1, 1)
    lines = (await researcher.get(f"{BATCHES}/{batch['id']}/results.jsonl")).text
    assert '"error":"item_rejected"' in lines
    again = await researcher.post(f"{BATCHES}/{batch['id']}/retry-failed")
    assert (again.json()["state"], again.json()["remaining"]) == ("submitted", 1)
    await shift(worker_resources, batch)
    assert (await state_of(researcher, batch))["failed"] == 1
    assert len(fake_vllm.asked) == 1


async def test_an_answer_that_breaks_off_three_times_is_a_failure(
    researcher: httpx.AsyncClient, hand_in: HandIn, worker_resources: Resources, fake_vllm: FakeVllm
) -> None:
    fake_vllm.mode = Mode.CUT
    batch = await hand_in(questions(1))
    for _ in range(3):
        assert (await state_of(researcher, batch))["failed"] == 0
        await shift(worker_resources, batch)
    now = await state_of(researcher, batch)
    assert (now["state"], now["failed"]) == ("failed", 1)
    assert len(fake_vllm.asked) == 3


async def test_an_item_begun_three_times_without_a_result_holds_up_nobody(
    researcher: httpx.AsyncClient, hand_in: HandIn, worker_resources: Resources, settings: Settings
) -> None:
    """As after three workers that it killed."""
    batch = await hand_in(questions(3))
    rows(settings.database_url, "UPDATE job_item SET attempts = 3 WHERE ordinal = 1 RETURNING 1")
    await shift(worker_resources, batch)
    now = await state_of(researcher, batch)
    assert (now["state"], now["answered"], now["failed"]) == ("done", 2, 1)


@pytest.mark.parametrize("at_once", [1, 5])
async def test_as_many_at_once_as_the_settings_say(
    hand_in: HandIn, worker_resources: Resources, fake_vllm: FakeVllm, at_once: int
) -> None:
    fake_vllm.gap = 0.02
    most = 0
    batch = await hand_in(questions(8))
    chosen = worker_resources.settings.model_copy(update={"worker_concurrency": at_once})
    working = asyncio.create_task(shift(replace(worker_resources, settings=chosen), batch))
    while not working.done():
        most = max(most, fake_vllm.open)
        await asyncio.sleep(0.005)
    assert 1 <= most <= at_once


async def test_a_worker_that_is_to_end_gives_the_job_back(
    hand_in: HandIn, worker_resources: Resources, settings: Settings, fake_vllm: FakeVllm
) -> None:
    fake_vllm.gap = 0.5
    batch = await hand_in(questions(4))
    await work_on(worker_resources, uuid.UUID(batch["id"]), stopping=lambda: bool(fake_vllm.asked), rhythm=QUICK)
    given_back = "SELECT published_at, lease_until, run_after <= now() FROM outbox"
    assert rows(settings.database_url, given_back) == [(None, None, True)]
    assert rows(settings.database_url, "SELECT sum(attempts) FROM job_item") == [(0,)]


async def test_a_shift_ends_and_the_next_goes_on(
    hand_in: HandIn, worker_resources: Resources, settings: Settings, fake_vllm: FakeVllm
) -> None:
    fake_vllm.gap = 0.05
    batch = await hand_in(questions(6))
    short = replace(QUICK, shift=0.1)
    await work_on(worker_resources, uuid.UUID(batch["id"]), stopping=never, rhythm=short)
    first = rows(settings.database_url, "SELECT count(*) FROM job_result")[0][0]
    assert isinstance(first, int)
    assert 0 < first < 6
    await shift(worker_resources, batch)
    assert rows(settings.database_url, "SELECT count(*), max(fence) FROM job_result") == [(6, 2)]


async def test_nothing_happens_for_a_job_that_is_not_there(worker_resources: Resources) -> None:
    await work_on(worker_resources, uuid.uuid4(), stopping=never)


async def test_a_lease_is_renewed_while_items_are_slow(
    hand_in: HandIn, worker_resources: Resources, settings: Settings, fake_vllm: FakeVllm
) -> None:
    fake_vllm.tokens, fake_vllm.gap = ["slow"], 2.5
    batch = await hand_in(questions(1))
    await work_on(worker_resources, uuid.UUID(batch["id"]), stopping=never, rhythm=replace(QUICK, lease=1, beat=0.2))
    assert rows(settings.database_url, "SELECT count(*) FROM job_result") == [(1,)]
    async with worker_resources.database.work() as session:
        assert await outbox.claim(session, task=TASK, subject_id=uuid.UUID(batch["id"]), seconds=1) is None
