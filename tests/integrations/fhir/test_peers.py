"""What the hub files, in the eyes of others: as the builders make it, and as Medplum's repository keeps it."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hospital_hub.notes.document import provenance
from hospital_hub.triage.fhir_base import placeholder_url
from integrations.fhir.bundles import Resource
from integrations.fhir.client import FhirClient
from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.everything import everything
from integrations.fhir.paths import word
from tests.fixtures.hospital import FhirServer, fhir_server
from tests.hospital_hub.triage.filing_cases import plain_case
from tests.integrations.fhir import peer_validators
from tests.integrations.fhir.broken import BROKEN
from tests.integrations.fhir.test_validation import CASE, DOCUMENT, NOTE, PROOF

pytestmark = pytest.mark.embedded
PATIENT = {"resourceType": "Patient", "id": "p1"}
PEERS = frozenset({"@medplum/core", "fhir"})


@pytest.fixture(scope="module", autouse=True)
def _installed(fhir_program: None) -> None:
    peer_validators.install()


async def test_what_the_builders_make_has_no_error_for_two_other_validators() -> None:
    assert await peer_validators.faults([DOCUMENT, PROOF, *CASE.values()], warnings=False) == []


async def test_the_other_validators_do_look() -> None:
    """Each of them finds faults in the broken resources, and none that this project's own check passes."""
    shallow = [one.resource for one in BROKEN if one.rule not in {"kind", "null", "empty", "depth"}]
    found = await peer_validators.faults(shallow, warnings=False)
    assert {one["by"] for one in found} == PEERS
    assert len({one["number"] for one in found}) >= len(shallow) // 4


async def test_what_was_filed_has_no_fault_when_it_is_read_back(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with fhir_server(tmp_path) as server:
        client = FhirClient(http, base=server.url, token="unused")
        await _put(http, server, PATIENT)
        kept = [*await _file_case(client), *await _file_note(client)]
        assert await peer_validators.faults(kept, warnings=True) == []
        queries: dict[str, dict[str, str]] = {str(one["resourceType"]): {} for one in kept if _has_patient(one)}
        found = await everything(client, "p1", queries=queries, limit=100)
        assert _names(found) == _names([PATIENT, *filter(_has_patient, kept)])


async def test_a_visit_comes_along_with_what_was_measured_in_it(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with fhir_server(tmp_path) as server:
        client = FhirClient(http, base=server.url, token="unused")
        await _put(http, server, PATIENT)
        kept = await _file_case(client)
        query = {"patient": "p1", "_include": "Observation:encounter", "_count": "2"}
        found = await client.find("Observation", query, limit=100)
        assert len(found.matches) == sum(one["resourceType"] == "Observation" for one in kept)
        assert [one["resourceType"] for one in found.included] == ["Encounter"]


async def test_conditions_hold_at_a_server_of_others(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with fhir_server(tmp_path) as server:
        client = FhirClient(http, base=server.url, token="unused")
        first = await client.create(DOCUMENT, if_none_exist=f"identifier=urn:ietf:rfc:3986|{NOTE.identifier}")
        again = await client.create(DOCUMENT, if_none_exist=f"identifier=urn:ietf:rfc:3986|{NOTE.identifier}")
        assert first["id"] == again["id"]
        newer = await client.update({**first, "description": "x"}, version=first["meta"]["versionId"])
        with pytest.raises(FhirFault) as lost:
            await client.update({**first, "description": "y"}, version=first["meta"]["versionId"])
        assert lost.value.fault is Fault.CONFLICT
        assert (await client.read("DocumentReference", first["id"]))["description"] == newer["description"] == "x"


async def _put(http: aiohttp.ClientSession, server: FhirServer, resource: dict[str, Any]) -> None:
    async with http.put(f"{server.url}/{resource['resourceType']}/{resource['id']}", json=resource) as answer:
        assert answer.status == 201


async def _file_case(client: FhirClient) -> list[Resource]:
    """One transaction; what the server then has."""
    entries = [
        {
            "fullUrl": placeholder_url(plain_case().id, key),
            "resource": resource,
            "request": {"method": "POST", "url": resource["resourceType"]},
        }
        for key, resource in CASE.items()
    ]
    answer = await client.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    places = [
        word(entry, "response", "location").partition("/_history")[0].split("/")[-2:] for entry in answer["entry"]
    ]
    return [await client.read(*place) for place in places]


async def _file_note(client: FhirClient) -> list[Resource]:
    document = await client.create(DOCUMENT)
    proof = await client.create(provenance(NOTE, target=f"DocumentReference/{document['id']}"))
    return [document, proof]


def _has_patient(resource: Resource) -> bool:
    return "subject" in resource


def _names(resources: list[Resource]) -> list[tuple[str, str]]:
    return sorted((one["resourceType"], one["id"]) for one in resources)
