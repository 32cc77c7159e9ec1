"""A whole visit at servers of others: the FHIR server's own journal has exactly what the hub should have left there."""

import json
import re
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from hospital_hub.embedded.emr.app import create_app as create_emr
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.main import create_app
from hospital_hub.notes import filing
from hospital_hub.notes.filing import Outcome
from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings
from hospital_hub.storage.ids import new_token
from integrations.fhir.checking import problems
from integrations.smart.backend import BackendTokens
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hospital import FhirServer, listening, loopback_listener
from tests.hospital_hub.notes.test_real_hospital import Hospital, found, page
from tests.integrations.fhir import peer_validators

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(120)]
Json = dict[str, Any]
PATIENT = "demo-en-alder"
DOCTOR = {"name": "dr.chen", "password": "demo-chen-2026"}
SAID = "The patient was seen on the ward today. Denies chest pain. "
# What one signed note leaves in the EMR, each written once and never again.
LEFT = Counter(["DocumentReference", "Provenance"])


@pytest_asyncio.fixture
async def hospital(
    settings: Settings, hospital_fhir: FhirServer, fake_vllm: FakeVllm, tmp_path: Path
) -> AsyncIterator[Hospital]:
    fake_vllm.tokens = re.findall(r"\S+ ", SAID)
    (hub_socket, hub), (emr_socket, emr) = loopback_listener(), loopback_listener()
    config = EmrConfig(origin=emr, private_fhir=hospital_fhir.url, hub=hub, data=tmp_path, clock=time.time)
    joined = settings.model_copy(update={"public_url": hub, "emr_issuer": f"{emr}/fhir", "emr_origin": emr})
    async with (
        listening(create_emr(config), emr_socket),
        listening(create_app(joined), hub_socket),
        open_resources(joined) as worker,
    ):
        yield Hospital(emr, hub, hospital_fhir.url, worker)


class Journal:
    """What the server has written since this was made."""

    def __init__(self, server: FhirServer) -> None:
        self._file = server.journal
        self._from = self._file.stat().st_size

    def resources(self) -> list[Json]:
        """A deletion would have no `put`, and fails here."""
        lines = self._file.read_bytes()[self._from :].splitlines()
        return [change["put"] for line in lines for change in json.loads(line)]


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


async def test_a_visit_leaves_exactly_what_it_should(
    hospital: Hospital, hospital_fhir: FhirServer, browser_http: aiohttp.ClientSession
) -> None:
    http, journal = browser_http, Journal(hospital_fhir)
    note = await _drafted(http, hospital)
    assert (await _task(http, hospital, note))["status"] == "completed"
    assert journal.resources() == []  # a draft leaves nothing

    await _signed(http, hospital, note)
    assert journal.resources() == []  # nor does a signature, before the worker comes
    tokens = BackendTokens(jti=new_token, clock=time.time)
    for outcome in (Outcome.FILED, Outcome.NOTHING_TO_DO):
        assert await filing.step(hospital.worker, tokens, identifier=uuid.UUID(note)) is outcome

    left = journal.resources()
    assert Counter(one["resourceType"] for one in left) == LEFT
    now = [await _read(http, f"{hospital.fhir}/{one['resourceType']}/{one['id']}") for one in left]
    assert now == left
    assert [problems(one) for one in now] == [[]] * len(now)
    peer_validators.install()
    assert await peer_validators.faults(now, warnings=True) == []
    for reference in set(references(now)):
        assert (await _read(http, f"{hospital.fhir}/{reference}"))["id"] == reference.split("/")[-1]
    (document,) = [one for one in now if one["resourceType"] == "DocumentReference"]
    output = (await _task(http, hospital, note))["output"][0]["valueReference"]
    assert output["reference"] == f"{hospital.emr}/fhir/DocumentReference/{document['id']}"
    assert output["identifier"] in document["identifier"]


async def _drafted(http: aiohttp.ClientSession, hospital: Hospital) -> str:
    async with http.post(f"{hospital.emr}/login", data=DOCTOR) as response:
        assert response.ok
    launch = found(r'<iframe src="([^"]+)"', await page(http, f"{hospital.emr}/patients/{PATIENT}"))
    login = found(r'name="login" value="([^"]+)"', await page(http, launch))
    note = found(r"/notes/drafts/([0-9a-f-]+)/", await page(http, f"{hospital.hub}/notes/drafts", {"login": login}))
    await page(http, f"{hospital.hub}/notes/drafts/{note}/events")
    return note


async def _signed(http: aiohttp.ClientSession, hospital: Hospital, note: str) -> None:
    draft = f"{hospital.hub}/notes/drafts/{note}"
    login = found(r'name="login" value="([^"]+)"', await page(http, draft))
    form = {"login": login, "text": SAID, "revision": "1", "window": "w" * 20}
    sha = found(r'name="text_sha256" value="([0-9a-f]{64})"', await page(http, f"{draft}/review", form))
    await page(http, f"{draft}/sign", {"login": login, "text_sha256": sha, "confirmed": "true"})


async def _task(http: aiohttp.ClientSession, hospital: Hospital, note: str) -> Json:
    return await _read(http, f"{hospital.hub}/fhir/Task/{note}")


async def _read(http: aiohttp.ClientSession, url: str) -> Json:
    async with http.get(url) as response:
        assert response.status == 200, url
        return dict(await response.json(content_type="application/fhir+json"))
