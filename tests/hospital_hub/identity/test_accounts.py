"""Accounts: made, closed, given a new password; each change ends log-ins and leaves an audit event."""

from dataclasses import replace

import pytest

from hospital_hub.errors import BadInput, Conflict, NotAllowed, NotFound, NotLoggedIn, Refused
from hospital_hub.identity import accounts
from hospital_hub.identity.accounts import TERMINAL, NewAccount
from hospital_hub.identity.demonstration import DEMO, seed_demonstration
from hospital_hub.identity.door import come_in
from hospital_hub.identity.guard import lifetimes
from hospital_hub.identity.logins import recognise
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from tests.fixtures.hub import rows

WANTED = NewAccount(name="ward.seven", display_name="Ward seven", role=Role.NURSE, department="Surgery")
PASSWORD = "seven quiet lamps"
OTHER = "eight louder lamps"


async def make(resources: Resources, wanted: NewAccount = WANTED, password: str = PASSWORD) -> None:
    await accounts.create(resources, TERMINAL, wanted=wanted, password=password, now=utc_now())


async def enter(resources: Resources, password: str = PASSWORD) -> str:
    token, _ = await come_in(resources, name=WANTED.name, password=password, before=None, now=utc_now())
    return token


async def still_in(resources: Resources, token: str) -> bool:
    async with resources.database.work() as session:
        who = await recognise(
            session, vault=resources.vault, token=token, lifetimes=lifetimes(resources), now=utc_now()
        )
    return who is not None


async def test_an_account_can_log_in(resources: Resources) -> None:
    await make(resources)
    assert await still_in(resources, await enter(resources))
    stored = str(rows(resources.settings.database_url, "SELECT * FROM account"))
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


async def test_a_closed_account_is_out_at_once(resources: Resources) -> None:
    await make(resources)
    token = await enter(resources)
    await accounts.disable(resources, TERMINAL, name=WANTED.name, now=utc_now())
    assert not await still_in(resources, token)
    with pytest.raises(NotLoggedIn):
        await enter(resources)


async def test_a_new_password_ends_the_old_one_and_its_log_ins(resources: Resources) -> None:
    await make(resources)
    token = await enter(resources)
    await accounts.reset_password(resources, TERMINAL, name=WANTED.name, password=OTHER, now=utc_now())
    assert not await still_in(resources, token)
    with pytest.raises(NotLoggedIn):
        await enter(resources)
    assert await still_in(resources, await enter(resources, OTHER))


async def test_a_new_password_opens_a_closed_account(resources: Resources) -> None:
    await make(resources)
    await accounts.disable(resources, TERMINAL, name=WANTED.name, now=utc_now())
    await accounts.reset_password(resources, TERMINAL, name=WANTED.name, password=OTHER, now=utc_now())
    assert await still_in(resources, await enter(resources, OTHER))


async def test_each_change_is_in_the_audit(resources: Resources) -> None:
    await make(resources)
    await accounts.reset_password(resources, TERMINAL, name=WANTED.name, password=OTHER, now=utc_now())
    await accounts.disable(resources, TERMINAL, name=WANTED.name, now=utc_now())
    told = rows(resources.settings.database_url, "SELECT deed, who, detail FROM audit_event ORDER BY id")
    assert told == [
        ("CREATE", "command-line", {}),
        ("UPDATE", "command-line", {"change": "password"}),
        ("UPDATE", "command-line", {"change": "disabled"}),
    ]


@pytest.mark.parametrize("password", ["short", "x" * 201, "ward.seven-2026", "aaaaaaaaaaaaaaaa"])
async def test_a_poor_password_is_refused(resources: Resources, password: str) -> None:
    with pytest.raises(BadInput):
        await make(resources, password=password)
    assert await accounts.everybody(resources, TERMINAL) == []


@pytest.mark.parametrize("role", sorted(set(Role) - accounts.WITH_PASSWORD))
async def test_devices_clinicians_and_services_get_no_password(resources: Resources, role: Role) -> None:
    with pytest.raises(BadInput):
        await make(resources, replace(WANTED, role=role))


async def test_a_name_is_taken_once(resources: Resources) -> None:
    await make(resources)
    with pytest.raises(Conflict):
        await make(resources)


async def test_an_unknown_name_is_said_to_be_unknown(resources: Resources) -> None:
    with pytest.raises(NotFound):
        await accounts.disable(resources, TERMINAL, name="nobody", now=utc_now())


async def test_only_an_administrator_manages_accounts(resources: Resources) -> None:
    nurse = Principal(id="n", role=Role.NURSE, display_name="N")
    with pytest.raises(NotAllowed):
        await accounts.everybody(resources, nurse)
    with pytest.raises(NotAllowed):
        await accounts.create(resources, nurse, wanted=WANTED, password=PASSWORD, now=utc_now())


async def test_the_demonstration_can_be_seeded_again(resources: Resources) -> None:
    assert await seed_demonstration(resources, now=utc_now()) == len(DEMO)
    await accounts.reset_password(resources, TERMINAL, name=DEMO[0].name, password=OTHER, now=utc_now())
    assert await seed_demonstration(resources, now=utc_now()) == 0
    with pytest.raises(NotLoggedIn):
        await come_in(resources, name=DEMO[0].name, password=DEMO[0].password, before=None, now=utc_now())


async def test_printed_passwords_exist_in_the_demonstration_alone(resources: Resources) -> None:
    real = replace(resources, settings=resources.settings.model_copy(update={"demo": False}))
    with pytest.raises(Refused):
        await seed_demonstration(real, now=utc_now())
    assert await accounts.everybody(resources, TERMINAL) == []
