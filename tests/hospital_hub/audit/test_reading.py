"""Reading the audit: narrowed, page by page, and never without leaving a trace."""

from datetime import timedelta

import pytest

from hospital_hub.audit.events import Deed, record
from hospital_hub.audit.reading import Filter, names_of, read
from hospital_hub.errors import NotAllowed
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from tests.fixtures.hub import LogIn, rows

AUDITOR = Principal(id="auditor", role=Role.AUDITOR, display_name="Auditor")
NURSE = Principal(id="nurse", role=Role.NURSE, display_name="Nurse")


async def tell(resources: Resources, *, number: int = 1, deed: Deed = Deed.READ, patient: str = "Patient/1") -> None:
    async with resources.database.work() as session:
        for one in range(number):
            record(session, NURSE, deed=deed, entity=f"triage_case/{one}", subject=resources.vault.blind(patient))


async def found(resources: Resources, wanted: Filter, *, before: int | None = None) -> list[str]:
    async with resources.database.work() as session:
        part = await read(session, AUDITOR, wanted=wanted, limit=100, before=before)
    return [event.entity for event in part.events]


async def test_a_reading_is_itself_an_event(resources: Resources) -> None:
    await tell(resources)
    await found(resources, Filter(who="nurse"))
    query = "SELECT who, role, entity, detail FROM audit_event ORDER BY id DESC LIMIT 1"
    detail = {"filter": {"who": "nurse"}, "events": 1}
    assert rows(resources.settings.database_url, query) == [("auditor", "AUDITOR", "audit_event", detail)]


async def test_only_an_auditor_reads(resources: Resources) -> None:
    async with resources.database.work() as session:
        with pytest.raises(NotAllowed):
            await read(session, NURSE, wanted=Filter(), limit=1)


async def test_pages_follow_each_other_without_gap_or_repetition(resources: Resources) -> None:
    await tell(resources, number=7)
    seen: list[str] = []
    before, turns = None, 0
    while turns == 0 or before is not None:
        async with resources.database.work() as session:
            part = await read(session, AUDITOR, wanted=Filter(who="nurse"), limit=3, before=before)
        seen += [event.entity for event in part.events]
        before, turns = part.before, turns + 1
    assert turns == 3
    assert seen == [f"triage_case/{number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (Filter(deed=Deed.SIGN), 1),
        (Filter(entity="triage_case/"), 4),
        (Filter(entity="triage_case/2"), 1),
        (Filter(entity="triage%"), 0),
        (Filter(who="somebody else"), 0),
        (Filter(since=utc_now() + timedelta(hours=1)), 0),
        (Filter(until=utc_now() - timedelta(hours=1)), 0),
        (Filter(since=utc_now() - timedelta(hours=1), until=utc_now() + timedelta(hours=1)), 4),
    ],
)
async def test_each_filter_narrows(resources: Resources, wanted: Filter, number: int) -> None:
    await tell(resources, number=3)
    await tell(resources, deed=Deed.SIGN)
    assert len(await found(resources, wanted)) == number


async def test_one_patient_is_found_by_the_keyed_hash_alone(resources: Resources) -> None:
    await tell(resources)
    await tell(resources, patient="Patient/2")
    assert len(await found(resources, Filter(subject=resources.vault.blind("Patient/2").hex()))) == 1
    assert "Patient/2" not in str(rows(resources.settings.database_url, "SELECT * FROM audit_event"))


async def test_people_are_named_by_their_log_in(resources: Resources, log_in: LogIn) -> None:
    await log_in(Role.NURSE, "nurse")
    await tell(resources)
    async with resources.database.work() as session:
        part = await read(session, AUDITOR, wanted=Filter(who="nurse"), limit=10)
        assert await names_of(session, part.events) == {"nurse": "nurse"}
