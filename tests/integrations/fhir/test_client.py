"""The client against a strict server: pages, conditions, versions, limits, and whom it trusts with the token."""

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from integrations.fhir.client import FhirClient, Limits
from integrations.fhir.errors import Fault, FhirFault
from tests.fakes.fhir import FakeEmr
from tests.fakes.serving import served

Json = dict[str, Any]


def observations(number: int) -> list[Json]:
    return [
        {"resourceType": "Observation", "id": f"o{one}", "subject": {"reference": "Patient/p1"}}
        for one in range(number)
    ]


def note(identifier: str) -> Json:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "identifier": [{"system": "s", "value": identifier}],
    }


async def faulty(call: Any) -> FhirFault:  # noqa: ANN401 - any coroutine
    with pytest.raises(FhirFault) as caught:
        await call
    return caught.value


async def test_read(client: FhirClient, emr: FakeEmr) -> None:
    emr.put({"resourceType": "Patient", "id": "p1"})
    assert (await client.read("Patient", "p1"))["id"] == "p1"


@pytest.mark.parametrize("identifier", ["nobody", "../Observation", "p1?x=1", "p1/_history", ""])
async def test_an_id_is_an_id(client: FhirClient, emr: FakeEmr, identifier: str) -> None:
    emr.put({"resourceType": "Patient", "id": "p1"})
    assert (await faulty(client.read("Patient", identifier))).fault is Fault.NOT_FOUND


async def test_a_search_follows_its_pages_up_to_the_limit(client: FhirClient, emr: FakeEmr) -> None:
    emr.put(*observations(7))
    found = await client.search("Observation", {"patient": "p1", "_count": "3"}, limit=100)
    assert [one["id"] for one in found] == [f"o{number}" for number in range(7)]
    assert len(emr.seen) == 3
    emr.seen.clear()
    assert len(await client.search("Observation", {"patient": "p1", "_count": "3"}, limit=3)) == 3
    assert len(emr.seen) == 1


async def test_a_conditional_create_happens_once(client: FhirClient, emr: FakeEmr) -> None:
    name = str(uuid.uuid4())
    first = await client.create(note(name), if_none_exist=f"identifier=s|{name}")
    second = await client.create(note(name), if_none_exist=f"identifier=s|{name}")
    assert first["id"] == second["id"]
    assert len(emr.all("DocumentReference")) == 1


async def test_two_matches_are_named(client: FhirClient, emr: FakeEmr) -> None:
    emr.put({**note("x"), "id": "a"}, {**note("x"), "id": "b"})
    fault = await faulty(client.create(note("x"), if_none_exist="identifier=s|x"))
    assert fault.fault is Fault.AMBIGUOUS
    assert not fault.passing


async def test_an_update_needs_the_version_that_was_read(client: FhirClient, emr: FakeEmr) -> None:
    made = await client.create(note("x"))
    newer = await client.update({**made, "description": "one"}, version=made["meta"]["versionId"])
    assert newer["meta"]["versionId"] == "2"
    lost = await faulty(client.update({**made, "description": "two"}, version=made["meta"]["versionId"]))
    assert lost.fault is Fault.CONFLICT
    assert emr.all("DocumentReference")[0]["description"] == "one"


async def test_a_transaction_goes_to_the_base(client: FhirClient, emr: FakeEmr) -> None:
    entry = {"resource": note("x"), "request": {"method": "POST", "url": "DocumentReference"}}
    answer = await client.transaction({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert answer["type"] == "transaction-response"
    assert len(emr.all("DocumentReference")) == 1


@pytest.mark.parametrize(
    ("status", "issue", "fault", "passing"),
    [
        (400, "invalid", Fault.INVALID, False),
        (400, "too-costly", Fault.TOO_LARGE, False),
        (401, "login", Fault.LOGIN, False),
        (403, "forbidden", Fault.FORBIDDEN, False),
        (404, "not-found", Fault.NOT_FOUND, False),
        (409, "duplicate", Fault.CONFLICT, False),
        (422, "processing", Fault.INVALID, False),
        (429, "throttled", Fault.BUSY, True),
        (500, "exception", Fault.BROKEN, True),
        (503, "transient", Fault.BUSY, True),
    ],
)
async def test_each_refusal_has_a_name(
    client: FhirClient, emr: FakeEmr, status: int, issue: str, fault: Fault, *, passing: bool
) -> None:
    emr.status, emr.issue, emr.retry_after = status, issue, "7"
    found = await faulty(client.read("Patient", "p1"))
    assert (found.fault, found.status, found.issues, found.retry_after) == (fault, status, (issue,), 7)
    assert found.passing is passing
    assert "secret" not in str(found)


async def test_a_wrong_token_is_named(client: FhirClient) -> None:
    assert (await faulty(replace(client, token="x").read("Patient", "p1"))).fault is Fault.LOGIN


async def test_a_server_that_is_not_there(http: aiohttp.ClientSession) -> None:
    fault = await faulty(FhirClient(http, base="http://127.0.0.1:1/fhir", token="x").read("Patient", "p1"))
    assert fault.fault is Fault.UNREACHABLE
    assert fault.passing


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(client: FhirClient, emr: FakeEmr) -> None:
    emr.put(*observations(200))
    small = replace(client, limits=Limits(bytes=2000))
    assert (await faulty(small.search("Observation", {"_count": "200"}, limit=200))).fault is Fault.TOO_LARGE


def _server(answer: Response) -> Starlette:
    async def respond(request: Request) -> Response:
        return answer

    return Starlette(routes=[Route("/fhir/{rest:path}", respond)])


async def _fault_of(http: aiohttp.ClientSession, answer: Response) -> Fault:
    async with served(_server(answer)) as origin:
        fault = await faulty(FhirClient(http, base=f"{origin}/fhir", token="x").search("Patient", {}, limit=9))
        return fault.fault


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example.org/fhir/Patient?page=2",
        "http://127.0.0.1:1/fhir/Patient",
        "{origin}/other/Patient",
        "{origin}/fhirs/Patient",
        "{origin}/fhir/../admin",
        "{origin}/fhir/%2e%2e/admin",
    ],
)
async def test_the_token_never_follows_a_link_away_from_the_base(http: aiohttp.ClientSession, following: str) -> None:
    asked = []

    async def respond(request: Request) -> Response:
        asked.append(request.url.path)
        url = following.replace("{origin}", f"http://{request.headers['host']}")
        return JSONResponse({"resourceType": "Bundle", "link": [{"relation": "next", "url": url}], "entry": []})

    async with served(Starlette(routes=[Route("/{rest:path}", respond)])) as origin:
        client = FhirClient(http, base=f"{origin}/fhir", token="x")
        assert (await faulty(client.search("Patient", {}, limit=9))).fault is Fault.FOREIGN
    assert asked == ["/fhir/Patient"]


async def test_a_redirect_is_not_followed(http: aiohttp.ClientSession) -> None:
    assert await _fault_of(http, RedirectResponse("http://127.0.0.1:1/")) is Fault.FOREIGN


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"NaN", b'{"a":NaN}', b"\xff", b"[" * 2000, b'{"resourceType":"Patient"}']
)
async def test_what_is_not_the_asked_resource_is_malformed(http: aiohttp.ClientSession, body: bytes) -> None:
    assert await _fault_of(http, Response(body, media_type="application/fhir+json")) is Fault.MALFORMED


async def test_decimals_keep_their_digits_both_ways(
    client: FhirClient, emr: FakeEmr, http: aiohttp.ClientSession
) -> None:
    body = b'{"resourceType":"Observation","valueQuantity":{"value":123456789.1234567890100}}'
    async with served(_server(Response(body))) as origin:
        found = await FhirClient(http, base=f"{origin}/fhir", token="x").read("Observation", "o1")
    assert found["valueQuantity"]["value"] == Decimal("123456789.1234567890100")
    assert str(found["valueQuantity"]["value"]) == "123456789.1234567890100"
