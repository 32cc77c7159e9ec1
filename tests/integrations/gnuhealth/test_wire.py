"""What a server can answer that is no answer, and what a patient's record can hold."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.fhir.validation import validate
from integrations.gnuhealth.client import Account, Server, Session, logged_in
from integrations.gnuhealth.errors import Fault, GnuHealthFault
from integrations.gnuhealth.evaluations import Evaluation
from integrations.gnuhealth.patients import as_fhir
from integrations.gnuhealth.wire import LARGEST
from tests.fakes.serving import served

Record = dict[str, Any]
ACCOUNT = Account("hub", "password of the hub")
SECRET = "Ana Betz, born 1985"


@dataclass
class Canned:
    """Gives every call the same answer."""

    origin: str = ""
    status: int = 200
    body: str = '{"id": 0, "result": []}'
    headers: dict[str, str] = field(default_factory=dict)
    seen: int = 0

    async def answer(self, _request: Request) -> Response:
        self.seen += 1
        return Response(self.body, status_code=self.status, headers=self.headers)

    def session(self, http: aiohttp.ClientSession) -> Session:
        return Session(http, Server(f"{self.origin}/health"), "Session of-nobody")


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    made = Canned()
    app = Starlette(routes=[Route("/{path:path}", made.answer, methods=["POST", "GET"])])
    async with served(app) as origin:
        made.origin = origin
        yield made


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (401, SECRET, Fault.LOGIN),
        (403, SECRET, Fault.FORBIDDEN),
        (404, SECRET, Fault.NO_DATABASE),
        (429, SECRET, Fault.BUSY),
        (302, SECRET, Fault.BROKEN),
        (500, SECRET, Fault.BROKEN),
        (200, SECRET, Fault.MALFORMED),
        (200, "[]", Fault.MALFORMED),
        (200, "{}", Fault.MALFORMED),
        (200, "[" * 100_000, Fault.MALFORMED),
        (200, '{"id": 0, "result": {"__class__": "date", "year": 2026}}', Fault.MALFORMED),
        (200, '{"id": 0, "result": 7}', Fault.MALFORMED),
        (200, '{"id": 0, "error": ["UserError", ["Ana Betz, born 1985", "", null]]}', Fault.REFUSED),
        (200, '{"id": 0, "error": ["UserWarning", ["w", "Ana Betz, born 1985", ""]]}', Fault.REFUSED),
        (200, '{"id": 0, "error": ["ConcurrencyException", "Ana Betz, born 1985"]}', Fault.CHANGED),
        (200, '{"id": 0, "error": ["LoginException", ["password", "Ana Betz, born 1985"]]}', Fault.LOGIN),
        (200, '{"id": 0, "error": ["RateLimitException"]}', Fault.BUSY),
        (200, '{"id": 0, "error": ["Ana Betz, born 1985", "traceback"]}', Fault.BROKEN),
        (200, '{"id": 0, "error": "Ana Betz, born 1985"}', Fault.BROKEN),
        (200, '{"id": 0, "error": [["Ana Betz, born 1985"]]}', Fault.BROKEN),
        (200, "x" * (LARGEST + 1), Fault.TOO_LARGE),
    ],
)
async def test_each_wrong_answer_has_a_name_and_repeats_nothing(
    http: aiohttp.ClientSession, canned: Canned, status: int, body: str, fault: Fault
) -> None:
    canned.status, canned.body = status, body
    canned.headers = {"Location": "/elsewhere"} if status == 302 else {}
    with pytest.raises(GnuHealthFault) as caught:
        await canned.session(http).records("gnuhealth.patient", [], fields=["id"])
    assert caught.value.fault is fault
    assert "Betz" not in str(caught.value)
    assert canned.seen == 1


@pytest.mark.parametrize("result", ["null", "[]", '[1, "k", 2]', '["1", "k"]', "false"])
async def test_a_log_in_of_another_shape_is_none(http: aiohttp.ClientSession, canned: Canned, result: str) -> None:
    canned.body = f'{{"id": 0, "result": {result}}}'
    with pytest.raises(GnuHealthFault) as caught:
        async with logged_in(http, Server(f"{canned.origin}/health"), account=ACCOUNT):
            pass
    assert caught.value.fault is Fault.MALFORMED


async def test_a_log_out_that_fails_hides_nothing(http: aiohttp.ClientSession, canned: Canned) -> None:
    canned.body = '{"id": 0, "result": [1, "key"]}'

    async def fails() -> None:
        async with logged_in(http, Server(f"{canned.origin}/health"), account=ACCOUNT):
            canned.status = 500
            raise KeyError("the caller's own")

    with pytest.raises(KeyError, match="the caller's own"):
        await fails()
    assert canned.seen == 2


def test_secrets_are_not_shown(http: aiohttp.ClientSession) -> None:
    assert ACCOUNT.password not in repr(ACCOUNT)
    assert "c2VjcmV0" not in repr(Session(http, Server("https://his.example/health"), "Session c2VjcmV0"))


async def test_dates_and_times_come_as_such(http: aiohttp.ClientSession, canned: Canned) -> None:
    canned.body = (
        '{"id": 0, "result": [{"d": {"__class__": "date", "year": 1985, "month": 10, "day": 4}, "t": {"__class__": '
        '"datetime", "year": 2026, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5, "microsecond": 6}}]}'
    )
    (found,) = await canned.session(http).records("any", [], fields=[])
    assert found == {"d": date(1985, 10, 4), "t": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)}


def record(party: Record | None = None, **changes: object) -> Record:
    known = {"name": "Ana", "lastname": "Betz", "gender": "f", "dob": date(1985, 10, 4), "est_dob": False}
    base = {"id": 7, "puid": "ABC123DEF", "active": True, "deceased": False, "dod": None}
    return {**base, "party.": {**known, **(party or {})}, **changes}


@pytest.mark.parametrize(
    ("party", "changes", "expected"),
    [
        ({}, {}, {"gender": "female", "birthDate": "1985-10-04", "active": True}),
        ({"gender": "m"}, {}, {"gender": "male"}),
        ({"gender": "nb"}, {}, {"gender": "other"}),
        ({"gender": "nd"}, {}, {"gender": "unknown"}),
        ({"gender": None}, {}, {"gender": "unknown"}),
        ({"est_dob": True}, {}, {"birthDate": "1985"}),
        ({"dob": None}, {}, {"birthDate": None}),
        ({"unidentified": True, "lastname": None}, {}, {"name": [{"use": "temp", "given": ["Ana"]}]}),
        ({"name": " Ana  María "}, {}, {"name": [{"use": "official", "family": "Betz", "given": ["Ana", "María"]}]}),
        ({"name": None, "lastname": ""}, {}, {"name": None}),
        ({}, {"active": False}, {"active": False}),
        ({}, {"deceased": True}, {"deceasedBoolean": True, "deceasedDateTime": None}),
        (
            {},
            {"deceased": True, "dod": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)},
            {"deceasedBoolean": None, "deceasedDateTime": "2026-01-02T03:04:00+00:00"},
        ),
    ],
)
def test_whatever_the_record_holds_becomes_valid_fhir(party: Record, changes: Record, expected: Record) -> None:
    made = as_fhir(Server("https://his.example/health"), record(party, **changes))
    validate(made)
    assert {name: made.get(name) for name in expected} == expected
    assert made["identifier"] == [{"system": "https://his.example/health/puid", "value": "ABC123DEF"}]


@pytest.mark.parametrize("broken", [{}, {"id": "7", "party.": {}}, {"id": 7}])
def test_a_record_of_another_shape_is_no_patient(broken: Record) -> None:
    with pytest.raises(GnuHealthFault) as caught:
        as_fhir(Server("https://his.example/health"), broken)
    assert caught.value.fault is Fault.MALFORMED


@pytest.mark.parametrize("broken", [{}, {"state": "unheard-of"}, {"urgency": "z"}, {"signed_by.": "nobody"}])
def test_an_evaluation_of_another_shape_is_none(broken: Record) -> None:
    whole: Record = {
        "id": 1,
        "code": "c",
        "patient": 1,
        "state": "done",
        "urgency": "a",
        "evaluation_summary": "t",
        "notes": "",
        "_timestamp": "1.0",
        "signed_by": None,
        "signed_by.": None,
        "evaluation_endtime": None,
        "digest_status": None,
    }
    assert Evaluation.of(whole).text == "t"
    with pytest.raises(GnuHealthFault) as caught:
        Evaluation.of({**whole, **broken} if broken else {})
    assert caught.value.fault is Fault.MALFORMED
