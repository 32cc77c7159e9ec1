"""The outbox by the database's own clock: what is due, who holds a lease, what a lost lease cannot do."""

import asyncio
import uuid

import pytest

from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage import outbox
from hospital_hub.storage.outbox import Lease, LeaseLost, Message
from tests.fixtures.hub import rows

TASK = "test.task"


async def enqueue(resources: Resources) -> uuid.UUID:
    subject = uuid.uuid4()
    async with resources.database.work() as session:
        outbox.enqueue(session, task=TASK, subject_id=subject, queue="batch")
    return subject


async def take(resources: Resources) -> list[uuid.UUID]:
    async with resources.database.work() as session:
        return [message.subject_id for message in await outbox.take_due(session)]


async def claim(resources: Resources, subject: uuid.UUID, *, seconds: int = 60) -> Lease | None:
    async with resources.database.work() as session:
        return await outbox.claim(session, task=TASK, subject_id=subject, seconds=seconds)


def later(settings: Settings, seconds: int) -> None:
    """Let time pass, by moving every time in the table into the past."""
    columns = ("run_after", "published_at", "lease_until")
    moved = ", ".join(f"{column} = {column} - interval '{seconds} seconds'" for column in columns)
    rows(settings.database_url, f"UPDATE outbox SET {moved} RETURNING 1")  # noqa: S608


async def test_a_row_goes_out_once(resources: Resources) -> None:
    subject = await enqueue(resources)
    assert await take(resources) == [subject]
    assert await take(resources) == []


async def test_a_row_that_nobody_picks_up_goes_out_again_after_a_minute(
    resources: Resources, settings: Settings
) -> None:
    subject = await enqueue(resources)
    await take(resources)
    later(settings, 59)
    assert await take(resources) == []
    later(settings, 2)
    assert await take(resources) == [subject]
    assert rows(settings.database_url, "SELECT publications FROM outbox") == [(2,)]


async def test_a_row_with_a_living_lease_stays(resources: Resources, settings: Settings) -> None:
    subject = await enqueue(resources)
    await take(resources)
    assert await claim(resources, subject, seconds=100)
    later(settings, 99)
    assert await take(resources) == []
    later(settings, 2)
    assert await take(resources) == [subject]
    assert await take(resources) == []


async def test_what_did_not_reach_the_broker_is_due_at_once(resources: Resources) -> None:
    subject = await enqueue(resources)
    async with resources.database.work() as session:
        messages = await outbox.take_due(session)
        await outbox.give_back(session, messages)
    assert messages == [Message(messages[0].id, TASK, subject, "batch")]
    assert await take(resources) == [subject]


async def test_put_off_and_finish(resources: Resources, settings: Settings) -> None:
    subject = await enqueue(resources)
    assert await claim(resources, subject)
    async with resources.database.work() as session:
        await outbox.put_off(session, task=TASK, subject_id=subject, seconds=30)
    assert await take(resources) == []
    assert await claim(resources, subject) is None
    later(settings, 31)
    assert await take(resources) == [subject]
    async with resources.database.work() as session:
        await outbox.finish(session, task=TASK, subject_id=subject)
    later(settings, 1000)
    assert await take(resources) == []
    assert await claim(resources, subject) is None


async def test_one_of_many_gets_the_lease(resources: Resources) -> None:
    subject = await enqueue(resources)
    leases = await asyncio.gather(*(claim(resources, subject) for _ in range(10)))
    assert [lease.fence for lease in leases if lease] == [1]


async def test_many_publishers_take_each_row_once(resources: Resources) -> None:
    subjects = [await enqueue(resources) for _ in range(20)]
    taken = await asyncio.gather(*(take(resources) for _ in range(5)))
    assert sorted(one for part in taken for one in part) == sorted(subjects)


async def test_a_lost_lease_holds_and_renews_nothing(resources: Resources, settings: Settings) -> None:
    subject = await enqueue(resources)
    lost = await claim(resources, subject, seconds=10)
    assert lost
    later(settings, 11)
    won = await claim(resources, subject)
    assert won
    assert won.fence == lost.fence + 1
    for use in (outbox.hold, _renew):
        with pytest.raises(LeaseLost):
            async with resources.database.work() as session:
                await use(session, lost)
        async with resources.database.work() as session:
            await use(session, won)


async def test_a_finished_row_has_no_lease(resources: Resources) -> None:
    subject = await enqueue(resources)
    lease = await claim(resources, subject)
    assert lease
    async with resources.database.work() as session:
        await outbox.finish(session, task=TASK, subject_id=subject)
    with pytest.raises(LeaseLost):
        async with resources.database.work() as session:
            await outbox.hold(session, lease)


async def test_nobody_gets_a_lease_that_is_held_until_the_commit(resources: Resources, settings: Settings) -> None:
    """What is written under a lease is committed before the next one begins, even when the lease has run out."""
    subject = await enqueue(resources)
    lease = await claim(resources, subject, seconds=10)
    assert lease
    later(settings, 11)
    async with resources.database.work() as session:
        await outbox.hold(session, lease)
        taking = asyncio.create_task(claim(resources, subject))
        await asyncio.sleep(0.2)
        assert not taking.done()
    won = await taking
    assert won
    assert won.fence == 2


async def _renew(session: outbox.AsyncSession, lease: Lease) -> None:
    await outbox.renew(session, lease, seconds=60)
