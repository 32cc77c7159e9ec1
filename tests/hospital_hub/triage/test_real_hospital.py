"""Binding and filing against the real parts: demonstration EMR with its scopes, Medplum's FHIR server with its checks.

What counts is what stands on the FHIR server afterwards, read past the EMR.
"""

import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from hospital_hub.clinical.levels import Level
from hospital_hub.embedded.emr.app import create_app as create_emr
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.main import create_app
from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings
from hospital_hub.triage import binding_steps
from hospital_hub.triage.filing import Outcome
from hospital_hub.triage.patients import Typed
from tests.fakes.fhir import FakeEmr
from tests.fixtures.hospital import FhirServer, listening, loopback_listener
from tests.hospital_hub.triage.bound_cases import Ward

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]
KINDS = ("QuestionnaireResponse", "Observation", "RiskAssessment", "Task")
FIRST, SECOND = "demo-zh-01", "demo-en-alder"


@dataclass
class Hospital:
    """`fhir` is the server behind the EMR."""

    ward: Ward
    http: aiohttp.ClientSession
    fhir: str

    async def read(self, reference: str) -> dict[str, Any]:
        async with self.http.get(f"{self.fhir}/{reference}") as response:
            assert response.status == 200, await response.text()
            found: dict[str, Any] = await response.json()
        return found

    async def typed(self, patient: str) -> Typed:
        """The number and date of birth that the record holds."""
        found = await self.read(f"Patient/{patient}")
        return Typed(found["identifier"][0]["value"], "", found["birthDate"])

    async def filed(self, case: uuid.UUID) -> dict[str, dict[str, Any]]:
        """All that the hub knows to stand there, by key."""
        found = self.ward.ask("SELECT key, value #>> '{}' FROM triage_filing, jsonb_each(\"references\")")
        references = {str(key): str(value) for key, value in found}
        return {key: await self.read(one) for key, one in references.items() if "/" in one}


@pytest_asyncio.fixture
async def hospital(
    settings: Settings, hospital_fhir: FhirServer, browser_http: aiohttp.ClientSession, tmp_path: Path
) -> AsyncIterator[Hospital]:
    (hub_socket, hub), (emr_socket, emr) = loopback_listener(), loopback_listener()
    config = EmrConfig(origin=emr, private_fhir=hospital_fhir.url, hub=hub, data=tmp_path, clock=time.time)
    joined = settings.model_copy(update={"public_url": hub, "emr_issuer": f"{emr}/fhir", "emr_origin": emr})
    async with (
        listening(create_emr(config), emr_socket),
        listening(create_app(joined), hub_socket),
        open_resources(joined) as worker,
    ):
        yield Hospital(Ward(worker, FakeEmr()), browser_http, hospital_fhir.url)


async def test_a_case_is_filed_updated_and_moved_to_the_right_patient(hospital: Hospital) -> None:
    ward = hospital.ward
    case = await ward.tell("My knee hurts since Tuesday")
    await ward.measure(case, pulse="88", pressure="132/84", temperature="37.0", spo2="97", breathing="16", pain="4")
    await ward.bind(case, await hospital.typed(FIRST))
    assert await ward.file(case) is Outcome.FILED, ward.state()
    first = await hospital.filed(case)
    assert {one["resourceType"] for one in first.values()} == {*KINDS, "Provenance", "Encounter"}
    assert first["1.risk"]["status"] == "preliminary"
    assert first["1.task"]["encounter"] == {"reference": f"Encounter/{first['1.encounter']['id']}"}
    assert first["1.by-rules"]["target"][0]["reference"].partition("/")[0] in KINDS

    await binding_steps.file_again(ward.desk(case))
    assert await ward.file(case) is Outcome.FILED
    again = await hospital.filed(case)
    assert versions(again) == versions(first)

    await ward.level(case, Level.III)
    assert await ward.file(case) is Outcome.FILED, ward.state()
    final = await hospital.filed(case)
    assert (final["1.risk"]["status"], final["1.task"]["status"]) == ("final", "completed")
    assert final["1.encounter"]["priority"]["coding"][1]["code"] == "UR"
    assert final["1.acuity"]["valueCodeableConcept"]["coding"][0]["code"] == "III"

    await ward.unbind(case, seen=1)
    await ward.bind(case, await hospital.typed(SECOND), seen=2)
    assert await ward.file(case) is Outcome.FILED, ward.state()
    moved = await hospital.filed(case)
    old = [one for key, one in moved.items() if key.startswith("1.") and "status" in one]
    new = [one for key, one in moved.items() if key.startswith("3.") and "status" in one]
    assert {one["status"] for one in old} == {"entered-in-error"}
    assert {(one.get("subject") or one["for"])["reference"] for one in new} == {f"Patient/{SECOND}"}
    assert "entered-in-error" not in {one["status"] for one in new}


async def test_the_hospitals_own_emergency_visit_gets_its_priority_and_keeps_the_rest(hospital: Hospital) -> None:
    visits = await hospital.read("Encounter?status=in-progress&_count=200")
    (visit, *_) = [one["resource"] for one in visits["entry"] if one["resource"]["class"]["code"] == "EMER"]
    patient = visit["subject"]["reference"].partition("/")[2]
    ward = hospital.ward
    case = await ward.tell("My knee hurts")
    await ward.level(case, Level.III)
    await ward.bind(case, await hospital.typed(patient))
    assert await ward.file(case) is Outcome.FILED, ward.state()
    now = await hospital.read(f"Encounter/{visit['id']}")
    assert now["priority"]["coding"][0]["code"] == "III"
    assert without(now, "priority", "meta") == without(visit, "priority", "meta")
    filed = await hospital.filed(case)
    assert filed["1.task"]["encounter"] == {"reference": f"Encounter/{visit['id']}"}
    assert "1.encounter" not in filed

    await ward.unbind(case, seen=1)
    assert await ward.file(case) is Outcome.FILED
    assert "priority" not in await hospital.read(f"Encounter/{visit['id']}")


async def test_name_and_birth_date_find_a_chinese_patient(hospital: Hospital) -> None:
    known = await hospital.read(f"Patient/{FIRST}")
    case = await hospital.ward.tell()
    typed = Typed("", known["name"][0]["text"], known["birthDate"])
    (found,) = await binding_steps.search(hospital.ward.desk(case), typed)
    assert (found.id, found.name) == (FIRST, known["name"][0]["text"])


def versions(filed: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {key: one["meta"]["versionId"] for key, one in filed.items()}


def without(resource: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in names}
