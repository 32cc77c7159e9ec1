"""What a clinician does with a draft is kept as an outcome of the routing decision behind it, and never its text."""

import html
import re

import pytest

from hospital_hub.notes.changes import likeness
from hospital_hub.settings import Settings
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows
from tests.hospital_hub.notes.conftest import Browser
from tests.hospital_hub.notes.test_notes import WINDOW, sign

OUTCOMES = "SELECT kind, value, detail, \"by\" FROM routing_outcome WHERE kind <> 'FAILED_CHECK' ORDER BY id"
CHECKS = "SELECT value, detail FROM routing_outcome WHERE kind = 'FAILED_CHECK'"
SUPPORTED = "Heart rate 99 bpm. Body temperature 38.0 °C. "


@pytest.fixture(autouse=True)
def _answer(fake_vllm: FakeVllm) -> None:
    fake_vllm.tokens = re.findall(r"\S+ ", SUPPORTED)


async def restore(browser: Browser, note: str, origin: str) -> None:
    page = (await browser.client.get(f"/notes/drafts/{note}")).text
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision
    form = {"login": await browser.login_id(), "text": "", "revision": revision[1], "window": WINDOW, "origin": origin}
    assert (await browser.client.post(f"/notes/drafts/{note}/restore", data=form)).status_code == 200


@pytest.mark.parametrize(
    ("said", "outcome"),
    [(SUPPORTED, (1.0, "grounding")), (SUPPORTED + "Heart rate 171 bpm. ", (0.0, "grounding:number"))],
)
async def test_the_grounding_of_a_draft_is_kept(
    launched: Browser, fake_vllm: FakeVllm, settings: Settings, *, said: str, outcome: tuple[float, str]
) -> None:
    fake_vllm.tokens = re.findall(r"\S+ ", said)
    await launched.new_draft()
    assert rows(settings.database_url, CHECKS) == [outcome]


async def test_a_draft_that_is_signed_as_it_was_served_its_purpose(launched: Browser, settings: Settings) -> None:
    assert await sign(launched, await launched.new_draft()) == 200
    assert rows(settings.database_url, OUTCOMES) == [("EDIT", 1.0, "signed", "")]


async def test_signing_keeps_how_much_of_the_draft_stayed(launched: Browser, settings: Settings) -> None:
    note = await launched.new_draft()
    written = SUPPORTED.strip()
    shorter = "Heart rate 99 bpm."
    assert await sign(launched, note, text=shorter) == 200
    ((kind, value, _, _),) = rows(settings.database_url, OUTCOMES)
    assert (kind, value) == ("EDIT", pytest.approx(len(shorter) / len(written), abs=1e-3))


async def test_a_signature_that_is_refused_leaves_no_outcome(launched: Browser, settings: Settings) -> None:
    note = await launched.new_draft()
    assert await sign(launched, note, text="Start metformin 500 mg.", confirmed=False) == 422
    assert rows(settings.database_url, OUTCOMES) == []


async def test_a_draft_thrown_away_for_the_facts_counts_until_it_is_taken_back(
    launched: Browser, settings: Settings
) -> None:
    note = await launched.new_draft()
    await restore(launched, note, "facts")
    assert rows(settings.database_url, OUTCOMES) == [("EDIT", 0.0, "discarded", "")]
    await restore(launched, note, "model")
    assert rows(settings.database_url, OUTCOMES) == []
    assert await sign(launched, note) == 200
    assert rows(settings.database_url, OUTCOMES) == [("EDIT", 1.0, "signed", "")]


async def test_asking_again_is_an_escalation_of_the_draft_that_is_left(launched: Browser, settings: Settings) -> None:
    first = await launched.new_draft()
    await launched.new_draft()
    assert rows(settings.database_url, OUTCOMES) == [("ESCALATION", 0.0, "redone", "")]
    ((left,),) = rows(
        settings.database_url,
        "SELECT d.id FROM note_draft d JOIN routing_outcome o ON d.call_id = o.call_id::text "
        "WHERE o.kind = 'ESCALATION'",
    )
    assert str(left) == first


async def test_a_signed_draft_is_not_redone_by_the_next_one(launched: Browser, settings: Settings) -> None:
    assert await sign(launched, await launched.new_draft()) == 200
    await launched.new_draft()
    assert [row[0] for row in rows(settings.database_url, OUTCOMES)] == ["EDIT"]


async def test_the_draft_shows_thumbs_and_remembers_them(launched: Browser, settings: Settings) -> None:
    note = await launched.new_draft()
    page = (await launched.client.get(f"/notes/drafts/{note}", headers={"Accept-Language": "zh-CN"})).text
    assert "这条回答有帮助" in html.unescape(page)
    path = page.split('hx-post="/answers/')[1].split('"')[0]
    assert (await launched.client.post(f"/answers/{path}", data={"rating": "down"})).status_code == 200
    ((kind, value, _, by),) = rows(settings.database_url, OUTCOMES)
    assert (kind, value) == ("THUMB", 0.0)
    assert by
    assert 'value="none" aria-pressed="true"' in (await launched.client.get(f"/notes/drafts/{note}")).text


@pytest.mark.parametrize(
    ("before", "after", "value"),
    [
        ("", "", 1.0),
        ("发热三天", "发热三天", 1.0),
        ("发热三天", "发热两天", 0.75),
        ("abcd", "", 0.0),
        ("a" * 20_000, "b", 0.0),
    ],
)
def test_likeness_is_one_minus_the_edit_distance_over_the_longer_length(before: str, after: str, value: float) -> None:
    assert likeness(before, after) == value
