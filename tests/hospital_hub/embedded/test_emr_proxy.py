"""What a token of the EMR opens: the record of its patient, in the letters of its scopes, and nothing beside."""

import json
from typing import Any

import aiohttp
import pytest

from tests.fakes.smart_client import FakeHub
from tests.fixtures.hospital import RunningEmr

PATIENT, OTHER = "demo-zh-01", "demo-zh-02"
BACKEND = "system/DocumentReference.cruds system/Provenance.cruds system/Patient.rs"
Http = aiohttp.ClientSession
Answer = tuple[int, dict[str, Any], "aiohttp.ClientResponse"]


async def panel_token(hub: FakeHub, http: Http, **changes: str) -> str:
    return str((await hub.launched(http, PATIENT, **changes))["access_token"])


async def backend_token(hub: FakeHub, http: Http, scope: str = BACKEND) -> str:
    status, answer = await hub.token(http, hub.backend_form(scope))
    assert status == 200, answer
    return str(answer["access_token"])


async def ask(
    hub: FakeHub, http: Http, token: str, *, path: str, method: str = "GET", body: object = None, **headers: str
) -> Answer:
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = None
    if body is not None:
        data, sent["Content-Type"] = json.dumps(body).encode(), "application/fhir+json"
    async with http.request(method, f"{hub.emr}/fhir/{path}".rstrip("/"), data=data, headers=sent) as response:
        raw = await response.read()
        return response.status, json.loads(raw) if raw else {}, response


def note(**fields: object) -> dict[str, Any]:
    attachment = {"contentType": "text/plain; charset=utf-8", "data": "5rWL6K+V"}
    base = {"resourceType": "DocumentReference", "status": "current", "docStatus": "preliminary"}
    return {**base, "subject": {"reference": f"Patient/{PATIENT}"}, "content": [{"attachment": attachment}], **fields}


@pytest.mark.parametrize(
    "path",
    [
        f"Patient/{PATIENT}",
        f"Patient/{PATIENT}/_history",
        f"Condition/{PATIENT}-problem-1",
        f"DocumentReference/{PATIENT}-note-1",
        "Practitioner/demo-dr-chen",
    ],
)
async def test_the_panel_reads_its_patient_and_the_doctor(
    running_emr: RunningEmr, browser_http: Http, path: str
) -> None:
    token = await panel_token(running_emr.hub, browser_http)
    assert (await ask(running_emr.hub, browser_http, token, path=path))[0] == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"Patient/{OTHER}"),
        ("GET", f"Patient/{OTHER}/_history"),
        ("GET", f"Condition/{OTHER}-problem-1"),
        ("GET", f"DocumentReference/{OTHER}-note-1"),
        ("GET", f"Observation?patient={OTHER}"),
        ("GET", f"Observation?subject=Patient/{OTHER}"),
        ("GET", f"Observation?subject:Patient={OTHER}"),
        ("GET", f"Patient?_id={OTHER}"),
        ("GET", "Practitioner/demo-dr-lin"),
        ("GET", "Practitioner"),
        ("GET", "Provenance"),
        ("GET", "DiagnosticReport"),
        ("PUT", f"Patient/{PATIENT}"),
        ("PATCH", f"Patient/{PATIENT}"),
        ("POST", "DocumentReference"),
        ("DELETE", f"DocumentReference/{PATIENT}-note-1"),
    ],
)
async def test_everything_else_is_forbidden_to_the_panel(
    running_emr: RunningEmr, browser_http: Http, method: str, path: str
) -> None:
    token = await panel_token(running_emr.hub, browser_http)
    body = None if method in ("GET", "DELETE") else note()
    status, outcome, _ = await ask(running_emr.hub, browser_http, token, path=path, method=method, body=body)
    assert (status, outcome["resourceType"]) == (403, "OperationOutcome")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Observation?_include=Observation:subject", 400),
        ("GET", "Patient?_revinclude=Observation:subject", 400),
        ("GET", "Observation?subject:Patient.name=x", 400),
        ("GET", "Patient?_has:Observation:patient:code=x", 400),
        ("GET", "Patient/...", 404),
        ("GET", "$graphql", 404),
        ("GET", f"Patient/{PATIENT}/$everything", 405),
        ("PUT", "DocumentReference?identifier=x", 405),
        ("POST", "Patient/_search", 405),
    ],
)
async def test_side_doors_are_closed(
    running_emr: RunningEmr, browser_http: Http, method: str, path: str, status: int
) -> None:
    token = await panel_token(running_emr.hub, browser_http)
    body = None if method == "GET" else note()
    got, outcome, _ = await ask(running_emr.hub, browser_http, token, path=path, method=method, body=body)
    assert (got, outcome["resourceType"]) == (status, "OperationOutcome")


@pytest.mark.parametrize(
    "kind", ["Condition", "Observation", "MedicationRequest", "AllergyIntolerance", "Encounter", "DocumentReference"]
)
async def test_a_search_without_a_patient_finds_only_the_launch_patients(
    running_emr: RunningEmr, browser_http: Http, kind: str
) -> None:
    token = await panel_token(running_emr.hub, browser_http)
    _, found, _ = await ask(running_emr.hub, browser_http, token, path=kind)
    owners = {(one["resource"].get("subject") or one["resource"]["patient"])["reference"] for one in found["entry"]}
    assert owners == {f"Patient/{PATIENT}"}
    assert all(one["fullUrl"].startswith(f"{running_emr.hub.emr}/fhir/{kind}/") for one in found["entry"])


async def test_paging_stays_at_the_emr(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    token = await panel_token(hub, browser_http)
    path, seen = "Observation?_count=10&_sort=date", set()
    while path:
        status, page, _ = await ask(hub, browser_http, token, path=path)
        assert status == 200
        seen |= {one["resource"]["id"] for one in page["entry"]}
        following = [one["url"] for one in page["link"] if one["relation"] == "next"]
        assert all(url.startswith(f"{hub.emr}/fhir/") for url in following)
        path = following[0].removeprefix(f"{hub.emr}/fhir/") if following else ""
    assert len(seen) == page["total"] > 10


async def test_narrow_scopes_are_kept(running_emr: RunningEmr, browser_http: Http) -> None:
    token = await panel_token(running_emr.hub, browser_http, scope="launch patient/Patient.r")
    assert (await ask(running_emr.hub, browser_http, token, path=f"Patient/{PATIENT}"))[0] == 200
    assert (await ask(running_emr.hub, browser_http, token, path="Patient"))[0] == 403
    assert (await ask(running_emr.hub, browser_http, token, path=f"Condition/{PATIENT}-problem-1"))[0] == 403


async def test_no_token_a_wrong_one_and_an_old_one_are_401(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    good = await panel_token(hub, browser_http)
    identity = str((await hub.launched(browser_http, PATIENT))["id_token"])
    session = browser_http.cookie_jar.filter_cookies(aiohttp.client.URL(hub.emr))["emr_session"].value
    for token in ("", "nonsense", good[:-2], identity, session):
        status, outcome, response = await ask(hub, browser_http, token, path=f"Patient/{PATIENT}")
        assert (status, outcome["issue"][0]["code"]) == (401, "login")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    running_emr.clock.ahead = 3601
    assert (await ask(hub, browser_http, good, path=f"Patient/{PATIENT}"))[0] == 401


async def test_the_hub_files_a_note_once_and_signs_it_with_if_match(
    running_emr: RunningEmr, browser_http: Http
) -> None:
    hub = running_emr.hub
    token = await backend_token(hub, browser_http)
    draft = note(identifier=[{"system": "urn:test", "value": running_emr.hub.emr}])
    once = f"identifier=urn:test|{running_emr.hub.emr}"
    asked = {"path": "DocumentReference", "method": "POST", "body": draft}
    status, first, response = await ask(hub, browser_http, token, If_None_Exist=once, **asked)
    assert status == 201
    assert response.headers["Location"].startswith(f"{hub.emr}/fhir/DocumentReference/{first['id']}/_history/")
    status, again, _ = await ask(hub, browser_http, token, If_None_Exist=once, **asked)
    assert (status, again["id"]) == (200, first["id"])
    path, tag = f"DocumentReference/{first['id']}", response.headers["ETag"]
    signed = {**first, "docStatus": "final"}
    sign = {"path": path, "method": "PUT", "body": signed, "If_Match": tag}
    assert [(await ask(hub, browser_http, token, **sign))[0] for _ in range(2)] == [200, 412]
    assert (await ask(hub, browser_http, token, path=path))[1]["docStatus"] == "final"


async def test_the_hub_itself_is_held_to_its_types_and_letters(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    token = await backend_token(hub, browser_http)
    for method, path in (("GET", "Observation"), ("GET", "Condition"), ("POST", "Patient"), ("PUT", "Patient/x")):
        body = {"resourceType": "Patient", "id": "x"} if method in ("POST", "PUT") else None
        assert (await ask(hub, browser_http, token, path=path, method=method, body=body))[0] == 403
    reader = await backend_token(hub, browser_http, "system/DocumentReference.r")
    asked = {"path": "DocumentReference", "method": "POST", "body": note()}
    assert (await ask(hub, browser_http, reader, **asked))[0] == 403


async def test_a_transaction_needs_the_scope_of_each_entry(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    token = await backend_token(hub, browser_http)

    def bundle(*entries: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
        listed = [{"resource": body, "request": {"method": method, "url": url}} for method, url, body in entries]
        return {"resourceType": "Bundle", "type": "transaction", "entry": listed}

    good = bundle(("POST", "DocumentReference", note()))
    assert (await ask(hub, browser_http, token, path="", method="POST", body=good))[0] == 200
    patient = {"resourceType": "Patient", "id": "x"}
    for url in ("Patient", "Patient/x"):
        bad = bundle(("POST" if url == "Patient" else "PUT", url, patient), ("POST", "DocumentReference", note()))
        assert (await ask(hub, browser_http, token, path="", method="POST", body=bad))[0] == 403
    nested = bundle(("POST", "", good))
    assert (await ask(hub, browser_http, token, path="", method="POST", body=nested))[0] == 404
    panel = await panel_token(hub, browser_http)
    assert (await ask(hub, browser_http, panel, path="", method="POST", body=good))[0] == 403


async def test_faults_of_the_server_come_through(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    token = await backend_token(hub, browser_http)
    asked = {"path": "DocumentReference", "method": "POST", "body": note(status="bogus")}
    status, outcome, _ = await ask(hub, browser_http, token, **asked)
    assert (status, outcome["issue"][0]["expression"]) == (400, ["DocumentReference.status"])
