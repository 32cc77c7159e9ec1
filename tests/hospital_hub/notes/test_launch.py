"""The launch as an attacker and as an unlucky browser see it."""

import asyncio
import time

import pytest
from joserfc.jwk import ECKey, OctKey

from hospital_hub.identity.guard import COOKIE
from hospital_hub.settings import Settings
from tests.fixtures.hub import rows
from tests.hospital_hub.notes.conftest import Browser


async def test_a_launch_ends_in_the_panel_with_a_cookie(browser: Browser, settings: Settings) -> None:
    arrived = await browser.launch()
    assert arrived.status_code == 303
    assert arrived.headers["location"] == "/notes/panel"
    cookie = arrived.headers["set-cookie"]
    assert COOKIE in cookie
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    panel = await browser.client.get("/notes/panel")
    assert panel.status_code == 200
    assert "Alder Demo" in panel.text
    assert f"frame-ancestors {settings.frame_origin}" in panel.headers["content-security-policy"]


async def test_the_log_in_names_issuer_and_subject_and_keeps_the_token_sealed(
    launched: Browser, settings: Settings
) -> None:
    ((who, role, context),) = rows(settings.database_url, "SELECT principal_id, role, context FROM login")
    assert who == f"{launched.emr.base}|u1"
    assert str(role).lower() == "clinician"
    token = next(token for token, kind in launched.emr.tokens.items() if kind == "patient")
    assert token.encode() not in bytes(context)  # type: ignore[call-overload]
    assert launched.emr.patient.encode() not in bytes(context)  # type: ignore[call-overload]
    assert rows(settings.database_url, "SELECT deed FROM audit_event")[0][0].lower() == "login"  # type: ignore[attr-defined]


async def test_no_other_issuer_is_asked(browser: Browser) -> None:
    refused = await browser.start(iss="https://emr.example.org/fhir")
    assert refused.status_code == 400
    assert refused.json()["code"] == "wrong_issuer"
    assert browser.emr.seen == []


async def test_a_state_is_used_once(browser: Browser) -> None:
    started = await browser.start()
    back = await browser.authorize(started.headers["location"])
    assert (await browser.client.get(back)).status_code == 303
    again = await browser.client.get(back)
    assert again.status_code == 403
    assert again.json()["code"] == "launch_unknown"


async def test_a_code_that_another_browser_began_is_refused(browser: Browser) -> None:
    started = await browser.start()
    back = await browser.authorize(started.headers["location"])
    browser.client.cookies.clear()
    browser.client.cookies.set("hub_launch", "another-browser", path="/notes")
    refused = await browser.client.get(back)
    assert refused.json()["code"] == "launch_unknown"
    assert browser.client.cookies.get(COOKIE) is None


async def test_two_launches_of_one_browser_do_not_disturb_each_other(browser: Browser) -> None:
    first = await browser.start(launch="l1")
    second = await browser.start(launch="l2")
    for started in (second, first):
        back = await browser.authorize(started.headers["location"])
        assert (await browser.client.get(back)).status_code == 303


async def test_an_old_state_is_refused(browser: Browser, settings: Settings) -> None:
    started = await browser.start()
    back = await browser.authorize(started.headers["location"])
    rows(settings.database_url, "UPDATE smart_launch SET created_at = now() - interval '11 minutes' RETURNING 1")
    assert (await browser.client.get(back)).json()["code"] == "launch_unknown"


async def test_the_emr_may_refuse(browser: Browser) -> None:
    refused = await browser.client.get("/notes/callback", params={"error": "access_denied", "state": "s"})
    assert refused.status_code == 403
    assert refused.json()["code"] == "launch_denied"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example.org"},
        {"aud": "another-client"},
        {"aud": ["hub-panel", "another-client"]},
        {"azp": "another-client"},
        {"nonce": "replayed"},
        {"exp": int(time.time()) - 600},
        {"iat": int(time.time()) + 86_400},
        {"sub": ""},
    ],
)
async def test_an_id_token_with_a_wrong_claim_logs_nobody_in(browser: Browser, claims: dict[str, object]) -> None:
    browser.emr.id_claims = dict(claims)
    refused = await browser.launch()
    assert refused.status_code == 502
    assert refused.json()["code"] == "id_token_refused"
    assert browser.client.cookies.get(COOKIE) is None


async def test_an_id_token_signed_by_another_key_logs_nobody_in(browser: Browser) -> None:
    browser.emr.id_key = ECKey.generate_key("P-384", {"kid": "emr"})
    assert (await browser.launch()).status_code == 502


async def test_an_id_token_with_a_shared_secret_logs_nobody_in(browser: Browser) -> None:
    browser.emr.id_key = OctKey.import_key("x" * 64)  # type: ignore[assignment]
    browser.emr.id_header = {"alg": "HS256"}
    assert (await browser.launch()).status_code == 502


async def test_a_launch_without_a_patient_is_refused(browser: Browser) -> None:
    browser.emr.patient = ""
    assert (await browser.launch()).json()["code"] == "no_patient"


async def test_an_ended_token_is_said_in_a_sentence(launched: Browser) -> None:
    launched.emr.tokens.clear()  # the EMR no longer takes what it gave
    ended = await launched.client.get("/notes/panel")
    assert ended.status_code == 403
    assert ended.json()["code"] == "launch_ended"


async def test_an_expired_token_is_never_sent(browser: Browser) -> None:
    browser.emr.seconds = 1
    await browser.launch()
    browser.emr.seen.clear()
    deadline = time.monotonic() + 3
    while (answer := await browser.client.get("/notes/panel")).status_code == 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)
    assert answer.json()["code"] == "launch_ended"


async def test_the_public_keys_hold_no_secret(browser: Browser) -> None:
    keys = (await browser.client.get("/.well-known/jwks.json")).json()["keys"]
    assert [key["alg"] for key in keys] == ["ES384"]
    assert all("d" not in key for key in keys)
