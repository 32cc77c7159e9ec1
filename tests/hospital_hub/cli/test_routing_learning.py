"""From stored outcomes to a corrected artefact, and live against shadow, as somebody of operations calls it."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from hospital_hub.inference.ask import answer
from hospital_hub.inference.feedback import Seen, keep
from hospital_hub.inference.routing_outcome import OutcomeKind
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from routing import Tier
from routing.models import pack, unpack
from tests.hospital_hub.cli.conftest import Run
from tests.hospital_hub.inference.test_ask import question
from tests.hospital_hub.inference.test_shadow import HIGHER
from tests.hospital_hub.operations.calls import call, store

DAY = 86_400.0
LINE = {
    "call": "c1",
    "tier": "r1-32b",
    "task": "note",
    "need": {"r1-32b": 0.8, "r1-70b": 0.85, "r1-671b": 0.9},
    "kind": "thumb",
    "value": 1.0,
}


async def thumb(resources: Resources, *, seconds_ago: float) -> str:
    made = call("r1-70b", seconds_ago=seconds_ago)
    made.task, made.decision = "note", {"need": {"r1-32b": 0.61, "r1-70b": 0.72, "r1-671b": 0.83, "differ": 0.2}}
    await store(resources, made)
    async with resources.database.work() as session:
        await keep(session, Seen(OutcomeKind.THUMB, 1.0, by="dr-1"), call=made.id)
    return str(made.id)


async def test_outcomes_are_exported_with_what_was_predicted_and_without_a_name(
    run: Run, environment: dict[str, str], resources: Resources, tmp_path: Path
) -> None:
    made = await thumb(resources, seconds_ago=60)
    told = run("routing", "outcomes", "--since", "2020-01-01", "--output", "o.jsonl", env=environment)
    assert (told.exit_code, told.output.strip()) == (0, "1 outcomes")
    text = (tmp_path / "o.jsonl").read_text("utf-8")
    assert "dr-1" not in text
    assert json.loads(text) == {
        "call": made,
        "tier": "r1-70b",
        "task": "note",
        "need": {"r1-32b": 0.61, "r1-70b": 0.72, "r1-671b": 0.83},
        "kind": "thumb",
        "value": 1.0,
    }
    old = await thumb(resources, seconds_ago=10 * DAY)
    since = (utc_now() - timedelta(days=5)).date().isoformat()
    assert run("routing", "outcomes", "--since", since, "--output", "o.jsonl", env=environment).exit_code == 0
    assert old not in (tmp_path / "o.jsonl").read_text("utf-8")


async def test_live_and_shadow_are_printed_side_by_side(run: Run, environment: dict[str, str], app: FastAPI) -> None:
    models = app.state.models
    empty = run("routing", "shadow", env=environment)
    assert (empty.exit_code, "HUB_SHADOW_POLICY" in empty.output) == (1, True)
    object.__setattr__(models, "shadow", HIGHER)
    await answer(models, question())
    told = run("routing", "shadow", env=environment)
    assert told.exit_code == 0
    assert "1 decisions" in told.output
    assert "to a larger model 1 (100.0%)" in told.output
    assert "higher" in told.output


def _set(folder: Path) -> Path:
    """A published set of sixty questions, of which the small model fails each second."""
    data = folder / "data"
    data.mkdir()
    runs = ("QwQ-32B-Preview", "Llama-3.3-70B-Instruct-Turbo", "gpt-4o-mini", "claude-3-5-haiku")
    large = ("DeepSeek-R1", "o3-mini", "o1-mini")
    records: list[dict[str, Any]] = [
        {
            "id": f"q{number}",
            "text": f"Which {'rare syndrome' if number % 2 else 'vitamin'} is it? {number * 'x'}",
            "label": {"answer": "A"},
            "extra": {
                "predicted": {"32B": "B" if number % 2 else "A", "70B": "A", "671B": "A"},
                "correct": {**dict.fromkeys(runs, not number % 2), **dict.fromkeys(large, True)},
            },
        }
        for number in range(60)
    ]
    (data / "tier_medqa_en.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    return data


def _train(run: Run, folder: Path, name: str, *more: str) -> bytes:
    told = run("routing", "train", "--data", str(folder / "data"), "--output", name, "--on", "2026-03-01", *more)
    assert told.exit_code == 0, told.output
    return (folder / name / "models.npz").read_bytes()


def test_training_with_outcomes_corrects_the_need_and_changes_nothing_else(run: Run, tmp_path: Path) -> None:
    _set(tmp_path)
    failing = [{**LINE, "call": f"c{number}", "value": float(number % 2)} for number in range(400)]
    (tmp_path / "o.jsonl").write_text("\n".join(map(json.dumps, failing)), "utf-8")
    (tmp_path / "few.jsonl").write_text("\n".join(map(json.dumps, failing[:150])), "utf-8")
    taught = _train(run, tmp_path, "taught", "--outcomes", "o.jsonl")
    few = unpack(_train(run, tmp_path, "few", "--outcomes", "few.jsonl"))
    assert few.recalibration is None
    assert taught == pack(replace(few, recalibration=unpack(taught).recalibration))
    corrections = unpack(taught).corrections()
    assert corrections[Tier.R1_32B].of(0.8) < 0.65
    assert corrections[Tier.R1_70B].of(0.8) == 0.8
    card = json.loads((tmp_path / "taught" / "models.json").read_text("utf-8"))
    assert card["practice"]["r1-32b"] | {"slope": 1, "bias": 0} == {
        "outcomes": 400,
        "predicted": 0.8,
        "seen": 0.5,
        "slope": 1,
        "bias": 0,
    }


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2"),
        (json.dumps({**LINE, "text": "what the patient said"}), "text"),
        (json.dumps({**LINE, "tier": "r1-7b"}), "tier"),
        (json.dumps({**LINE, "need": {}}), "need"),
        (json.dumps({**LINE, "value": 1.5}), "value"),
        (json.dumps({**LINE, "kind": "applause"}), "kind"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_written(run: Run, tmp_path: Path, line: str, says: str) -> None:
    _set(tmp_path)
    (tmp_path / "o.jsonl").write_text(f"{json.dumps(LINE)}\n{line}\n", "utf-8")
    told = run("routing", "train", "--data", "data", "--output", "new", "--outcomes", "o.jsonl")
    assert told.exit_code == 2
    assert "line 2" in told.output
    assert says in told.output
    assert "what the patient said" not in told.output
    assert not (tmp_path / "new").exists()
