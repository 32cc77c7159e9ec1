"""How the client reads: again after a passing failure, with what comes along, everything of a patient, odd servers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.fhir.client import FhirClient, Limits, Retries
from integrations.fhir.errors import Fault, FhirFault, fault_of
from integrations.fhir.everything import everything
from integrations.fhir.peculiar import Kind, peculiarities
from tests.fakes.serving import served

Json = dict[str, Any]
PATIENT = {"resourceType": "Patient", "id": "p1"}
PULSE = {"resourceType": "Observation", "id": "o1", "subject": {"reference": "Patient/p1"}}
QUICK = Retries(first=0.001)


def outcome(code: str) -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


def bundle(*entries: Json, following: str = "") -> Json:
    link = [{"relation": "next", "url": following}] if following else []
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": list(entries)}


def entry(resource: Json, mode: str = "") -> Json:
    return {"resource": resource, "search": {"mode": mode}} if mode else {"resource": resource}


@dataclass
class Server:
    """Answers each request by the next of `answers`, the last of them for ever."""

    answers: list[Response | Callable[[Request], Response]]
    asked: list[str] = field(default_factory=list)

    async def respond(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.url.path.removeprefix('/fhir/')}")
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return answer if isinstance(answer, Response) else answer(request)

    @asynccontextmanager
    async def client(self, http: aiohttp.ClientSession, retries: Retries = QUICK) -> AsyncIterator[FhirClient]:
        methods = ["GET", "POST", "PUT"]
        app = Starlette(routes=[Route("/fhir{rest:path}", self.respond, methods=methods)])
        async with served(app) as origin:
            yield FhirClient(http, base=f"{origin}/fhir", token="x", limits=Limits(seconds=5), retries=retries)


async def faulty(call: Any) -> FhirFault:  # noqa: ANN401 - any coroutine
    with pytest.raises(FhirFault) as caught:
        await call
    return caught.value


BUSY = JSONResponse(outcome("transient"), 503)
BROKEN = Response("<html>oops</html>", 500)


@pytest.mark.parametrize("first", [BUSY, BROKEN, JSONResponse(outcome("throttled"), 429, headers={"Retry-After": "1"})])
async def test_a_read_is_tried_again_after_a_passing_failure(http: aiohttp.ClientSession, first: Response) -> None:
    server = Server([first, JSONResponse(PATIENT)])
    async with server.client(http) as client:
        assert await client.read("Patient", "p1") == PATIENT
    assert len(server.asked) == 2


async def test_a_read_is_not_tried_for_ever(http: aiohttp.ClientSession) -> None:
    server = Server([BUSY])
    async with server.client(http) as client:
        assert (await faulty(client.read("Patient", "p1"))).fault is Fault.BUSY
    assert len(server.asked) == 1 + QUICK.times


async def test_a_server_that_asks_for_a_long_wait_is_left_alone(http: aiohttp.ClientSession) -> None:
    server = Server([JSONResponse(outcome("throttled"), 429, headers={"Retry-After": "30"})])
    async with server.client(http) as client:
        assert (await faulty(client.read("Patient", "p1"))).retry_after == 30
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
async def test_what_will_not_pass_is_not_tried_again(http: aiohttp.ClientSession, status: int) -> None:
    server = Server([JSONResponse(outcome("invalid"), status)])
    async with server.client(http) as client:
        assert not (await faulty(client.read("Patient", "p1"))).passing
    assert len(server.asked) == 1


async def test_a_write_is_never_repeated(http: aiohttp.ClientSession) -> None:
    server = Server([BUSY])
    async with server.client(http) as client:
        for write in (
            client.create(PULSE),
            client.create(PULSE, if_none_exist="identifier=x"),
            client.update(PULSE, version="1"),
            client.transaction({"resourceType": "Bundle", "type": "transaction"}),
        ):
            assert (await faulty(write)).passing
    assert len(server.asked) == 4


async def test_a_lost_connection_is_tried_again(http: aiohttp.ClientSession) -> None:
    refused = FhirClient(http, base="http://127.0.0.1:1/fhir", token="x", retries=QUICK)
    assert (await faulty(refused.read("Patient", "p1"))).fault is Fault.UNREACHABLE


async def test_all_tries_of_a_read_share_its_time(http: aiohttp.ClientSession) -> None:
    server = Server([BUSY])
    async with server.client(http, Retries(times=1000, first=0.05, longest=60)) as client:
        hasty = FhirClient(http, client.base, "x", Limits(seconds=0.2), client.retries)
        assert (await faulty(hasty.read("Patient", "p1"))).fault is Fault.UNREACHABLE
    assert len(server.asked) < 5


def test_a_date_to_come_back_at_is_read_by_the_servers_clock() -> None:
    now = datetime(2020, 2, 29, 23, 59, 30, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=40), usegmt=True)
    assert fault_of(503, None, retry_after=later, answered_at=format_datetime(now, usegmt=True)).retry_after == 40
    for wrong in ("soon", "-5", "٣", "9" * 5000, later):
        assert fault_of(503, None, retry_after=wrong, answered_at="").retry_after in {0, 3600}


async def test_included_resources_are_told_apart_and_come_once(http: aiohttp.ClientSession) -> None:
    parent = {**PULSE, "id": "o9"}
    pages = [
        bundle(entry(PULSE, "match"), entry(PATIENT, "include"), entry(parent, "include"), following="?page=2"),
        bundle(entry({**PULSE, "id": "o2"}), entry(PATIENT, "include"), entry(outcome("informational"), "outcome")),
    ]
    server = Server([JSONResponse(page) for page in pages])
    async with server.client(http) as client:
        found = await client.find("Observation", {"_include": "Observation:subject"}, limit=10)
    assert [one["id"] for one in found.matches] == ["o1", "o2"]
    assert [one["id"] for one in found.included] == ["p1", "o9"]


async def test_pages_in_a_circle_end(http: aiohttp.ClientSession) -> None:
    server = Server([lambda request: JSONResponse(bundle(entry(PULSE), following=str(request.url)))])
    async with server.client(http) as client:
        assert (await faulty(client.search("Observation", {}, limit=999))).fault is Fault.MALFORMED
    assert len(server.asked) <= 2


async def test_everything_of_a_patient_where_the_server_has_it(http: aiohttp.ClientSession) -> None:
    server = Server([JSONResponse(PATIENT), JSONResponse(bundle(entry(PATIENT), entry(PULSE)))])
    async with server.client(http) as client:
        assert await everything(client, "p1", queries={}, limit=50) == [PATIENT, PULSE]
    assert server.asked == ["GET Patient/p1", "GET Patient/p1/$everything"]


@pytest.mark.parametrize(
    "lacking",
    [
        JSONResponse(outcome("not-supported"), 400),
        JSONResponse(outcome("forbidden"), 403),
        Response("nothing here", 404),
        Response("", 405),
        JSONResponse(outcome("not-supported"), 501),
    ],
)
async def test_everything_of_a_patient_by_plain_searches(http: aiohttp.ClientSession, lacking: Response) -> None:
    def answer(request: Request) -> Response:
        if request.url.path.endswith("$everything"):
            return lacking
        kind = request.url.path.split("/")[2]
        if "p1" in request.url.path:
            return JSONResponse(PATIENT)
        assert request.query_params["patient"] == "p1"
        return JSONResponse(bundle(*([entry(PULSE)] if kind == "Observation" else [])))

    server = Server([answer])
    queries: dict[str, dict[str, str]] = {"Condition": {}, "Observation": {"_sort": "-date"}}
    async with server.client(http) as client:
        assert await everything(client, "p1", queries=queries, limit=50) == [PATIENT, PULSE]
    assert server.asked[-2:] == ["GET Condition", "GET Observation"]


async def test_everything_of_nobody_is_nobody(http: aiohttp.ClientSession) -> None:
    server = Server([JSONResponse(outcome("not-found"), 404)])
    async with server.client(http) as client:
        assert (await faulty(everything(client, "p1", queries={}, limit=5))).fault is Fault.NOT_FOUND


async def test_names_of_python_are_diagnosed_and_not_read_past(http: aiohttp.ClientSession) -> None:
    visit = {"resourceType": "Encounter", "id": "e1", "status": "finished", "class_fhir": {"code": "EMER"}}
    async with Server([JSONResponse(visit)]).client(http) as client:
        fault = await faulty(client.read("Encounter", "e1"))
    assert fault.fault is Fault.MALFORMED
    assert "Encounter.class_fhir" in str(fault)
    async with Server([JSONResponse(bundle(entry(visit)))]).client(http) as client:
        assert "Bundle.entry[0].resource.class_fhir" in str(await faulty(client.search("Encounter", {}, limit=5)))


def test_each_peculiarity_has_its_kind_and_place() -> None:
    resource: Json = {
        "resourceType": "Patient",
        "id": None,
        "name": [{"given": ["A", None], "_given": [None, {"id": "x"}], "family": ""}, {}],
        "contact": [],
        "extension": [{"url": "u", "valueString": None}],
        "deceasedBoolean": False,
        "multipleBirthInteger": 0,
        "resource_type": "Patient",
        "communication": [{"for_fhir": 1}],
    }
    assert [(one.kind, one.place) for one in peculiarities(resource)] == [
        (Kind.NULL, "Patient.id"),
        (Kind.EMPTY, "Patient.name[0].family"),
        (Kind.EMPTY, "Patient.name[1]"),
        (Kind.EMPTY, "Patient.contact"),
        (Kind.NULL, "Patient.extension[0].valueString"),
        (Kind.PYTHON_NAME, "Patient.resource_type"),
        (Kind.PYTHON_NAME, "Patient.communication[0].for_fhir"),
    ]
