"""The demonstration FHIR server, asked over HTTP: what it takes, refuses, finds, and keeps through a kill."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from hospital_hub.embedded import hospital
from hospital_hub.embedded.ports import next_free_port
from tests.fixtures.hospital import PORTS_FROM, FhirServer, fhir_server

FHIR = {"Content-Type": "application/fhir+json"}
PATIENT = {"resourceType": "Patient", "gender": "female", "name": [{"text": "测试·甲"}]}
Answer = tuple[int, Mapping[str, str], dict[str, Any]]


class Peer:
    def __init__(self, http: aiohttp.ClientSession, server: FhirServer) -> None:
        self._http = http
        self.server = server

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        raw_body = body if isinstance(body, bytes) else json.dumps(body).encode()
        data = None if body is None else io.BytesIO(raw_body)
        url = f"{self.server.url}/{path}".rstrip("/")
        async with self._http.request(method, url, data=data, headers={**(FHIR if data else {}), **sent}) as response:
            raw = await response.read()
            return response.status, response.headers, json.loads(raw) if raw else {}

    async def put(self, kind: str, identifier: str, **fields: object) -> dict[str, Any]:
        body = {"resourceType": kind, "id": identifier, **fields}
        status, _, stored = await self.ask("PUT", f"{kind}/{identifier}", body)
        assert status in (200, 201), stored
        return stored

    async def total(self, search: str) -> int:
        status, _, found = await self.ask("GET", search)
        assert status == 200, found
        return int(found["total"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def refusing_peer(fhir_program: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Peer]:
    """One server for all requests that must leave nothing behind."""
    async with aiohttp.ClientSession() as http, fhir_server(tmp_path_factory.mktemp("fhir")) as server:
        yield Peer(http, server)
        assert not server.journal.read_bytes()


@pytest_asyncio.fixture(loop_scope="session")
async def peer(fhir_program: None, tmp_path: Path) -> AsyncIterator[Peer]:
    async with aiohttp.ClientSession() as http, fhir_server(tmp_path) as server:
        yield Peer(http, server)


def issue(outcome: dict[str, Any]) -> dict[str, Any]:
    assert outcome["resourceType"] == "OperationOutcome"
    return dict(outcome["issue"][0])


async def test_says_that_it_speaks_r4_and_only_r4_types(refusing_peer: Peer) -> None:
    _, headers, statement = await refusing_peer.ask("GET", "metadata")
    types = {one["type"] for one in statement["rest"][0]["resource"]}
    assert statement["fhirVersion"] == "4.0.1"
    assert headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert {"Patient", "Provenance", "EffectEvidenceSynthesis"} <= types
    assert not {"SubscriptionTopic", "Bot", "Project", "DomainResource"} & types
    assert len(types) == 146  # the concrete types of R4


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({**PATIENT, "gender": "zzz"}, "Patient.gender"),
        ({**PATIENT, "nickname": "x"}, "Patient.nickname"),
        ({**PATIENT, "birthDate": "1.2.2020"}, "Patient.birthDate"),
        ({"resourceType": "Observation", "status": "final"}, "Observation.code"),
        ({"resourceType": "Observation", "status": "bogus", "code": {"text": "x"}}, "Observation.status"),
        (
            {"resourceType": "Condition", "code": {"text": "x"}, "subject": {"reference": "Device/1"}},
            "Condition.subject",
        ),
    ],
)
async def test_refuses_what_is_not_r4_and_names_the_place(
    refusing_peer: Peer, body: dict[str, Any], place: str
) -> None:
    status, _, outcome = await refusing_peer.ask("POST", body["resourceType"], body)
    assert status == 400
    assert issue(outcome)["expression"] == [place]
    assert await refusing_peer.total(body["resourceType"]) == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "Patient", b"{", {}, 400),
        ("POST", "Patient", b"\xff{}", {}, 400),
        ("POST", "Patient", b"[1]", {}, 400),
        ("POST", "Patient", PATIENT, {"Content_Type": "text/plain"}, 415),
        ("POST", "Patient", b" " * (8 * 1024 * 1024 + 1), {}, 413),
        ("POST", "Bot", {"resourceType": "Bot"}, {}, 404),
        ("POST", "Observation", PATIENT, {}, 400),
        ("GET", "Patient/nobody", None, {}, 404),
        ("GET", "Patient?shoe-size=4", None, {}, 400),
        ("GET", "Patient?_count=-1", None, {}, 400),
        ("GET", "Observation?value-quantity=5", None, {}, 400),
        ("PUT", "Patient/a", {**PATIENT, "id": "b"}, {}, 400),
        ("PUT", "Patient/a", {**PATIENT, "id": "a"}, {"If_Match": "1"}, 400),
        ("GET", "Patient", None, {"Host": "attacker.example"}, 421),
    ],
)
async def test_each_bad_request_is_an_operation_outcome(
    refusing_peer: Peer, method: str, path: str, body: object, headers: dict[str, str], status: int
) -> None:
    got, _, outcome = await refusing_peer.ask(method, path, body, **headers)
    assert got == status
    assert issue(outcome)["details"]["text"]


async def test_versions_and_if_match(peer: Peer) -> None:
    first = await peer.put("Patient", "v", gender="female")
    tag = f'W/"{first["meta"]["versionId"]}"'
    status, headers, second = await peer.ask("PUT", "Patient/v", {**PATIENT, "id": "v"}, If_Match=tag)
    assert status == 200
    assert headers["ETag"] == f'W/"{second["meta"]["versionId"]}"' != tag
    status, _, outcome = await peer.ask("PUT", "Patient/v", {**PATIENT, "id": "v", "gender": "male"}, If_Match=tag)
    assert (status, issue(outcome)["severity"]) == (412, "error")
    assert (await peer.ask("GET", "Patient/v"))[2]["gender"] == "female"
    assert (await peer.ask("GET", "Patient/v", If_None_Match=headers["ETag"]))[0] == 304
    for _ in range(2):  # reading a history twice must not turn it round
        history = (await peer.ask("GET", "Patient/v/_history"))[2]
        assert [one["resource"]["meta"]["versionId"] for one in history["entry"]] == [
            second["meta"]["versionId"],
            first["meta"]["versionId"],
        ]


async def test_conditional_create_makes_one_resource_of_many_tries(peer: Peer) -> None:
    body = {**PATIENT, "identifier": [{"system": "urn:demo", "value": "once"}]}
    tries = [peer.ask("POST", "Patient", body, If_None_Exist="identifier=urn:demo|once") for _ in range(8)]
    answers = await asyncio.gather(*tries)
    assert sorted(status for status, _, _ in answers) == [200] * 7 + [201]
    assert len({answer["id"] for _, _, answer in answers}) == 1
    assert await peer.total("Patient?identifier=urn:demo|once") == 1


async def test_an_id_chosen_by_the_sender_of_a_create_is_not_taken(peer: Peer) -> None:
    status, headers, stored = await peer.ask("POST", "Patient", {**PATIENT, "id": "mine"})
    assert status == 201
    assert stored["id"] != "mine"
    assert headers["Location"].endswith(f"/Patient/{stored['id']}/_history/{stored['meta']['versionId']}")


@pytest.mark.parametrize(
    "search",
    ["patient=a", "patient=Patient/a", "subject=Patient/a", "subject:Patient=a", "patient=http://x/fhir/Patient/a"],
)
async def test_every_way_to_name_a_patient_finds_the_same(peer: Peer, search: str) -> None:
    for owner in ("a", "b"):
        subject = {"reference": f"Patient/{owner}"}
        await peer.put("Observation", f"of-{owner}", status="final", code={"text": "x"}, subject=subject)
    found = (await peer.ask("GET", f"Observation?{search}"))[2]
    assert [one["resource"]["id"] for one in found["entry"]] == ["of-a"]
    assert found["entry"][0]["fullUrl"] == f"{peer.server.url}/Observation/of-a"


async def test_pages_follow_next_to_the_end(peer: Peer) -> None:
    for number in range(5):
        await peer.put("Patient", f"p{number}")
    path, seen = "Patient?_count=2&_sort=_id", []
    while path:
        page = (await peer.ask("GET", path))[2]
        seen += [one["resource"]["id"] for one in page["entry"]]
        following = [one["url"] for one in page["link"] if one["relation"] == "next"]
        path = following[0].removeprefix(f"{peer.server.url}/") if following else ""
    assert seen == [f"p{number}" for number in range(5)]


async def test_a_transaction_is_whole_or_absent_and_rewrites_its_references(peer: Peer) -> None:
    name = "urn:uuid:4b0f1dc2-0b2c-4a3f-9d58-0a4c2f0f9b0a"

    def bundle(status: str) -> dict[str, Any]:
        observation = {
            "resourceType": "Observation",
            "status": status,
            "code": {"text": "x"},
            "subject": {"reference": name},
        }
        entries = [
            {"fullUrl": name, "resource": PATIENT, "request": {"method": "POST", "url": "Patient"}},
            {"resource": observation, "request": {"method": "POST", "url": "Observation"}},
        ]
        return {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    assert (await peer.ask("POST", "", bundle("bogus")))[0] == 400
    assert await peer.total("Patient") == 0
    assert not peer.server.journal.read_bytes()
    status, _, answer = await peer.ask("POST", "", bundle("final"))
    assert (status, answer["type"]) == (200, "transaction-response")
    stored = [entry["resource"] for entry in answer["entry"]]
    assert stored[1]["subject"]["reference"] == f"Patient/{stored[0]['id']}"
    assert len(peer.server.journal.read_bytes().splitlines()) == 1


async def test_what_was_answered_survives_kill_9_and_a_torn_line_does_no_harm(
    fhir_program: None, tmp_path: Path
) -> None:
    async with aiohttp.ClientSession() as http:
        async with fhir_server(tmp_path) as server:
            peer = Peer(http, server)
            first = await peer.put("Patient", "kept", gender="female")
            second = await peer.put("Patient", "kept", gender="male")
            await peer.put("Patient", "gone")
            assert (await peer.ask("DELETE", "Patient/gone"))[0] == 204
            server.process.kill()
            await server.process.wait()
        with server.journal.open("ab") as journal:
            journal.write(b'[{"put":{"resourceType":"Patient","id":"torn"')
        async with fhir_server(tmp_path) as server:
            peer = Peer(http, server)
            kept = (await peer.ask("GET", "Patient/kept"))[2]
            assert kept == second
            history = (await peer.ask("GET", "Patient/kept/_history"))[2]
            assert [one["resource"] for one in history["entry"]] == [second, first]
            assert (await peer.ask("GET", "Patient/gone"))[0] == 410
            assert (await peer.ask("GET", "Patient/torn"))[0] == 404
            await peer.put("Patient", "after")
        async with fhir_server(tmp_path) as server:
            assert await Peer(http, server).total("Patient") == 2


async def test_a_damaged_journal_stops_the_start_with_one_sentence(fhir_program: None, tmp_path: Path) -> None:
    journal = tmp_path / "fhir" / "journal.ndjson"
    journal.parent.mkdir()
    journal.write_bytes(b'{"broken\n[]\n')
    command = hospital.command(next_free_port(PORTS_FROM + 600), tmp_path)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 2
    assert said.decode().count("\n") == 1
    assert f"{journal} is damaged" in said.decode()
    assert journal.read_bytes() == b'{"broken\n[]\n'
