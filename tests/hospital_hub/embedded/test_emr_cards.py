"""The EMR's side of CDS Hooks: a signed call, the cards in both languages, the link's launch, and what is told back."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hospital_hub.embedded.emr.app import create_app
from hospital_hub.embedded.emr.cards import WrongAnswer, cards_of
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.hub_hooks import Decision
from tests.fakes.smart_client import FakeHub
from tests.fixtures.hospital import Clock, FhirServer, RunningEmr, listening, loopback_listener

Json = dict[str, Any]
PATIENT = "demo-zh-01"
CONTEXT = '{"draft": "01890a5d-ac96-774b-bcce-b302099a8057", "hub": "cds"}'


@dataclass
class Service:
    """A CDS service that answers as it is told, and keeps what it was sent."""

    hub: FakeHub
    keys: Json = field(default_factory=dict)
    answer: Any = field(default_factory=lambda: {"cards": []})
    status: int = 200
    calls: list[tuple[str, Json, Json, str]] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                *self.hub.app().routes,
                Route("/cds-services/{service}", self._called, methods=["POST"]),
                Route("/cds-services/{service}/feedback", self._called, methods=["POST"]),
            ]
        )

    async def _called(self, request: Request) -> Response:
        if not self.keys:
            async with aiohttp.ClientSession() as http, http.get(f"{self.hub.emr}/auth/jwks") as response:
                self.keys = await response.json()
        token = request.headers["authorization"].removeprefix("Bearer ")
        read = jwt.decode(token, KeySet.import_key_set(self.keys), algorithms=["ES384"])
        assert read.header["typ"] == "JWT"
        self.calls.append((str(request.url), read.claims, await request.json(), request.headers["accept-language"]))
        return JSONResponse({} if request.url.path.endswith("feedback") else self.answer, self.status)


@dataclass
class Ward:
    service: Service
    http: aiohttp.ClientSession

    @property
    def emr(self) -> str:
        return self.service.hub.emr

    async def page(self, path: str, form: dict[str, str] | None = None, language: str = "zh-CN") -> tuple[int, str]:
        sent = {"Accept-Language": language}
        async with self.http.request(
            "POST" if form is not None else "GET", self.emr + path, data=form, headers=sent
        ) as answer:
            return answer.status, await answer.text()

    async def cards(self, hook: str = "patient-view", language: str = "zh-CN") -> str:
        status, text = await self.page(f"/patients/{PATIENT}/cards/{hook}", language=language)
        assert status == 200, text
        return text


@pytest_asyncio.fixture
async def ward(hospital_fhir: FhirServer, browser_http: aiohttp.ClientSession, tmp_path: Path) -> AsyncIterator[Ward]:
    (hub_socket, hub_origin), (emr_socket, emr_origin) = loopback_listener(), loopback_listener()
    service = Service(FakeHub(hub_origin, emr_origin))
    config = EmrConfig(origin=emr_origin, private_fhir=hospital_fhir.url, hub=hub_origin, data=tmp_path, clock=Clock())
    async with listening(service.app(), hub_socket), listening(create_app(config), emr_socket):
        await service.hub.log_in(browser_http)
        yield Ward(service, browser_http)


def card(**fields: object) -> Json:
    whole = {
        "uuid": "11111111-1111-4111-8111-111111111111",
        "summary": "2 项异常结果",
        "indicator": "warning",
        "source": {"label": "医院中枢"},
        "detail": "- 肌酐 \\*146\\* umol/L\n- <b>血钾</b> 5.9",
        "suggestions": [{"label": "我已查看", "uuid": "22222222-2222-4222-8222-222222222222"}],
        "overrideReasons": [{"code": "known", "system": "urn:x", "display": "已知悉"}],
        "links": [{"label": "打开草稿", "url": "", "type": "smart", "appContext": CONTEXT}],
    }
    return {**whole, **fields}


def action_of(page: str) -> str:
    found = re.search(r'action="(/cards/[^"]+)"', page)
    assert found
    return found[1]


async def test_the_call_is_signed_and_brings_a_token_for_this_patient_alone(ward: Ward) -> None:
    await ward.cards()
    ((url, claims, body, language),) = ward.service.calls
    assert url == f"{ward.service.hub.origin}/cds-services/patient-view"
    assert (claims["iss"], claims["aud"]) == (ward.emr, url)
    assert claims["jti"]
    assert 0 < claims["exp"] - claims["iat"] <= 60
    assert body["context"] == {
        "userId": "Practitioner/demo-dr-chen",
        "patientId": PATIENT,
        "encounterId": f"{PATIENT}-stay",
    }
    assert (body["fhirServer"], body["fhirAuthorization"]["patient"]) == (f"{ward.emr}/fhir", PATIENT)
    assert language == "zh-CN"
    sent = {"Authorization": f"Bearer {body['fhirAuthorization']['access_token']}"}
    for query, status in (
        (f"Observation?patient={PATIENT}&category=laboratory&_sort=-date&_count=5", 200),
        (f"ServiceRequest?patient={PATIENT}&status=active", 200),
        ("Observation?patient=demo-zh-02", 403),
        ("Patient/demo-zh-01", 403),
    ):
        async with ward.http.get(f"{ward.emr}/fhir/{query}", headers=sent) as answer:
            assert answer.status == status, query


async def test_two_calls_have_two_instances_and_two_tokens(ward: Ward) -> None:
    await ward.cards()
    await ward.cards("encounter-discharge", "en-GB")
    (_, one, first, _), (url, two, second, language) = ward.service.calls
    assert first["hookInstance"] != second["hookInstance"]
    assert one["jti"] != two["jti"]
    assert (second["hook"], language) == ("encounter-discharge", "en")
    assert url.endswith("/encounter-discharge")


async def test_the_cards_stand_in_a_frame_as_plain_text(ward: Ward) -> None:
    ward.service.answer = {"cards": [card()]}
    async with ward.http.get(f"{ward.emr}/patients/{PATIENT}/cards/patient-view") as response:
        policy, text = response.headers["Content-Security-Policy"], await response.text()
    assert "frame-ancestors 'self'" in policy
    for shown in ("2 项异常结果", "肌酐 *146* umol/L", "&lt;b&gt;血钾&lt;/b&gt;", "我已查看", "已知悉", "忽略此提醒"):
        assert shown in text
    _, chart = await ward.page(f"/patients/{PATIENT}")
    assert f'src="/patients/{PATIENT}/cards/patient-view"' in chart
    assert 'loading="lazy"' in chart
    _, leaving = await ward.page(f"/patients/{PATIENT}/discharge")
    assert f'src="/patients/{PATIENT}/cards/encounter-discharge"' in leaving


async def test_the_link_launches_the_panel_with_the_cards_context(ward: Ward) -> None:
    link = {**card()["links"][0], "url": f"{ward.service.hub.origin}/notes/launch"}
    ward.service.answer = {"cards": [card(links=[link])]}
    found = re.search(r'href="(/cards/[^"]+)" target="panel"', await ward.cards())
    assert found
    async with ward.http.get(ward.emr + found[1], allow_redirects=False) as response:
        assert response.status == 303
        target = urlsplit(response.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{ward.service.hub.origin}/notes/launch"
    hub = ward.service.hub
    code = await hub.authorize(ward.http, hub.authorize_query(parse_qs(target.query)["launch"][0]))
    _, token = await hub.token(ward.http, hub.exchange_form(code["code"]))
    assert (token["appContext"], token["patient"]) == (CONTEXT, PATIENT)


async def test_a_launch_without_a_card_has_no_context(ward: Ward) -> None:
    assert "appContext" not in await ward.service.hub.launched(ward.http, PATIENT)


async def test_no_other_app_is_launched(ward: Ward) -> None:
    link = {**card()["links"][0], "url": "https://elsewhere.example.org/launch"}
    ward.service.answer = {"cards": [card(links=[link])]}
    found = re.search(r'href="(/cards/[^"]+)" target="panel"', await ward.cards())
    assert found
    assert (await ward.page(found[1]))[0] == 404
    assert (await ward.page(found[1][:-1] + "7"))[0] == 404


async def test_what_the_doctor_does_is_told_to_the_hub(ward: Ward) -> None:
    ward.service.answer = {"cards": [card(), card(uuid="33333333-3333-4333-8333-333333333333", suggestions=[])]}
    page = await ward.cards()
    first = action_of(page)
    _, page = await ward.page(first, {"suggestion": "22222222-2222-4222-8222-222222222222"})
    assert "已采纳并告知智枢" in page
    _, page = await ward.page(action_of(page), {"reason": "known", "comment": " 上周已处理 "})
    assert "已忽略并告知智枢" in page
    assert "/cards/" not in page.replace("/cards/patient-view", "")
    told = [(url, body["feedback"]) for url, _, body, _ in ward.service.calls[1:]]
    assert {url for url, _ in told} == {f"{ward.service.hub.origin}/cds-services/patient-view/feedback"}
    (accepted,), (overridden,) = (entries for _, entries in told)
    assert accepted["outcome"] == "accepted"
    assert accepted["acceptedSuggestions"] == [{"id": "22222222-2222-4222-8222-222222222222"}]
    assert overridden["outcome"] == "overridden"
    assert overridden["overrideReason"] == {
        "reason": {"code": "known", "system": "urn:x"},
        "userComment": "上周已处理",
    }
    assert overridden["outcomeTimestamp"].endswith("Z")


async def test_what_the_card_did_not_offer_is_refused(ward: Ward) -> None:
    ward.service.answer = {"cards": [card()]}
    action = action_of(await ward.cards())
    assert (await ward.page(action, {"suggestion": "44444444-4444-4444-8444-444444444444"}))[0] == 404
    assert (await ward.page(action, {"reason": "bored"}))[0] == 404
    assert (await ward.page("/cards/nothing/11111111-1111-4111-8111-111111111111", {}))[0] == 404
    foreign = {"Origin": ward.service.hub.origin}
    async with ward.http.post(ward.emr + action, data={"reason": "known"}, headers=foreign) as response:
        assert response.status == 403
    assert len(ward.service.calls) == 1


async def test_another_doctor_cannot_use_a_card_on_this_ones_screen(ward: Ward) -> None:
    ward.service.answer = {"cards": [card()]}
    action = action_of(await ward.cards())
    await ward.service.hub.log_in(ward.http, name="dr.lin", password="demo-lin-2026")
    assert (await ward.page(action, {"reason": "known"}))[0] == 404


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, {}), (401, {}), (200, []), (200, {"cards": [{"summary": "x"}]}), (200, {"cards": [card(indicator="odd")]})],
)
async def test_a_hub_that_fails_leaves_the_chart_as_it_is(ward: Ward, status: int, answer: object) -> None:
    ward.service.status, ward.service.answer = status, answer
    assert "智枢暂未应答" in await ward.cards()
    assert (await ward.page(f"/patients/{PATIENT}"))[0] == 200


async def test_a_decision_is_kept_on_the_screen_though_nobody_hears_it(ward: Ward) -> None:
    ward.service.answer = {"cards": [card()]}
    action = action_of(await ward.cards())
    ward.service.status = 503
    _, page = await ward.page(action, {"comment": "known"})
    assert "智枢未应答，未记录" in page


async def test_without_a_hub_the_frame_says_so(running_emr: RunningEmr, browser_http: aiohttp.ClientSession) -> None:
    """That hub has no hooks at all."""
    emr = running_emr.hub.emr
    await running_emr.hub.log_in(browser_http)
    async with browser_http.get(f"{emr}/patients/{PATIENT}/cards/patient-view") as response:
        assert (response.status, "智枢暂未应答" in await response.text()) == (200, True)


def test_an_answer_is_read_or_refused_whole() -> None:
    (found,) = cards_of({"cards": [card(), card(indicator="info")][:1]})
    assert (found.lines, found.links[0].context) == (("肌酐 *146* umol/L", "<b>血钾</b> 5.9"), CONTEXT)
    for wrong in (None, {}, {"cards": None}, {"cards": [card(suggestions=[{"label": "x"}])]}, {"cards": ["x"]}):
        with pytest.raises(WrongAnswer):
            cards_of(wrong)


def test_a_card_may_be_dismissed_without_a_word() -> None:
    entry = Decision("11111111-1111-4111-8111-111111111111").to_json(at=datetime(2026, 11, 24, tzinfo=UTC))
    assert entry["outcome"] == "overridden"
    assert "overrideReason" not in entry
