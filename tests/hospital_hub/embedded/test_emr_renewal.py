"""Refresh tokens of the demonstration EMR: one use each, and a stolen one ends its line."""

import aiohttp

from tests.fakes.smart_client import SCOPE
from tests.fixtures.hospital import RunningEmr
from tests.hospital_hub.embedded.test_emr_launch import PATIENT

Http = aiohttp.ClientSession


async def test_a_refresh_token_is_good_for_one_use(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    first = await hub.launched(browser_http, PATIENT, scope=f"{SCOPE} online_access")

    async def renewed(token: str, client: str = "hub-panel") -> tuple[int, dict[str, object]]:
        form = hub.exchange_form("", grant_type="refresh_token", refresh_token=token)
        return await hub.token(browser_http, {**form, "client_assertion": hub.assertion(client)})

    assert (await renewed(first["refresh_token"], "hub-backend"))[1]["error"] == "unauthorized_client"
    status, second = await renewed(first["refresh_token"])
    assert (status, second["patient"], second["scope"]) == (200, PATIENT, first["scope"])
    assert second["refresh_token"] != first["refresh_token"]
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    async with browser_http.get(f"{hub.emr}/fhir/Patient/{PATIENT}", headers=bearer) as response:
        assert response.status == 200
    for token in (first["refresh_token"], str(second["refresh_token"])):  # a thief, and then the line itself
        status, answer = await renewed(token)
        assert (status, answer["error"]) == (400, "invalid_grant")


async def test_without_online_access_there_is_none(running_emr: RunningEmr, browser_http: Http) -> None:
    assert "refresh_token" not in await running_emr.hub.launched(browser_http, PATIENT)
