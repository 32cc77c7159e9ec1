"""A hub that is joined to the fake EMR with two patients in it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings
from integrations.smart.keys import ClientKey
from tests.fakes.fhir import FakeEmr
from tests.fakes.serving import served
from tests.hospital_hub.triage.bound_cases import Ward, people


@pytest_asyncio.fixture
async def ward(settings: Settings) -> AsyncIterator[Ward]:
    emr = FakeEmr()
    async with served(emr.app()) as origin:
        emr.origin = origin
        emr.put(*people())
        joined = settings.model_copy(update={"emr_issuer": emr.base})
        emr.client_jwks = ClientKey(joined.smart_key()).public_jwks()
        async with open_resources(joined) as resources:
            yield Ward(resources, emr)
