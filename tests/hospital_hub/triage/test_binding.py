"""Whose case it is: two identifiers that fit, a comparison, a step that can be undone, and a trail of who was seen."""

import html
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio

from hospital_hub.errors import Conflict, HubError, NotAllowed, NotFound, Refused, UpstreamFailed
from hospital_hub.identity.guard import COOKIE
from hospital_hub.identity.logins import begin
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.main import create_app
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import binding, binding_steps, emr
from hospital_hub.triage.binding_steps import Choice
from hospital_hub.triage.patients import Kind, Typed, check, fits, open_encounter
from hospital_hub.triage.tables import TriageCase
from tests.fixtures.hub import ORIGIN
from tests.hospital_hub.triage.bound_cases import ANNA, BERTA, Ward, patient, visit

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ANNAS = patient("p-anna", "Alder Anna", "1960-05-18", number="H-1001")


@pytest.mark.parametrize(
    ("typed", "fit"),
    [
        (Typed("H-1001", "", "1960-05-18"), True),
        (Typed("h-1001", "ALDER  anna", ""), True),
        (Typed("", "Anna Alder", "1960-05-18"), True),
        (Typed("", "ＡＬＤＥＲ·ＡＮＮＡ", "1960-05-18"), True),
        (Typed("H-1001", "", "1960-05-19"), False),
        (Typed("H-1002", "Alder Anna", "1960-05-18"), False),
        (Typed("", "Anna", "1960-05-18"), False),
        (Typed("H-100", "Alder Anna", ""), False),
    ],
)
def test_every_identifier_that_was_typed_must_be_the_records(typed: Typed, fit: bool) -> None:
    assert fits(ANNAS, typed) is fit


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (Typed("H-1001"), "two_identifiers"),
        (Typed("", "Alder Anna", "  "), "two_identifiers"),
        (Typed("urn:x|1", "Alder Anna"), "odd_number"),
        (Typed("1,2", "Alder Anna"), "odd_number"),
        (Typed("", "Alder Anna", "18.5.1960"), "odd_date"),
    ],
)
def test_one_identifier_is_not_enough_and_a_number_is_no_search(typed: Typed, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check(typed)
    assert refused.value.code == code
    assert check(Typed(" H-1001 ", "Alder   Anna")).kinds == (Kind.NUMBER, Kind.NAME)


class Visits:
    """A FHIR client that has these encounters."""

    def __init__(self, *encounters: dict[str, object]) -> None:
        self.encounters = list(encounters)

    async def search(self, kind: str, query: object, *, limit: int) -> list[dict[str, object]]:
        assert kind == "Encounter"
        return self.encounters[:limit]


@pytest.mark.parametrize(
    ("encounters", "chosen"),
    [
        ([], ""),
        ([visit("a", "p", kind="IMP")], ""),
        ([visit("a", "p", status="finished")], ""),
        ([visit("a", "p", kind="AMB"), visit("b", "p")], "b"),
        ([visit("a", "p"), visit("b", "p", period={"start": "2026-11-24T08:30:00+08:00"})], "b"),
        ([visit("a", "p", status="planned", period={"start": "2026-11-24"})], "a"),
        ([visit("a", "p", status="planned", period={"start": "2026-12-01"})], ""),
        ([visit("a", "p", status="planned", period={})], ""),
        ([visit("a", "p", status="planned", kind="AMB", period={"start": "2026-11-24T10:00:00+08:00"}),
          visit("b", "p", status="arrived", kind="AMB", period={"start": "2026-11-23T10:00:00+08:00"})], "b"),
    ],
)  # fmt: skip
async def test_the_hospitals_own_visit_is_chosen(encounters: list[dict[str, object]], chosen: str) -> None:
    found = await open_encounter(Visits(*encounters), patient="p", now=NOW)  # type: ignore[arg-type]
    assert (found or {"id": ""})["id"] == chosen


async def about(ward: Ward, case: uuid.UUID) -> binding.BindingView:
    async with ward.resources.database.work() as session:
        return await binding.read(session, ward.resources, await session.get_one(TriageCase, case))


async def test_binding_is_a_step_that_can_be_undone_and_redone(ward: Ward) -> None:
    case = await ward.tell()
    assert ((await about(ward, case)).seen, (await about(ward, case)).about) == (0, None)
    await ward.bind(case, BERTA)
    bound = await about(ward, case)
    assert bound.about is not None
    assert (bound.about.patient, bound.about.encounter, bound.about.priority) == (
        *("p-berta", "e-berta"),
        {"text": "routine"},
    )
    assert (bound.about.name, bound.about.number, bound.about.gender) == ("Berg Berta", "H-1002", "female")
    with pytest.raises(Conflict):
        await ward.bind(case, seen=1)
    await ward.unbind(case, seen=1)
    assert (await about(ward, case)).about is None
    with pytest.raises(Conflict):
        await ward.unbind(case, seen=2)
    await ward.bind(case, seen=2)
    steps = ward.ask("SELECT ordinal, step, who, checked FROM triage_binding ORDER BY ordinal")
    assert steps == [
        (1, "BOUND", "nurse-1", ["name", "birth_date"]),
        (2, "UNBOUND", "nurse-1", []),
        (3, "BOUND", "nurse-1", ["number", "birth_date"]),
    ]
    again = await about(ward, case)
    assert again.about is not None
    assert again.about.patient == "p-anna"


async def test_nobody_binds_over_what_she_has_not_seen(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    await ward.unbind(case, seen=1)
    with pytest.raises(Conflict):
        await ward.bind(case, seen=0)
    with pytest.raises(Conflict):
        await ward.unbind(case, seen=1)


async def test_a_patient_who_fits_one_identifier_alone_is_never_shown(ward: Ward) -> None:
    case = await ward.tell()
    for typed in (replace(ANNA, birth_date="1971-02-03"), Typed("H-1001", "Berg Berta"), Typed("H-9", "Alder Anna")):
        with pytest.raises(NotFound):
            await binding_steps.search(ward.desk(case), typed)
    with pytest.raises(Refused):
        await binding_steps.bind(ward.desk(case), Choice(ANNA, "p-berta", 0), now=utc_now())
    assert ward.ask("SELECT count(*) FROM triage_binding") == [(0,)]


async def test_closed_and_merged_records_are_nobody(ward: Ward) -> None:
    case = await ward.tell()
    ward.emr.changed({**ANNAS, "active": False})
    with pytest.raises(NotFound):
        await binding_steps.search(ward.desk(case), ANNA)
    ward.emr.changed({**ANNAS, "link": [{"type": "replaced-by", "other": {"reference": "Patient/p-berta"}}]})
    with pytest.raises(NotFound):
        await binding_steps.search(ward.desk(case), ANNA)


async def test_who_is_shown_is_recorded_under_the_patient(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    with pytest.raises(NotFound):
        await binding_steps.search(ward.desk(case), Typed("H-9", "Alder Anna"))
    events = ward.ask("SELECT deed, entity, subject, detail FROM audit_event WHERE who = 'nurse-1' ORDER BY id")
    anna = emr.patient_subject(ward.resources, "p-anna")
    entity = f"triage_case/{case}"
    assert events == [
        ("READ", entity, anna, {"found": 1, "compared": ["number", "birth_date"]}),
        ("UPDATE", entity, anna, {"step": "bound", "compared": ["number", "birth_date"]}),
        ("READ", entity, ward.resources.vault.blind(entity), {"found": 0, "compared": ["number", "name"]}),
    ]


@pytest.mark.parametrize(
    ("status", "error"), [(503, UpstreamFailed), (500, UpstreamFailed), (403, NotAllowed), (401, NotAllowed)]
)
async def test_an_emr_that_does_not_answer_is_told_apart(ward: Ward, status: int, error: type[HubError]) -> None:
    case = await ward.tell()
    ward.emr.status = status
    with pytest.raises(error):
        await binding_steps.search(ward.desk(case), ANNA)
    ward.emr.status = 0
    await ward.bind(case)


async def test_only_the_scopes_that_looking_needs_are_asked_for(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    assert {kind for _, kind in ward.emr.seen} == {"Patient", "Encounter"}
    assert {method for method, _ in ward.emr.seen} == {"GET"}
    assert emr.LOOK_SCOPE == "system/Patient.rs system/Encounter.rs"


# ---- the page ----
@pytest_asyncio.fixture
async def client(ward: Ward) -> AsyncIterator[httpx.AsyncClient]:
    """A nurse's browser."""
    made = create_app(ward.resources.settings)
    who = Principal(id="nurse-1", role=Role.NURSE, display_name="Nurse One")
    async with ward.resources.database.work() as session:
        token, _ = await begin(session, vault=ward.resources.vault, who=who, now=utc_now())
    headers = {"Origin": ORIGIN, "Accept-Language": "en", "Accept": "text/html"}
    async with made.router.lifespan_context(made):
        transport = httpx.ASGITransport(app=made, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers=headers, cookies={COOKIE: token}
        ) as opened:
            yield opened


def fields(text: str) -> dict[str, str]:
    """The first form's hidden fields."""
    form = text.split("<form")[1].split("</form", maxsplit=1)[0]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


TYPED = {"seen": "0", "number": "H-1001", "birth_date": "1960-05-18"}


async def test_the_whole_way_on_the_page(client: httpx.AsyncClient, ward: Ward) -> None:
    case = await ward.tell()
    page = f"/board/cases/{case}"
    shown = (await client.get(page)).text
    assert "Not bound" in shown
    assert f'hx-post="{page}/patient"' in shown
    found = await client.post(f"{page}/patient", data=TYPED, headers={"HX-Request": "true"})
    assert "<html" not in found.text
    for part in ("Alder Anna", "Female", "1960-05-18", "H-1001", "Is this the patient?"):
        assert part in found.text
    bound = await client.post(f"{page}/binding", data=fields(found.text), headers={"HX-Request": "true"})
    assert (bound.status_code, bound.headers["hx-redirect"]) == (204, page)
    shown = (await client.get(page)).text
    assert "Bound" in shown
    assert "Waiting to be filed" in shown
    await ward.file(case)
    part = (await client.get(f"{page}/patient")).text
    assert "Filed in the hospital system" in part
    assert "every 4s" not in part
    undone = await client.post(f"{page}/binding/undo", data={"seen": "1"})
    assert (undone.status_code, undone.headers["location"]) == (303, page)
    assert "A binding was undone." in (await client.get(page)).text


async def test_without_script_the_found_patient_has_a_page(client: httpx.AsyncClient, ward: Ward) -> None:
    case = await ward.tell()
    found = await client.post(f"/board/cases/{case}/patient", data=TYPED)
    assert "<html" in found.text
    assert "Yes, bind the case to this patient" in found.text


async def test_several_patients_are_offered_to_choose(client: httpx.AsyncClient, ward: Ward) -> None:
    ward.emr.put(patient("p-anna2", "Alder Anna", "1960-05-18", number="H-2001"))
    case = await ward.tell()
    typed = {"seen": "0", "name": "Alder Anna", "birth_date": "1960-05-18"}
    found = await client.post(f"/board/cases/{case}/patient", data=typed, headers={"HX-Request": "true"})
    assert "Several patients fit" in found.text
    assert re.findall(r'name="patient" value="([^"]+)"', found.text) == ["p-anna", "p-anna2"]
    await client.post(f"/board/cases/{case}/binding", data={**typed, "patient": "p-anna2"})
    view = await about(ward, case)
    assert view.about is not None
    assert view.about.number == "H-2001"


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"seen": "0", "number": "H-1001"}, 422, "One identifier is not enough."),
        ({**TYPED, "birth_date": "1961-05-18"}, 404, "Nobody in the hospital system fits"),
        ({**TYPED, "birth_date": "x"}, 422, "This is not a date."),
        ({**TYPED, "more": "1"}, 422, ""),
    ],
)
async def test_errors_say_what_to_do(
    client: httpx.AsyncClient, ward: Ward, form: dict[str, str], status: int, sentence: str
) -> None:
    case = await ward.tell()
    answer = await client.post(f"/board/cases/{case}/patient", data=form, headers={"HX-Request": "true"})
    assert answer.status_code == status
    assert sentence in answer.text
    chinese = await client.post(
        f"/board/cases/{case}/patient", data=form, headers={"HX-Request": "true", "Accept-Language": "zh-CN"}
    )
    assert not sentence or sentence not in chinese.text


async def test_an_emr_that_is_away_is_told_on_the_page(client: httpx.AsyncClient, ward: Ward) -> None:
    case = await ward.tell()
    ward.emr.status = 503
    answer = await client.post(f"/board/cases/{case}/patient", data=TYPED, headers={"HX-Request": "true"})
    assert (answer.status_code, "The hospital system does not answer now." in answer.text) == (502, True)


async def test_a_refused_filing_stands_on_the_page_and_can_be_tried_again(
    client: httpx.AsyncClient, ward: Ward
) -> None:
    case = await ward.tell()
    await ward.bind(case)
    ward.emr.forbidden_kinds = {"Task"}
    await ward.file(case)
    page = (await client.get(f"/board/cases/{case}/patient")).text
    assert "fhir_forbidden" in page
    assert "File it again" in page
    await client.post(f"/board/cases/{case}/binding/file")
    assert ward.state() == ("WAITING", "", 0)
