"""The EMR's own pages as a browser gets them: log-in, list, chart with the panel, documents and their marks."""

import html
import json
import stat
import time

import aiohttp
import pytest

from hospital_hub.embedded.emr.accounts import DEMO_LOGINS, DemoLogin
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.keys import signing_key
from hospital_hub.embedded.emr.tokens import Tokens
from tests.fixtures.hospital import FhirServer, RunningEmr

Http = aiohttp.ClientSession


async def page(http: Http, url: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    async with http.request("POST" if form else "GET", url, data=form) as response:
        return response.status, html.unescape(await response.text())


@pytest.mark.parametrize("login", DEMO_LOGINS)
async def test_each_printed_log_in_opens_the_list(
    running_emr: RunningEmr, browser_http: Http, login: DemoLogin
) -> None:
    hub = running_emr.hub
    assert await hub.log_in(browser_http, name=login.name, password=login.password) == 303
    status, text = await page(browser_http, f"{hub.emr}/")
    assert status == 200
    assert login.title in text
    assert text.count('href="/patients/demo-') == 20
    assert "虚构患者" in text
    assert "synthetic patients" in text


async def test_a_wrong_password_opens_nothing(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    assert await hub.log_in(browser_http, password="wrong") == 401
    assert await hub.log_in(browser_http, name="nobody", password="x") == 401
    for path in ("", "patients/demo-zh-01", "patients/demo-zh-01/documents/demo-zh-01-note-1"):
        async with browser_http.get(f"{hub.emr}/{path}", allow_redirects=False) as response:
            assert (response.status, response.headers["location"]) == (303, "/login")


async def test_the_cookie_is_the_emrs_own_and_out_of_reach_of_scripts(
    running_emr: RunningEmr, browser_http: Http
) -> None:
    login = {"name": "dr.chen", "password": "demo-chen-2026"}
    async with browser_http.post(f"{running_emr.hub.emr}/login", data=login, allow_redirects=False) as response:
        cookie = response.cookies["emr_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")


async def test_a_form_of_another_origin_is_refused(running_emr: RunningEmr, browser_http: Http) -> None:
    login = {"name": "dr.chen", "password": "demo-chen-2026"}
    foreign = {"Origin": running_emr.hub.origin}
    async with browser_http.post(f"{running_emr.hub.emr}/login", data=login, headers=foreign) as response:
        assert response.status == 403


async def test_the_search_finds_by_name_and_number(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    await hub.log_in(browser_http)
    for sought, expected in (("张一", 1), ("alder", 1), ("demo-zh-0", 8), ("无此人", 0)):
        _, text = await page(browser_http, f"{hub.emr}/", {"sought": sought})
        assert text.count('href="/patients/demo-') == expected


async def test_the_chart_shows_the_record_and_frames_the_hub(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    await hub.log_in(browser_http)
    async with browser_http.get(f"{hub.emr}/patients/demo-zh-01") as response:
        policy, text = response.headers["Content-Security-Policy"], html.unescape(await response.text())
    for shown in (
        "测试·张一",
        "58 岁",
        "青霉素",
        "2型糖尿病",
        "盐酸二甲双胍缓释片",
        "入院记录",
        "护理记录",
        "已签 Final",
    ):
        assert shown in text
    assert f'<iframe src="{hub.origin}/notes/launch?iss=' in text
    assert f"frame-src {hub.origin} 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert (await page(browser_http, f"{hub.emr}/patients/nobody"))[0] == 404


async def test_a_filed_draft_appears_with_its_marks(
    running_emr: RunningEmr, browser_http: Http, hospital_fhir: FhirServer
) -> None:
    hub, patient = running_emr.hub, "demo-zh-06"
    await hub.log_in(browser_http)
    assert "待签 Preliminary" not in (await page(browser_http, f"{hub.emr}/patients/{patient}"))[1]
    draft = {
        "resourceType": "DocumentReference",
        "id": "marked",
        "meta": {
            "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "AIAST"}]
        },
        "status": "current",
        "docStatus": "preliminary",
        "type": {"text": "病程记录草稿"},
        "subject": {"reference": f"Patient/{patient}"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "PGI+5LiN5piv5qCH562+PC9iPg=="}}],
    }
    url = f"{hospital_fhir.url}/DocumentReference/marked"
    sent = {"Content-Type": "application/fhir+json"}
    async with browser_http.put(url, data=json.dumps(draft), headers=sent) as response:
        assert response.status == 201
    text = (await page(browser_http, f"{hub.emr}/patients/{patient}"))[1]
    assert "病程记录草稿" in text
    assert "待签 Preliminary" in text
    assert '<span class="ai"' in text
    async with browser_http.get(f"{hub.emr}/patients/{patient}/documents/marked") as response:
        raw = await response.text()
    assert "&lt;b&gt;不是标签&lt;/b&gt;" in raw
    assert "由人工智能起草" in raw
    assert (await page(browser_http, f"{hub.emr}/patients/demo-zh-01/documents/marked"))[0] == 404
    async with browser_http.delete(url) as response:
        assert response.status == 204


async def test_healthz_needs_nobody(running_emr: RunningEmr, browser_http: Http) -> None:
    assert (await page(browser_http, f"{running_emr.hub.emr}/healthz"))[0] == 200


def test_tokens_and_log_ins_survive_a_restart(running_emr: RunningEmr) -> None:
    config: EmrConfig = running_emr.config
    before = Tokens(config, signing_key(config.data)).session(DEMO_LOGINS[0])
    assert Tokens(config, signing_key(config.data)).read_session(before) == DEMO_LOGINS[0]
    file = config.data / "emr" / "signing-key.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    late = EmrConfig(config.origin, config.private_fhir, config.hub, config.data, lambda: time.time() + 8 * 3600 + 1)
    assert Tokens(late, signing_key(config.data)).read_session(before) is None
