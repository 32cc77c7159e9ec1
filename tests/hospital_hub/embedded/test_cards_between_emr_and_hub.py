"""The demonstration EMR and the hub over real sockets, Medplum's FHIR server between them: cards, link, feedback."""

import html
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from hospital_hub.embedded.emr.app import create_app as create_emr
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.hook_clients import keep_registration
from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from tests.fixtures.hospital import FhirServer, listening, loopback_listener
from tests.fixtures.hub import rows

pytestmark = pytest.mark.embedded


@dataclass
class Hospital:
    emr: str
    hub: str
    http: aiohttp.ClientSession
    database: str

    async def page(self, path: str, form: dict[str, str] | None = None, language: str = "en") -> str:
        method = "GET" if form is None else "POST"
        sent = {"Accept-Language": language}
        async with self.http.request(method, self.emr + path, data=form, headers=sent) as response:
            text = html.unescape(await response.text())
            assert response.status == 200, text[-500:]
            return text


@pytest_asyncio.fixture
async def hospital(
    settings: Settings, hospital_fhir: FhirServer, browser_http: aiohttp.ClientSession, tmp_path: Path
) -> AsyncIterator[Hospital]:
    (hub_socket, hub), (emr_socket, emr) = loopback_listener(), loopback_listener()
    config = EmrConfig(origin=emr, private_fhir=hospital_fhir.url, hub=hub, data=tmp_path, clock=time.time)
    clients = keep_registration(tmp_path / "clients.toml", emr=emr)
    joined = settings.model_copy(
        update={"public_url": hub, "emr_issuer": f"{emr}/fhir", "emr_origin": emr, "cds_clients": clients}
    )
    app = create_app(joined)
    async with listening(create_emr(config), emr_socket), listening(app, hub_socket):
        app.state.cds = replace(app.state.cds, read_seconds=1.0)  # the machine of the tests is shared
        async with browser_http.post(f"{emr}/login", data={"name": "dr.chen", "password": "demo-chen-2026"}) as answer:
            assert answer.ok
        yield Hospital(emr, hub, browser_http, settings.database_url)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    assert match is not None, text[-1500:]
    return match[1]


@pytest.mark.parametrize(("language", "summary"), [("en", "Since the last visit"), ("zh-CN", "上次就诊")])
async def test_what_changed_comes_as_a_card_and_can_be_dismissed(
    hospital: Hospital, language: str, summary: str
) -> None:
    text = await hospital.page("/patients/demo-en-alder/cards/patient-view", language=language)
    assert summary in text
    assert "Not everything" not in text
    answer = await hospital.page(found(r'action="(/cards/[^"]+)"', text), {"reason": "known", "comment": "seen"})
    assert "the hub was told" in answer
    ((outcome, reason, comment, rule, client),) = rows(
        hospital.database,
        "SELECT outcome, reason_code, comment, rule, client FROM cds_feedback f JOIN cds_card c ON c.id = f.card_id",
    )
    assert (str(outcome).lower(), reason, client) == ("overridden", "known", "demonstration-emr")
    assert rule in {"changes", "abnormal"}
    assert b"seen" not in bytes(comment)  # type: ignore[call-overload]


async def test_the_discharge_card_opens_the_panel_for_the_summary(hospital: Hospital) -> None:
    text = await hospital.page("/patients/demo-en-alder/cards/encounter-discharge")
    assert "The hub can draft the discharge summary from this chart" in text
    async with hospital.http.get(hospital.emr + found(r'href="(/cards/[^"]+)" target="panel"', text)) as response:
        panel = await response.text()
        assert response.status == 200, panel
        assert str(response.url) == f"{hospital.hub}/notes/panel?document=discharge"
    assert "出院小结" in panel or "Discharge summary" in panel
    (told,) = rows(hospital.database, "SELECT detail FROM audit_event WHERE entity = 'cds/encounter-discharge'")
    assert json.loads(json.dumps(told[0]))["user"] == "Practitioner/demo-dr-chen"
