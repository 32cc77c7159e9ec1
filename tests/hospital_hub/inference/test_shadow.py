"""A shadow policy decides everything too, is kept beside the live decision, and acts on nothing."""

from dataclasses import replace
from importlib import resources as files
from pathlib import Path

import pytest
from fastapi import FastAPI

from hospital_hub.errors import WrongSetup
from hospital_hub.inference.admission import Grant
from hospital_hub.inference.ask import Models, answer
from hospital_hub.inference.placing import want
from hospital_hub.inference.shadow import load_shadow, shadowed
from hospital_hub.inference.shadow_report import FAILED, REFUSED, Choice, Pair, compared, pairs
from hospital_hub.main import create_app
from hospital_hub.operations.metrics import as_text, count
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from routing import Task, Tier, load_policy
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows
from tests.hospital_hub.inference.test_ask import question

LIVE = load_policy()
HIGHER = replace(LIVE, version="higher", task_floor=dict.fromkeys(Task, Tier.R1_671B))


@pytest.fixture
def models(app: FastAPI) -> Models:
    made: Models = app.state.models
    return made


def packaged_text() -> str:
    return files.files("routing").joinpath("policy.toml").read_text("utf-8")


async def test_what_the_shadow_decides_is_kept_and_changes_nothing(
    models: Models, settings: Settings, fake_vllm: FakeVllm
) -> None:
    plain = await answer(models, question())
    beside = await answer(replace(models, shadow=HIGHER), question())
    assert (plain.tier, plain.text) == (beside.tier, beside.text) == ("r1-70b", "Please wait for a nurse.")
    assert [asked["model"] for asked in fake_vllm.asked] == ["r1-70b", "r1-70b"]
    kept = rows(settings.database_url, "SELECT tier, decision->>'tier', policy, shadow FROM model_call ORDER BY id")
    shadow = {"policy": "higher", "tier": "r1-671b", "floor": "r1-671b", "second_opinion": False, "refused": None}
    assert kept == [("r1-70b", "r1-70b", LIVE.version, None), ("r1-70b", "r1-70b", LIVE.version, shadow)]


async def test_a_shadow_that_raises_hurts_no_answer(models: Models, settings: Settings) -> None:
    broken = replace(HIGHER, version="broken", task_floor={})
    assert (await answer(replace(models, shadow=broken), question())).text == "Please wait for a nurse."
    assert rows(settings.database_url, "SELECT shadow FROM model_call") == [
        ({"policy": "broken", "failed": "KeyError"},)
    ]


async def test_a_shadow_that_would_refuse_says_why(models: Models, settings: Settings) -> None:
    full = replace(LIVE, version="full", lane=dict.fromkeys(LIVE.lane, 1e-9))
    assert isinstance(await models.gate.enter(want(question(), (Tier.R1_32B,))), Grant)
    await answer(replace(models, shadow=full), question())
    ((shadow,),) = rows(settings.database_url, "SELECT shadow FROM model_call")
    assert isinstance(shadow, dict)
    assert (shadow["tier"], shadow["refused"]) == (None, "busy")


async def test_the_report_and_the_metrics_count_the_pairs(models: Models, resources: Resources) -> None:
    await answer(models, question())
    for shadow in (HIGHER, HIGHER, LIVE):
        await answer(replace(models, shadow=shadow), question())
    async with resources.database.work() as session:
        found = await pairs(session, since=utc_now().replace(year=2000))
        assert await pairs(session, since=utc_now().replace(year=2100)) == []
    live = Choice("r1-70b")
    assert found == [
        Pair((LIVE.version, "higher"), live, Choice("r1-671b"), 2),
        Pair((LIVE.version, LIVE.version), live, live, 1),
    ]
    text = as_text(await count(resources, now=utc_now()), [], gate=models.gate).decode()
    assert 'hub_shadow_decisions{live="r1-70b",shadow="r1-671b",shadow_policy="higher"} 2.0' in text


def test_a_comparison_counts_moves_and_shares() -> None:
    small, large, both = Choice("r1-32b"), Choice("r1-671b"), Choice("r1-32b", second_opinion=True)
    pairs_ = [
        Pair(("a", "b"), small, small, 5),
        Pair(("a", "b"), small, large, 2),
        Pair(("a", "b"), large, small, 1),
        Pair(("a", "b"), small, both, 1),
        Pair(("a", "b"), small, Choice(REFUSED), 1),
        Pair(("a", "c"), small, Choice(FAILED), 1),
    ]
    first, second = compared(pairs_)
    assert (first.policies, first.calls, first.same, first.up, first.down) == (("a", "b"), 10, 5, 2, 1)
    assert first.shares["r1-32b"] == (0.9, 0.6)
    assert first.shares[both.label] == (0.0, 0.1)
    assert (second.same, second.up, second.down, second.shares[FAILED]) == (0, 0, 0, (0.0, 1.0))


def test_without_a_shadow_nothing_is_decided() -> None:
    assert load_shadow(None) is None
    assert shadowed(None, None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (packaged_text().replace("large_cap", "largest_cap"), "largest_cap"),
        (packaged_text() + "\n[kitchen]\n", "unknown keys: kitchen"),
        ("version = ", "not TOML"),
    ],
)
async def test_a_shadow_that_cannot_be_used_stops_the_start_and_names_the_place(
    settings: Settings, tmp_path: Path, *, text: str, says: str
) -> None:
    file = tmp_path / "candidate.toml"
    file.write_text(text, "utf-8")
    app = create_app(settings.model_copy(update={"shadow_policy": file}))
    with pytest.raises(WrongSetup, match=f"HUB_SHADOW_POLICY={file}: .*{says}"):
        async with app.router.lifespan_context(app):
            pass


async def test_the_settings_name_the_shadow_and_a_missing_file_is_one_sentence(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "candidate.toml"
    with pytest.raises(WrongSetup, match=r"HUB_SHADOW_POLICY=.* cannot be read"):
        load_shadow(file)
    file.write_text(packaged_text(), "utf-8")
    app = create_app(settings.model_copy(update={"shadow_policy": file}))
    async with app.router.lifespan_context(app):
        assert app.state.models.shadow == LIVE
        assert app.state.models.policy == LIVE
