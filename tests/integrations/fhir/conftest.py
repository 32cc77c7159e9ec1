"""A FHIR server at the wire with a client for each kind of token."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from integrations.fhir.client import FhirClient
from tests.fakes.fhir import FakeEmr
from tests.fakes.serving import served


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest_asyncio.fixture
async def emr() -> AsyncIterator[FakeEmr]:
    fake = FakeEmr()
    async with served(fake.app()) as origin:
        fake.origin = origin
        yield fake


@pytest.fixture
def client(http: aiohttp.ClientSession, emr: FakeEmr) -> FhirClient:
    return FhirClient(http, base=emr.base, token=emr.system_token())
