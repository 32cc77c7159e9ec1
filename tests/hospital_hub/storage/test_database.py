"""The unit of work when there is no connection left."""

import pytest
from sqlmodel import select

from hospital_hub.errors import Unavailable
from hospital_hub.storage.database import Database


async def test_a_hub_with_all_connections_in_use_asks_to_try_again(postgres_url: str) -> None:
    database = Database.open(postgres_url, pool_size=1, overflow=0, free_within=0.05)
    try:
        async with database.work() as session:
            await session.exec(select(1))
            with pytest.raises(Unavailable) as busy:
                async with database.work() as other:
                    await other.exec(select(1))
        assert busy.value.code == "database_busy"
        async with database.work() as session:
            assert (await session.exec(select(1))).one() == 1
    finally:
        await database.close()
