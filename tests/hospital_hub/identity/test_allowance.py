"""Limits that several processes share, and keys that end everywhere within a second."""

import asyncio
import time
import uuid

import pytest

from hospital_hub.errors import BadInput, Busy, Unavailable
from hospital_hub.identity.accounts import TERMINAL
from hospital_hub.identity.allowance import Allowances, Kind
from hospital_hub.identity.key_ring import KeyRing
from hospital_hub.identity.keys import Limits, NewKey, Scope, create_key, list_keys, revoke_key
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.database import Database


async def tries(allowances: Allowances, key: uuid.UUID, *, limit: int, times: int) -> list[Busy | None]:
    found: list[Busy | None] = []
    for _ in range(times):
        try:
            await allowances.take(key, Kind.REQUESTS, need=1, limit=limit)
            found.append(None)
        except Busy as busy:
            found.append(busy)
    return found


@pytest.mark.parametrize("limit", [5, 600])
async def test_two_processes_together_get_what_the_key_may_and_no_more(resources: Resources, limit: int) -> None:
    key = uuid.uuid4()
    processes = [Allowances(resources.database) for _ in range(2)]
    began = time.monotonic()
    found = await asyncio.gather(*(tries(one, key, limit=limit, times=limit) for one in processes))
    came_in = (time.monotonic() - began) * limit / 60
    granted = [sum(one is None for one in each) for each in found]
    # Each may hold back a second's worth that it drew and did not use.
    assert limit - 2 * max(1, limit // 60) <= sum(granted) <= limit + came_in + 1
    assert all(granted)
    refused = next(one for each in found for one in each if one is not None)
    assert refused.code == "rate_limit_exceeded"
    assert 1 <= refused.retry_after <= 60


async def test_after_retry_after_there_is_room(resources: Resources) -> None:
    key, allowances = uuid.uuid4(), Allowances(resources.database)
    limit = 60
    assert (await tries(allowances, key, limit=limit, times=limit)).count(None) >= limit - 1
    refused = [one for one in await tries(allowances, key, limit=limit, times=2) if one]
    assert refused
    await asyncio.sleep(refused[-1].retry_after)
    await allowances.take(key, Kind.REQUESTS, need=1, limit=limit)


async def test_tokens_that_were_estimated_and_not_used_come_back(resources: Resources) -> None:
    key, allowances = uuid.uuid4(), Allowances(resources.database)
    await allowances.take(key, Kind.TOKENS, need=1000, limit=1000)
    with pytest.raises(Busy):
        await allowances.take(key, Kind.TOKENS, need=900, limit=1000)
    allowances.give_back(key, Kind.TOKENS, unused=950)
    await allowances.take(key, Kind.TOKENS, need=900, limit=1000)


async def test_what_no_minute_holds_is_said_and_not_put_off(resources: Resources) -> None:
    with pytest.raises(BadInput, match="more tokens than its key"):
        await Allowances(resources.database).take(uuid.uuid4(), Kind.TOKENS, need=1001, limit=1000)


async def test_a_revoked_key_ends_within_a_second_on_every_process(resources: Resources) -> None:
    wanted = NewKey("reports", "Pathology", (Scope.CHAT,), Limits(tokens_per_month=10))
    async with resources.database.work() as session:
        token = await create_key(session, TERMINAL, vault=resources.vault, wanted=wanted, now=utc_now())
    rings = [KeyRing(resources.database, resources.vault) for _ in range(2)]
    for ring in rings:
        holder = await ring.holder(token)
        assert holder is not None
        assert (holder.who.department, holder.scopes, holder.limits) == ("Pathology", {"chat"}, wanted.limits)
    async with resources.database.work() as session:
        (made,) = await list_keys(session)
        await revoke_key(session, TERMINAL, key_id=made.id, now=utc_now())
    await asyncio.sleep(0.8)
    assert [await ring.holder(token) for ring in rings] == [None, None]


async def test_many_at_once_are_one_look_up(resources: Resources) -> None:
    ring = KeyRing(resources.database, resources.vault)
    assert await asyncio.gather(*(ring.holder("hub-wrong") for _ in range(50))) == [None] * 50
    assert len(ring._known) == 1


async def test_without_a_database_no_key_is_believed(resources: Resources) -> None:
    nowhere = Database.open("postgresql+psycopg://hub@127.0.0.1:1/hub")
    with pytest.raises(Unavailable):
        await KeyRing(nowhere, resources.vault).holder("hub-some")
    await nowhere.close()
