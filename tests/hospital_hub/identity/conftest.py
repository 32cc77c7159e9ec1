"""The demonstration's accounts in the test's database."""

import pytest_asyncio

from hospital_hub.identity.demonstration import DEMO, DemoAccount, seed_demonstration
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now


@pytest_asyncio.fixture
async def nurse(resources: Resources) -> DemoAccount:
    await seed_demonstration(resources, now=utc_now())
    return DEMO[0]
