"""What becomes of a model's question at the kiosk and of the level is kept as an outcome of the routing decision."""

import httpx
import pytest
from fastapi import FastAPI

from hospital_hub.clinical.levels import Level
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.settings import Settings
from hospital_hub.triage import decisions
from hospital_hub.triage.answering import Desk, settle
from hospital_hub.triage.decisions import Seen
from hospital_hub.triage.final_level import Choice
from hospital_hub.triage.service import Told
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import LogIn, rows
from tests.hospital_hub.triage.kiosks import QUICK, UNKNOWN, heard, says, somebody, told

NURSE = Principal(id="nurse-1", role=Role.NURSE, display_name="Nurse One")
CALMER = Choice(Level.III, "seen", "ECG normal, pain only on pressure")
CHECK = "SELECT value, detail FROM routing_outcome WHERE kind = 'FAILED_CHECK'"
OVERRIDE = """SELECT value, detail, "by" FROM routing_outcome WHERE kind = 'OVERRIDE'"""


@pytest.fixture
def desk(app: FastAPI) -> Desk:
    return Desk(app.state.resources, app.state.models, QUICK)


async def answered(desk: Desk, words: str) -> Told:
    who = somebody()
    case = await told(desk, who, words)
    await heard(desk, who, case)
    await settle(2)
    return case


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        ("Since when does it hurt?", (1.0, "answered")),
        ("Have you taken 500 mg of ibuprofen?", (0.0, "blocked:")),
        ("什么时候开始疼的？", (0.0, "foreign")),
        ("The weather is nice.", (0.0, "unfit:no-question")),
    ],
)
async def test_the_check_of_the_words_is_kept(
    desk: Desk, settings: Settings, fake_vllm: FakeVllm, *, question: str, outcome: tuple[float, str]
) -> None:
    says(fake_vllm, question)
    await answered(desk, "My knee hurts")
    ((value, detail),) = rows(settings.database_url, CHECK)
    assert value == outcome[0]
    assert str(detail).startswith(outcome[1])


async def test_a_model_that_is_away_has_failed_no_check(desk: Desk, settings: Settings, fake_vllm: FakeVllm) -> None:
    fake_vllm.mode = Mode.ERROR
    await answered(desk, "My knee hurts")
    assert rows(settings.database_url, CHECK) == []


async def test_a_nurse_s_other_level_is_an_override_until_it_is_taken_back(
    desk: Desk, settings: Settings, fake_vllm: FakeVllm
) -> None:
    says(fake_vllm, "Since when does it hurt?", level="II")
    case = await answered(desk, "My knee hurts")
    await decisions.set_level(desk.resources, NURSE, seen=Seen(case.id, 0), choice=CALMER)
    assert rows(settings.database_url, OVERRIDE) == [(0.0, "2>3", "")]
    await decisions.take_back(desk.resources, NURSE, seen=Seen(case.id, 1))
    assert rows(settings.database_url, OVERRIDE) == []
    await decisions.set_level(desk.resources, NURSE, seen=Seen(case.id, 2), choice=Choice(Level.II))
    assert rows(settings.database_url, OVERRIDE) == [(1.0, "2>2", "")]


async def test_a_nurse_who_is_faster_than_the_model_is_not_missed(
    desk: Desk, settings: Settings, fake_vllm: FakeVllm
) -> None:
    says(fake_vllm, "Since when does it hurt?", level="II")
    who = somebody()
    case = await told(desk, who, "My knee hurts")
    await decisions.set_level(desk.resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.I))
    assert rows(settings.database_url, OVERRIDE) == []
    await heard(desk, who, case)
    await settle(2)
    assert rows(settings.database_url, OVERRIDE) == [(0.0, "2>1", "")]


async def test_without_an_automatic_level_there_is_nothing_to_override(desk: Desk, settings: Settings) -> None:
    case = await answered(desk, UNKNOWN)
    await decisions.set_level(desk.resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.IV))
    assert rows(settings.database_url, OVERRIDE) == []


async def test_the_case_shows_thumbs_beside_the_model_s_words_alone(
    desk: Desk, client: httpx.AsyncClient, log_in: LogIn, fake_vllm: FakeVllm
) -> None:
    says(fake_vllm, "Since when does it hurt?")
    spoken = await answered(desk, "My knee hurts")
    says(fake_vllm, "Have you taken 500 mg of ibuprofen?")
    fixed = await answered(desk, "My elbow hurts")
    client.cookies.update(await log_in(Role.NURSE))
    page = (await client.get(f"/board/cases/{spoken.id}")).text
    assert page.count('name="rating"') == 2
    path = page.split('hx-post="/answers/')[1].split('"')[0]
    assert (await client.post(f"/answers/{path}", data={"rating": "up"})).status_code == 200
    assert 'value="none" aria-pressed="true"' in (await client.get(f"/board/cases/{spoken.id}")).text
    assert 'name="rating"' not in (await client.get(f"/board/cases/{fixed.id}")).text
