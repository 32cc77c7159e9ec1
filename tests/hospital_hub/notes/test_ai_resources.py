"""What a model made, as the hospital's FHIR server has it: none lacks label, Provenance, device, model card, verifier.

Against the real demonstration EMR and Medplum's FHIR server, read back past the EMR: 60 resources in every run, 500 by
`make chaos`.
"""

import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
import pytest_asyncio

from hospital_hub.clinical.grounding import Fact, FactKind
from hospital_hub.embedded.emr.app import create_app as create_emr
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ask import Models
from hospital_hub.main import create_app
from hospital_hub.notes import corrections, filing, service
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.draft import Basis, text_hash, written
from hospital_hub.notes.emr_profile import EVERYTHING
from hospital_hub.notes.filing import Outcome
from hospital_hub.notes.launch import LaunchContext
from hospital_hub.notes.service import Approval
from hospital_hub.notes.store import Wish, facts_json, keep, load, seal
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from integrations.smart.backend import BackendTokens
from tests.fixtures.hospital import FhirServer, listening, loopback_listener

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(600)]
Json = dict[str, Any]
PATIENTS = ("demo-zh-01", "demo-en-alder")
A_RUN, MANY = 60, 500
KINDS = ("DocumentReference", "Composition")


@dataclass
class Hospital:
    """`fhir` is the server behind the EMR; the desk is a clinician's, without a browser."""

    worker: Resources
    tokens: BackendTokens
    http: aiohttp.ClientSession
    fhir: str

    def desk(self, patient: str) -> Desk:
        issuer = f"{self.worker.settings.emr_issuer}"
        context = LaunchContext(issuer, "no token", 0, patient, "", "Practitioner/dr-chen", need_patient_banner=False)
        who = Principal("emr|dr-chen", Role.CLINICIAN, "Dr. Chen", session_id=uuid.uuid4())
        return Desk(self.worker, cast("Models", None), who, context)

    async def draft(self, desk: Desk, text: str) -> uuid.UUID:
        """A draft as the stream stores it."""
        note = await service.ask_for_draft(desk, wish=Wish("progress"), now=utc_now())
        async with self.worker.database.work() as session:
            kept = await load(session, desk, identifier=note, lock=True)
            row, vault = kept.row, self.worker.vault
            fact = Fact("f1", f"Patient/{desk.context.patient}", FactKind.PATIENT, text)
            row.ai_text = await seal(session, vault, kept=kept, column="ai_text", text=text)
            row.facts = await seal(session, vault, kept=kept, column="facts", text=facts_json([fact]))
            row.language, row.tier, row.prompt_version = "en", "r1-70b", "notes/progress_note@1"
            row.weights, row.policy = self.worker.registry.tiers["r1-70b"].model, "2026-11"
            await keep(session, vault, kept=kept, draft=written(kept.draft, text))
        return note

    async def sign(self, desk: Desk, note: uuid.UUID) -> None:
        kept = await service.show(desk, note)
        approval = Approval(text_hash(kept.draft.text), confirmed=True)
        await service.sign(desk, note, approval=approval, now=utc_now())

    async def file(self, note: uuid.UUID) -> Outcome:
        return await filing.step(self.worker, self.tokens, identifier=note, profile=EVERYTHING)

    async def get(self, path: str, **query: str) -> Json:
        async with self.http.get(f"{self.fhir}/{path}", params=query) as response:
            assert response.status == 200, await response.text()
            found: Json = await response.json()
        return found

    async def all(self, kind: str, **query: str) -> list[Json]:
        found: list[Json] = []
        while True:
            page = await self.get(kind, **query, _count="200", _offset=str(len(found)))
            found += [entry["resource"] for entry in page.get("entry", [])]
            if not any(link["relation"] == "next" for link in page.get("link", [])):
                return found


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
        tokens = BackendTokens(jti=new_token, clock=time.time)
        yield Hospital(worker, tokens, browser_http, hospital_fhir.url)


async def test_no_resource_that_a_model_made_lacks_its_record(hospital: Hospital, pytestconfig: pytest.Config) -> None:
    wanted = MANY if pytestconfig.getoption("--chaos-seeds") > 1 else A_RUN
    notes = []
    for number in range(wanted // len(KINDS)):
        desk = hospital.desk(PATIENTS[number % len(PATIENTS)])
        notes.append(await hospital.draft(desk, f"Seen and examined, round {number}."))
        await hospital.sign(desk, notes[-1])
        assert await hospital.file(notes[-1]) is Outcome.FILED
        assert await hospital.file(notes[-1]) is Outcome.NOTHING_TO_DO
    made = [one for kind in KINDS for one in await hospital.all(kind) if _ours(one, notes)]
    assert len(made) == wanted
    lacking = {f"{one['resourceType']}/{one['id']}": what for one in made if (what := await _lacks(hospital, one))}
    assert lacking == {}


def _ours(resource: Json, notes: list[uuid.UUID]) -> bool:
    identifier = resource.get("identifier", [])
    known = identifier if isinstance(identifier, list) else [identifier]
    return any(one.get("value") in {note.urn for note in notes} for one in known)


async def _lacks(hospital: Hospital, resource: Json) -> list[str]:
    """As AI Transparency on FHIR asks for it, each reference followed on the server."""
    reference = f"{resource['resourceType']}/{resource['id']}"
    records = [
        one
        for one in await hospital.all("Provenance", target=reference)
        if any(coding["code"] == "AIAST" for reason in one.get("reason", []) for coding in reason.get("coding", []))
    ]
    if len(records) != 1:
        return [f"{len(records)} Provenances"]
    (record,) = records
    agents = {one["type"]["coding"][0]["code"]: one for one in record["agent"]}
    device = await hospital.get(agents["assembler"]["who"]["reference"])
    described = [one["valueReference"]["reference"] for one in device["extension"] if "modelCard" in one["url"]]
    derived = [one["what"]["reference"] for one in record["entity"] if one["role"] == "derivation"]
    kinds = [(await hospital.get(one))["type"]["coding"][0]["code"] for one in derived]
    checks = {
        "label": any(one["code"] == "AIAST" for one in resource.get("meta", {}).get("security", [])),
        "label of the Provenance": any(one["code"] == "AIAST" for one in record["meta"]["security"]),
        "device": device["type"]["coding"][0]["code"] == "Artificial-Intelligence" and bool(device["version"]),
        "role": agents["assembler"]["role"][0]["coding"][0]["code"] == "Artificial-Intelligence",
        "model card": kinds == ["AIModelCard", "AIInputPrompt"] and described == derived[:1],
        "verifier": agents["verifier"]["who"]["reference"] == resource["author"][0]["reference"],
        "final": resource.get("docStatus", resource["status"]) == "final",
    }
    return [name for name, there in checks.items() if not there]


async def test_the_server_keeps_versions_and_withdrawals(hospital: Hospital) -> None:
    desk = hospital.desk(PATIENTS[0])
    first = await hospital.draft(desk, "Seen and examined.")
    await hospital.sign(desk, first)
    assert await hospital.file(first) is Outcome.FILED
    second = await corrections.amend(desk, first, reason="Side was wrong", now=utc_now() + timedelta(seconds=1))
    kept = await service.show(desk, second)
    basis = Basis(kept.draft.revision, "w" * 20)
    side = "Seen and examined, left knee."
    await service.edit(desk, second, text=side, basis=basis)
    await service.settle(desk, second, sentence=side, settled=True)  # no source names a side
    await hospital.sign(desk, second)
    assert await hospital.file(second) is Outcome.FILED
    await corrections.withdraw(desk, second, reason="Another patient's knee", now=utc_now())
    assert await hospital.file(second) is Outcome.STRUCK
    documents = {
        note: (await hospital.all("DocumentReference", identifier=f"urn:ietf:rfc:3986|{note.urn}"))[0]
        for note in (first, second)
    }
    assert [(one["status"], one["docStatus"]) for one in documents.values()] == [
        ("superseded", "final"),
        ("entered-in-error", "entered-in-error"),
    ]
    (related,) = documents[second]["relatesTo"]
    assert related == {"code": "replaces", "target": {"reference": f"DocumentReference/{documents[first]['id']}"}}
    records = await hospital.all("Provenance", target=f"DocumentReference/{documents[second]['id']}")
    assert sorted(one["activity"]["coding"][0]["code"] for one in records) == ["LA", "NULLIFY"]
    (attested,) = await hospital.all("Composition", identifier=f"urn:ietf:rfc:3986|{second.urn}")
    assert attested["status"] == "entered-in-error"
