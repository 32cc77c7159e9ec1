"""`hospital-hub route` for a file: every item decided, or nothing written and the line named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hospital_hub.cli import app

RUN = CliRunner()
ITEM = {"id": "a", "text": "Which enzyme is absent in this disorder of the urea cycle?"}


def given(folder: Path, *lines: str) -> tuple[Path, Path]:
    source = folder / "items.jsonl"
    source.write_text("\n".join(lines), "utf-8")
    return source, folder / "decisions.jsonl"


def decided(source: Path, target: Path, *options: str) -> list[dict[str, object]]:
    outcome = RUN.invoke(app, ["route", "--input", str(source), "--output", str(target), *options])
    assert outcome.exit_code == 0, outcome.output
    return [json.loads(line) for line in target.read_text("utf-8").splitlines()]


def test_each_item_gets_its_decision_with_reasons(tmp_path: Path) -> None:
    full = {"id": "b", "text": "draft it", "surface": "note", "role": "doctor", "context_tokens": 900}
    source, target = given(tmp_path, json.dumps(ITEM), "", json.dumps(full))
    first, second = decided(source, target)
    assert list(first) == ["id", "task", "tier", "second_opinion", "floor", "need", "reasons"]
    assert first["second_opinion"] is True
    assert (second["id"], second["task"], second["tier"], second["floor"]) == ("b", "note", "r1-70b", "r1-70b")
    assert isinstance(second["reasons"], list)
    assert {str(reason).split(" ", 1)[0] for reason in second["reasons"]} >= {"task", "floor", "need", "room"}


def test_single_forbids_second_opinions(tmp_path: Path) -> None:
    source, target = given(tmp_path, json.dumps(ITEM))
    assert decided(source, target, "--single")[0]["second_opinion"] is False


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2"),
        ('{"id": "b"}', "text"),
        ('{"id": "b", "text": "x", "tier": "r1-32b"}', "tier"),
        ('{"id": "b", "text": 5}', "text"),
        ('{"id": "a", "text": "x"}', "twice"),
        ('{"id": "b", "text": "x", "surface": "kitchen"}', "surface"),
        ('{"id": "b", "text": "x", "context_tokens": 900000}', "too_long"),
        ("[]", "line 2"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_written(tmp_path: Path, line: str, says: str) -> None:
    source, target = given(tmp_path, json.dumps(ITEM), line)
    target.write_text("as before", "utf-8")
    outcome = RUN.invoke(app, ["route", "--input", str(source), "--output", str(target)])
    assert outcome.exit_code == 2
    assert "line 2" in outcome.output
    assert says in outcome.output
    assert target.read_text("utf-8") == "as before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["decisions.jsonl", "items.jsonl"]


@pytest.mark.parametrize("arguments", [[], ["text", "--input", "x"], ["--output", "x"]])
def test_a_text_or_a_file_and_not_half_of_either(arguments: list[str], tmp_path: Path) -> None:
    source, _ = given(tmp_path, json.dumps(ITEM))
    outcome = RUN.invoke(app, ["route", *(str(source) if one == "x" else one for one in arguments)])
    assert outcome.exit_code == 2
