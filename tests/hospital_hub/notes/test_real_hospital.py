"""The whole way against the real parts: demonstration EMR, Medplum's FHIR server, the small model."""

import base64
import html
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from hospital_hub.embedded.emr.app import create_app as create_emr
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.main import create_app
from hospital_hub.notes import filing
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings
from hospital_hub.storage.ids import new_token
from integrations.smart.backend import BackendTokens
from tests.fixtures.hospital import FhirServer, listening, loopback_listener

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]


@dataclass
class Hospital:
    """Origins, and the hub's resources for the worker's part."""

    emr: str
    hub: str
    fhir: str
    worker: Resources


@pytest_asyncio.fixture
async def hospital(
    settings: Settings, hospital_fhir: FhirServer, small_model_url: str, tmp_path: Path
) -> AsyncIterator[Hospital]:
    (hub_socket, hub), (emr_socket, emr) = loopback_listener(), loopback_listener()
    config = EmrConfig(origin=emr, private_fhir=hospital_fhir.url, hub=hub, data=tmp_path, clock=time.time)
    joined = settings.model_copy(
        update={"public_url": hub, "emr_issuer": f"{emr}/fhir", "emr_origin": emr, "model_url": small_model_url}
    )
    async with (
        listening(create_emr(config), emr_socket),
        listening(create_app(joined), hub_socket),
        open_resources(joined) as worker,
    ):
        yield Hospital(emr, hub, hospital_fhir.url, worker)


async def page(http: aiohttp.ClientSession, url: str, form: dict[str, str] | None = None) -> str:
    async with http.request("POST" if form else "GET", url, data=form) as response:
        text = await response.text()
        assert response.status == 200, text[-800:]
        return text


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    assert match is not None, text[-1500:]
    return html.unescape(match[1])


@pytest.mark.parametrize("patient", ["demo-zh-01", "demo-en-alder"])
async def test_a_doctor_signs_a_note_and_the_record_has_it(
    hospital: Hospital, browser_http: aiohttp.ClientSession, patient: str
) -> None:
    http = browser_http
    async with http.post(f"{hospital.emr}/login", data={"name": "dr.chen", "password": "demo-chen-2026"}) as response:
        assert response.ok
    launch = found(r'<iframe src="([^"]+)"', await page(http, f"{hospital.emr}/patients/{patient}"))
    panel = await page(http, launch)
    login = found(r'name="login" value="([^"]+)"', panel)
    note = found(r"/notes/drafts/([0-9a-f-]+)/", await page(http, f"{hospital.hub}/notes/drafts", {"login": login}))
    stream = await page(http, f"{hospital.hub}/notes/drafts/{note}/events")
    text = found(r"<textarea[^>]*>(.*?)</textarea>", stream)
    assert text
    form = {"login": login, "text": f"{text}\n已查看患者。", "revision": "1", "window": "w" * 20}
    review = await page(http, f"{hospital.hub}/notes/drafts/{note}/review", form)
    sha = found(r'name="text_sha256" value="([0-9a-f]{64})"', review)
    sign = {"login": login, "text_sha256": sha, "confirmed": "true"}
    await page(http, f"{hospital.hub}/notes/drafts/{note}/sign", sign)
    tokens = BackendTokens(jti=new_token, clock=time.time)
    assert await filing.step(hospital.worker, tokens, identifier=uuid.UUID(note)) is filing.Outcome.FILED
    status = await page(http, f"{hospital.hub}/notes/drafts/{note}/status")
    reference = found(r'<code id="filed-as">([^<]+)</code>', status)
    await _assert_filed(http, hospital, reference=reference, patient=patient, text=form["text"])


async def _assert_filed(
    http: aiohttp.ClientSession, hospital: Hospital, *, reference: str, patient: str, text: str
) -> None:
    """Read past the EMR, from the FHIR server itself."""
    async with http.get(f"{hospital.fhir}/{reference}") as response:
        document = await response.json()
    assert document["subject"]["reference"] == f"Patient/{patient}"
    assert (document["status"], document["docStatus"]) == ("current", "final")
    assert document["meta"]["security"][0]["code"] == "AIAST"
    assert base64.b64decode(document["content"][0]["attachment"]["data"]).decode() == text.strip()
    async with http.get(f"{hospital.fhir}/Provenance", params={"target": reference}) as response:
        bundle = await response.json()
    (proof,) = [entry["resource"] for entry in bundle["entry"]]
    assert proof["agent"][1]["who"]["reference"] == document["author"][0]["reference"]
    assert len(proof["entity"]) > 5
