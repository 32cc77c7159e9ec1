"""The pages of operations and audit: what they show, to whom, in both languages, and what stays out."""

import csv
import io

import httpx
import pytest

from hospital_hub.audit.events import Deed, record
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.tables import Outcome
from hospital_hub.resources import Resources
from tests.fixtures.hub import LogIn, rows
from tests.hospital_hub.operations.calls import call, store

HTML = {"accept": "text/html"}
NURSE = Principal(id="nurse-7", role=Role.NURSE, display_name="Nurse seven")
PATIENT = "Patient/very-own"


async def as_role(client: httpx.AsyncClient, log_in: LogIn, role: Role) -> httpx.AsyncClient:
    client.cookies.update(await log_in(role))
    return client


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing in this time."), ("zh-CN", "该时段没有数据。")])
async def test_an_empty_hub_says_so(client: httpx.AsyncClient, log_in: LogIn, language: str, words: str) -> None:
    page = await (await as_role(client, log_in, Role.OPERATIONS)).get(f"/operations?lang={language}", headers=HTML)
    assert page.status_code == 200
    assert words in page.text


async def test_figures_are_pictures_with_a_table_and_a_file(
    client: httpx.AsyncClient, log_in: LogIn, resources: Resources
) -> None:
    await store(resources, call(), call("r1-70b"), call(outcome=Outcome.REFUSED))
    page = (await (await as_role(client, log_in, Role.OPERATIONS)).get("/operations?lang=en", headers=HTML)).text
    assert page.count('role="img"') == page.count("<summary>As a table</summary>") == 8
    assert page.count(".csv?period=day") == 8
    assert "task:triage" in page
    assert "<script>" not in page
    assert " style=" not in page


async def test_a_department_cannot_put_markup_into_the_page(
    client: httpx.AsyncClient, log_in: LogIn, resources: Resources
) -> None:
    await store(resources, call(department="<script>alert(1)</script>"))
    page = (await (await as_role(client, log_in, Role.OPERATIONS)).get("/operations", headers=HTML)).text
    assert "<script>alert" not in page


async def test_the_file_holds_what_the_picture_shows(
    client: httpx.AsyncClient, log_in: LogIn, resources: Resources
) -> None:
    await store(resources, call(), call(), call("r1-671b"), call(department="=1+1"))
    answer = await (await as_role(client, log_in, Role.OPERATIONS)).get("/operations/departments.csv?period=week")
    assert answer.headers["content-disposition"] == 'attachment; filename="departments-week.csv"'
    found = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    # 2 x 1.2 thousand tokens at 0.25 and 1.2 at 1
    assert found == [
        ["By department", "Tokens read", "Tokens written", "Questions", "Cost"],
        ["'=1+1", "1000", "200", "1", "0.3"],
        ["Emergency", "3000", "600", "3", "1.8"],
    ]


async def test_what_cannot_be_shown_is_said(client: httpx.AsyncClient, log_in: LogIn) -> None:
    operations = await as_role(client, log_in, Role.OPERATIONS)
    assert (await operations.get("/operations/nothing.csv")).status_code == 404
    assert (await operations.get("/operations?period=century")).status_code == 422


async def test_the_fleet_is_a_fragment_of_its_own(client: httpx.AsyncClient, log_in: LogIn) -> None:
    fragment = (await (await as_role(client, log_in, Role.ADMINISTRATOR)).get("/operations/fleet")).text
    assert fragment.count("<tr>") == 4
    assert "<html" not in fragment


async def test_the_auditor_sees_who_did_what_and_is_seen(
    client: httpx.AsyncClient, log_in: LogIn, resources: Resources
) -> None:
    async with resources.database.work() as session:
        record(session, NURSE, deed=Deed.READ, entity="triage_case/7", subject=resources.vault.blind(PATIENT))
    auditor = await as_role(client, log_in, Role.AUDITOR)
    page = (await auditor.get("/audit?lang=en", headers=HTML)).text
    assert "triage_case/7" in page
    again = (await auditor.get("/audit?lang=en&entity=audit_event", headers=HTML)).text
    assert "test-auditor" in again
    told = rows(resources.settings.database_url, "SELECT count(*) FROM audit_event WHERE entity = 'audit_event'")
    assert told == [(2,)]


async def test_a_patient_is_looked_up_without_standing_in_an_address(
    client: httpx.AsyncClient, log_in: LogIn, resources: Resources
) -> None:
    async with resources.database.work() as session:
        record(session, NURSE, deed=Deed.READ, entity="note/own", subject=resources.vault.blind(PATIENT))
        record(session, NURSE, deed=Deed.READ, entity="note/others", subject=resources.vault.blind("Patient/2"))
    auditor = await as_role(client, log_in, Role.AUDITOR)
    led = await auditor.post("/audit/subject", data={"reference": PATIENT})
    assert led.status_code == 303
    assert "very-own" not in led.headers["location"]
    page = (await auditor.get(led.headers["location"], headers=HTML)).text
    assert "note/own" in page
    assert "note/others" not in page


@pytest.mark.parametrize(
    "query", ["deed=steal", "before=0", "since=yesterday", "subject=Patient/1", "unknown=1", f"who={'x' * 201}"]
)
async def test_a_filter_that_cannot_be_is_refused(client: httpx.AsyncClient, log_in: LogIn, query: str) -> None:
    assert (await (await as_role(client, log_in, Role.AUDITOR)).get(f"/audit?{query}")).status_code == 422


async def test_the_form_may_leave_everything_open(client: httpx.AsyncClient, log_in: LogIn) -> None:
    answer = await (await as_role(client, log_in, Role.AUDITOR)).get("/audit?deed=&who=&entity=&since=&until=")
    assert answer.status_code == 200


async def test_older_events_are_one_link_away(client: httpx.AsyncClient, log_in: LogIn, resources: Resources) -> None:
    async with resources.database.work() as session:
        for number in range(60):
            record(session, NURSE, deed=Deed.READ, entity=f"note/{number:02}")
    auditor = await as_role(client, log_in, Role.AUDITOR)
    first = (await auditor.get("/audit?lang=en&who=nurse-7", headers=HTML)).text
    assert "note/59" in first
    assert "note/09" not in first
    link = first.partition(">Older events<")[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = (await auditor.get(link, headers=HTML)).text
    assert "note/09" in second
    assert "note/59" not in second
    assert "Older events" not in second


async def test_the_audit_as_a_file(client: httpx.AsyncClient, log_in: LogIn, resources: Resources) -> None:
    async with resources.database.work() as session:
        record(session, NURSE, deed=Deed.SIGN, entity="note/1", subject=resources.vault.blind(PATIENT))
    answer = await (await as_role(client, log_in, Role.AUDITOR)).get("/audit.csv?deed=sign")
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["who"], row["deed"], row["entity"]) == ("nurse-7", "sign", "note/1")
    assert row["subject"] == resources.vault.blind(PATIENT).hex()
