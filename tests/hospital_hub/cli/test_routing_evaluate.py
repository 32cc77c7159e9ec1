"""`hospital-hub routing evaluate`: figures of files and of the database, and nothing half-written after a bad line."""

import json
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hospital_hub.cli.evaluated_traffic import cases
from hospital_hub.cli.labelled_sets import read_items
from hospital_hub.identity.permissions import Role
from hospital_hub.inference.routing_outcome import OutcomeKind, RoutingOutcome
from hospital_hub.inference.stored_decision import stored
from hospital_hub.inference.tables import ModelCall, Outcome
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_id
from routing import Decision, Lane, Request, load_policy
from routing.models import packaged
from routing.reading import read
from routing.replay import case_of
from routing.training.example import fold_of
from routing.training.fit import FOLDS
from tests.architecture.sources import ROOT
from tests.hospital_hub.cli.conftest import Run
from tests.hospital_hub.cli.labelled import QUESTIONS, WARDS, decisions, folder_of_sets, question, write
from tests.routing.test_decide import fleet

POLICY = load_policy()
PACKAGED = (ROOT / "routing" / "policy.toml").read_text("utf-8")
SCORER = ROOT.parent / "shared" / "bench" / "scoring" / "routing.py"
DEV = ROOT.parent / "shared" / "data" / "dev"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return folder_of_sets(tmp_path)


def figures(run: Run, *options: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    result = run("routing", "evaluate", *options, "--json", env=env)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_labelled_sets_give_quality_curves_tasks_and_calibration(run: Run, data: Path) -> None:
    found = figures(run, "--data", str(data))
    (policy,) = found["policies"]
    assert found["requests"] == len(QUESTIONS) + len(WARDS)
    assert list(policy["quality"]) == ["single", "second opinions"]
    assert policy["quality"]["single"]["questions"] == len(QUESTIONS)
    assert policy["tasks"]["recall"] == {"ehrsql_staff_en": [2, 1.0]}
    assert len([point for point in policy["curve"] if point["own"]]) == 1
    assert len([point for point in policy["opinions"] if point["own"]]) == 1
    assert found["references"]["always r1-671b"]["gap"] == 1
    assert found["need"]["r1-32b fails, r1-671b does not"]["rate"] == 0.75
    assert "too good" in found["notes"][0]


def test_the_tables_name_every_figure(run: Run, data: Path) -> None:
    result = run("routing", "evaluate", "--data", str(data))
    assert result.exit_code == 0
    for word in (
        "quality and cost",
        "Interval",
        "arbiter_from",
        "ECE",
        "Macro-F1",
        "recall by set",
        "Who answers",
        "Note:",
    ):
        assert word in result.stdout


def test_two_policies_stand_side_by_side(run: Run, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(
        PACKAGED.replace(f'version = "{POLICY.version}"', 'version = "never-twice"').replace(
            'tasks = ["research", "other"]', "tasks = []"
        ),
        "utf-8",
    )
    found = figures(run, "--data", str(data), "--against", str(other))
    first, second = found["policies"]
    assert (first["name"], second["name"]) == (POLICY.version, "never-twice")
    assert first["quality"]["second opinions"]["second_opinions"] > 0
    assert second["quality"]["second opinions"]["second_opinions"] == 0
    assert second["quality"]["single"] == first["quality"]["single"]


def test_two_policies_of_one_version_are_told_apart(run: Run, data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_text(PACKAGED, "utf-8")
    found = figures(run, "--data", str(data), "--against", str(copy))
    assert [policy["name"] for policy in found["policies"]] == [
        f"{POLICY.version} (first)",
        f"{POLICY.version} (against)",
    ]


def test_each_item_is_read_by_the_models_that_have_not_seen_its_fold(data: Path) -> None:
    folds = [replace(packaged(), bias=packaged().bias + np.float32(fold)) for fold in range(FOLDS)]
    items = read_items(data)
    assert items[-1].key == "mcq:3"
    for item, found in zip(items, cases(items, folds), strict=True):
        assert found.case.reading == read(item.text, models=folds[fold_of(item.key, FOLDS)])


def test_made_decisions_are_measured_as_they_are(run: Run, data: Path, tmp_path: Path) -> None:
    """Always both: 32B right on one of four, the arbiter on two more; the two differ on two."""
    source = write(tmp_path / "decisions.jsonl", decisions(second_opinion=True))
    (policy,) = figures(run, "--data", str(data), "--decisions", str(source))["policies"]
    quality = policy["quality"]["as decided"]
    assert (quality["accuracy"], quality["gap"]) == (0.75, 2 / 3)
    assert quality["share"] == {"r1-32b": 1.0, "r1-70b": 1.0, "r1-671b": 0.5}


def test_the_report_is_one_file_without_an_address_of_another(run: Run, data: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    result = run("routing", "evaluate", "--data", str(data), "--output", str(target))
    assert result.exit_code == 0, result.output
    page = target.read_text("utf-8")
    assert "<title>Routing evaluation" in page
    assert not any(mark in page for mark in (' src="', ' href="', "@import", "url("))
    assert page.count("<canvas") == 5


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 5"),
        ('{"id": "x"}', "text"),
        (json.dumps({**question(0), "id": "x", "label": {}}), "belong together"),
    ],
)
def test_a_broken_line_of_a_set_is_named_and_nothing_is_written(
    run: Run, data: Path, tmp_path: Path, line: str, says: str
) -> None:
    with (data / "tier_medqa_en.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    _refused(run, tmp_path, "--data", str(data), says=("tier_medqa_en.jsonl: line 5", says))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tier": "r1-9b"}, "tier"),
        ({"task": "kitchen"}, "task"),
        ({"colour": "red"}, "colour"),
        ({"id": "q0"}, "twice"),
        ({"second_opinion": "perhaps"}, "second_opinion"),
    ],
)
def test_a_broken_decision_is_named_and_nothing_is_written(
    run: Run, data: Path, tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    lines = decisions()
    lines[1] |= change
    source = write(tmp_path / "decisions.jsonl", lines)
    _refused(run, tmp_path, "--data", str(data), "--decisions", str(source), says=("line 2", says))


def test_an_item_without_a_decision_is_named(run: Run, data: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "decisions.jsonl", decisions()[1:])
    _refused(run, tmp_path, "--data", str(data), "--decisions", str(source), says=("1 items", "q0"))


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--data", "DATA", "--stored"),
        ("--stored", "--crossvalidated"),
        ("--data", "DATA", "--since", "2026-01-01"),
        ("--data", "DATA", "--crossvalidated", "--decisions", "POLICY"),
        ("--data", "DATA", "--decisions", "POLICY", "--policy", "POLICY"),
        ("--data", "EMPTY"),
        ("--data", "DATA", "--policy", "WRONG"),
        ("--data", "DATA", "--output", "no/such/folder.html"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    run: Run, data: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "policy.toml").write_text(PACKAGED, "utf-8")
    (tmp_path / "wrong.toml").write_text("version = 1", "utf-8")
    named = {
        "DATA": data,
        "EMPTY": tmp_path / "empty",
        "POLICY": tmp_path / "policy.toml",
        "WRONG": tmp_path / "wrong.toml",
    }
    result = run("routing", "evaluate", *(str(named.get(one, one)) for one in options))
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


def _refused(run: Run, folder: Path, *options: str, says: tuple[str, ...]) -> None:
    target = folder / "report.html"
    target.write_text("as before", "utf-8")
    before = sorted(path.name for path in folder.iterdir())
    result = run("routing", "evaluate", *options, "--output", str(target))
    assert result.exit_code == 2
    assert all(word in result.stderr for word in says), result.stderr
    assert target.read_text("utf-8") == "as before"
    assert sorted(path.name for path in folder.iterdir()) == before


async def test_stored_traffic_is_replayed_with_what_became_of_it(
    run: Run, environment: dict[str, str], resources: Resources
) -> None:
    now = utc_now()
    rows = [_call(text, at=now - timedelta(minutes=number)) for number, text in enumerate(WARDS + QUESTIONS)]
    old = _call(WARDS[0], at=now - timedelta(days=40))
    lost = _call(WARDS[0], at=now - timedelta(days=1))
    lost.decision = {"task": "operations", "reasons": []}
    async with resources.database.work() as session:
        session.add_all([*rows, old, lost])
        await session.flush()
        session.add(RoutingOutcome(id=_id(), call_id=rows[0].id, kind=OutcomeKind.EDIT, value=0.8))
    since = f"{now - timedelta(days=7):%Y-%m-%d}"
    found = figures(run, "--stored", "--since", since, env=environment)
    was, replayed = found["policies"]
    assert found["requests"] == len(rows)
    assert (was["name"], replayed["name"]) == ("as it was decided", POLICY.version)
    assert was["ways"] == replayed["ways"]
    assert replayed["same"] == 1
    assert replayed["outcomes"] == [{"kind": "edit", "count": 1, "mean": 0.8, "same_count": 1, "same_mean": 0.8}]
    assert found["latency"][0]["first_token"] == [120, 120]
    assert "1 decisions were stored before" in found["notes"][0]
    table = run("routing", "evaluate", "--stored", env=environment)
    assert table.exit_code == 0, table.output
    assert "Stored decisions, replayed" in table.stdout
    assert f"{len(rows) + 1}" in table.stdout


def test_no_stored_traffic_is_said_in_one_line(run: Run, environment: dict[str, str]) -> None:
    result = run("routing", "evaluate", "--stored", env=environment)
    assert result.exit_code == 2
    assert "no decision that can be replayed" in result.stderr


def _id() -> uuid.UUID:
    return new_id(0)


def _call(text: str, *, at: datetime) -> ModelCall:
    request = Request(text=text, lane=Lane.STAFF, context_tokens=50, answer_tokens=100, deadline=60)
    case = case_of(request, fleet())
    outcome = case.decide(POLICY)
    assert isinstance(outcome, Decision)
    return ModelCall(
        id=_id(),
        at=at,
        who="test-nurse",
        role=Role.NURSE,
        lane="staff",
        task=outcome.trace.task.value,
        tier=outcome.tier.label,
        policy=POLICY.version,
        prompt_version="test@1",
        decision=stored(case, outcome),
        first_token_ms=120,
        total_ms=900,
        outcome=Outcome.ANSWERED,
    )


@pytest.mark.skipif(
    not SCORER.exists() or not DEV.is_dir(), reason="the scorer and its sets are not beside this checkout"
)
def test_the_figures_are_those_of_the_scorer(run: Run, tmp_path: Path) -> None:
    """Both measure the same decisions of the packaged models, over all sets."""
    items, made = tmp_path / "items.jsonl", tmp_path / "made.jsonl"
    _score("--items", str(items))
    assert run("route", "--input", str(items), "--output", str(made)).exit_code == 0
    theirs = json.loads(_score("--decisions", str(made)))
    found = figures(run, "--data", str(DEV), "--decisions", str(made))
    (ours,) = found["policies"]
    quality, tiers = ours["quality"]["as decided"], theirs["tiers"]
    assert quality["questions"] == tiers["n"]
    assert quality["accuracy"] == tiers["accuracy"]
    assert quality["gap"] == tiers["gap_recovered"]
    assert round(quality["cost"], 3) == tiers["gpu_cost"]
    assert {f"{size}": round(quality["share"][f"r1-{size.lower()}"], 4) for size in tiers["share"]} == tiers["share"]
    assert quality["interval"] == pytest.approx(tiers["ci95"], abs=0.03)
    assert round(ours["tasks"]["macro_f1"], 4) == theirs["tasks"]["macro_f1"]
    recall = {source: round(share, 3) for source, (_, share) in ours["tasks"]["recall"].items()}
    assert recall == theirs["tasks"]["recall_by_set"]
    for source, one in theirs["tiers_by_set"].items():
        assert ours["by_set"]["as decided"][source]["gap"] == one["gap_recovered"]


def _score(*options: str) -> str:
    command = [sys.executable, str(SCORER), "--data", str(DEV), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
