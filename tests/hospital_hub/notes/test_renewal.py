"""A launch that outlives its first token: renewed before the end, by one request, sealed, ended when the EMR says."""

import asyncio
from dataclasses import replace

import httpx

from hospital_hub.identity.logins import living
from hospital_hub.identity.principal import Principal
from hospital_hub.notes.launch_context import LaunchContext, context_of, keep_context
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from tests.fixtures.hub import rows
from tests.hospital_hub.notes.several_emrs import TwoEmrs, Visitor, emrs, settings, visitor

__all__ = ["emrs", "settings", "visitor"]


async def who_is_in(resources: Resources, settings: Settings) -> Principal:
    ((session_id, principal, role),) = rows(
        settings.database_url, "SELECT id, principal_id, role FROM login WHERE ended_at IS NULL"
    )
    return Principal(str(principal), role, "", session_id=session_id)  # type: ignore[arg-type]


async def context(resources: Resources, settings: Settings) -> LaunchContext:
    async with resources.database.work() as session:
        return await context_of(session, resources, who=await who_is_in(resources, settings))


async def aged(resources: Resources, settings: Settings, *, ended: bool = False) -> None:
    """As if the token were close to its end, or past it."""
    who = await who_is_in(resources, settings)
    async with resources.database.work() as session:
        login = await living(session, who=who)
        kept = await context_of(session, resources, who=who)
        old = replace(kept, renew_at=0, until=1 if ended else kept.until)
        await keep_context(session, resources.vault, login=login, context=old)


async def test_a_token_is_renewed_before_its_end_and_each_refresh_token_used_once(
    emrs: TwoEmrs, visitor: Visitor, resources: Resources, settings: Settings
) -> None:
    await visitor.launch(emrs.ward)
    first = await context(resources, settings)
    for _ in range(3):
        await aged(resources, settings)
        assert (await visitor.client.get("/notes/panel")).status_code == 200
    now = await context(resources, settings)
    assert now.refresh_token != first.refresh_token
    assert list(emrs.ward.refresh) == [now.refresh_token]
    assert emrs.ward.bearers[-1] == now.access_token != first.access_token
    sent = [form["refresh_token"] for form in emrs.ward.forms if form["grant_type"] == "refresh_token"]
    assert len(sent) == len(set(sent)) == 3
    assert "client_assertion" in emrs.ward.forms[-1]


async def test_many_requests_at_once_renew_once(
    emrs: TwoEmrs, visitor: Visitor, resources: Resources, settings: Settings
) -> None:
    await visitor.launch(emrs.ward)
    await aged(resources, settings, ended=True)
    answers = await asyncio.gather(*(visitor.client.get("/notes/panel") for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert [form["grant_type"] for form in emrs.ward.forms].count("refresh_token") == 1
    assert rows(settings.database_url, "SELECT count(*) FROM smart_renewal") == [(0,)]


async def test_no_token_lies_open_in_the_database(
    emrs: TwoEmrs, visitor: Visitor, resources: Resources, settings: Settings
) -> None:
    await visitor.launch(emrs.ward)
    held = await context(resources, settings)
    ((kept,),) = rows(settings.database_url, "SELECT row_to_json(login)::text FROM login")
    for secret in (held.refresh_token, held.access_token):
        assert secret not in str(kept)
        assert secret.encode().hex() not in str(kept)
        assert secret not in repr(held)


async def test_a_refused_renewal_ends_the_log_in(
    emrs: TwoEmrs, visitor: Visitor, resources: Resources, settings: Settings
) -> None:
    await visitor.launch(emrs.ward)
    await aged(resources, settings)
    emrs.ward.lies.refuse_renewal = "invalid_grant"
    assert (await visitor.client.get("/notes/panel")).json()["code"] == "launch_ended"
    assert (await visitor.client.get("/notes/panel")).status_code == 401
    assert rows(settings.database_url, "SELECT context FROM login") == [(None,)]
    ((detail,),) = rows(settings.database_url, "SELECT detail FROM audit_event WHERE deed = 'LOGOUT'")
    assert detail == {"fault": "invalid_grant"}


async def test_a_renewal_for_more_or_for_another_patient_ends_the_log_in(
    emrs: TwoEmrs, visitor: Visitor, resources: Resources, settings: Settings
) -> None:
    for renewal in ({"patient": "p2"}, {"scope": "openid patient/*.cruds"}):
        emrs.ward.lies.renewal = {}
        await visitor.launch(emrs.ward)
        await aged(resources, settings)
        emrs.ward.lies.renewal, emrs.ward.bearers = renewal, []
        assert (await visitor.client.get("/notes/panel")).json()["code"] == "launch_ended"
        assert emrs.ward.bearers == []
        visitor.client.cookies.clear()


async def test_an_emr_that_is_away_costs_nothing_while_the_token_lives(
    emrs: TwoEmrs, visitor: Visitor, resources: Resources, settings: Settings
) -> None:
    await visitor.launch(emrs.ward)
    await aged(resources, settings)
    emrs.ward.lies.status = 503
    assert (await visitor.client.get("/notes/panel")).status_code == 200
    await aged(resources, settings, ended=True)
    away = await visitor.client.get("/notes/panel")
    assert (away.status_code, away.json()["code"]) == (502, "emr_away")
    emrs.ward.lies.status = 0
    assert (await visitor.client.get("/notes/panel")).status_code == 200


async def test_a_lease_that_its_holder_left_is_taken_over(
    emrs: TwoEmrs, visitor: Visitor, resources: Resources, settings: Settings
) -> None:
    await visitor.launch(emrs.ward)
    await aged(resources, settings, ended=True)
    rows(
        settings.database_url, "INSERT INTO smart_renewal SELECT id, now() - interval '1 minute' FROM login RETURNING 1"
    )
    assert (await visitor.client.get("/notes/panel")).status_code == 200


async def test_without_a_refresh_token_a_launch_ends_with_its_token(
    emrs: TwoEmrs, visitor: Visitor, resources: Resources, settings: Settings
) -> None:
    emrs.clinic.capabilities = []
    emrs.clinic.lies.token = {"refresh_token": "unasked"}
    await visitor.launch(emrs.clinic)
    assert (await context(resources, settings)).refresh_token == ""
    await aged(resources, settings, ended=True)
    ended: httpx.Response = await visitor.client.get("/notes/panel")
    assert ended.json()["code"] == "launch_ended"
