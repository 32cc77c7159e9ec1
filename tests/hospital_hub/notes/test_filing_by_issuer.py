"""A note is filed in the EMR in which it was drafted, though triage's home is another one."""

import re
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from hospital_hub.notes import filing
from hospital_hub.notes.filing import Outcome
from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings
from hospital_hub.storage.ids import new_token
from integrations.smart.backend import BackendTokens
from integrations.smart.keys import ClientKey
from tests.fakes.fhir import FakeEmr
from tests.fakes.serving import served
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows
from tests.hospital_hub.notes.charts import english
from tests.hospital_hub.notes.conftest import Browser
from tests.hospital_hub.notes.test_notes import SAID, sign


@pytest_asyncio.fixture
async def clinic() -> AsyncIterator[FakeEmr]:
    fake = FakeEmr()
    async with served(fake.app()) as origin:
        fake.origin = origin
        fake.put(*english())
        yield fake


@pytest.fixture
def settings(settings: Settings, emr: FakeEmr, clinic: FakeEmr, tmp_path: Path) -> Settings:
    file = tmp_path / "emrs.toml"
    file.write_text(f'[emr.ward]\nissuer = "{emr.base}"\nhome = true\n[emr.clinic]\nissuer = "{clinic.base}"\n')
    clinic.client_jwks = ClientKey(settings.smart_key()).public_jwks()
    return settings.model_copy(update={"emr_issuer": "", "emrs_file": file})


async def test_a_note_is_filed_where_it_was_drafted(
    client: httpx.AsyncClient, emr: FakeEmr, clinic: FakeEmr, settings: Settings, fake_vllm: FakeVllm
) -> None:
    fake_vllm.tokens = re.findall(r"\S+ ", SAID)
    browser = Browser(client, clinic)
    assert (await browser.launch()).headers["location"] == "/notes/panel"
    note = await browser.new_draft()
    assert await sign(browser, note) == 200
    assert rows(settings.database_url, "SELECT issuer FROM note_draft") == [(clinic.base,)]
    tokens, identifier = BackendTokens(jti=new_token, clock=time.time), uuid.UUID(note)
    alone = settings.model_copy(update={"emrs_file": None, "emr_issuer": emr.base})
    async with open_resources(alone) as without_the_clinic:
        assert await filing.step(without_the_clinic, tokens, identifier=identifier) is Outcome.PUT_OFF
    assert rows(settings.database_url, "SELECT fault FROM note_draft") == [("emr_not_registered",)]
    rows(settings.database_url, "UPDATE outbox SET run_after = now() RETURNING 1")
    async with open_resources(settings) as resources:
        assert await filing.step(resources, tokens, identifier=identifier) is Outcome.FILED
    assert emr.seen == []
    assert [one["docStatus"] for one in clinic.all("DocumentReference") if "identifier" in one] == ["final"]
