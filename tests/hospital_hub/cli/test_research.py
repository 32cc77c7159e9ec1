"""`hospital-hub research deidentify`: notes without identifiers, or nothing is written and the line is named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hospital_hub.cli import app

RUN = CliRunner()
NOTE = {"id": "a", "text": "患者秦雅琴，体温38.1℃，电话13800138000", "known": {"name": "秦雅琴"}}


def run(folder: Path, *lines: str) -> tuple[int, str, Path]:
    source, target = folder / "notes.jsonl", folder / "out.jsonl"
    source.write_text("\n".join(lines), "utf-8")
    outcome = RUN.invoke(app, ["research", "deidentify", "--input", str(source), "--output", str(target)])
    return outcome.exit_code, outcome.output, target


def test_each_note_comes_without_its_identifiers(tmp_path: Path) -> None:
    code, output, target = run(tmp_path, json.dumps(NOTE), "", json.dumps({"id": "b", "text": "发热3天"}))
    first, second = map(json.loads, target.read_text("utf-8").splitlines())
    assert (code, "2 notes, 2 identifiers: known 1, phone 1" in output) == (0, True)
    assert first["text"] == "患者[KNOWN]，体温38.1℃，电话[PHONE]"
    assert [NOTE["text"][span["start"] : span["end"]] for span in first["spans"]] == ["秦雅琴", "13800138000"]  # type: ignore[index]
    assert second == {"id": "b", "text": "发热3天", "spans": []}
    assert "秦雅琴" not in output


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2"),
        ('{"id": "b"}', "text"),
        ('{"id": "b", "text": "x", "age": 3}', "age"),
        ('{"id": "a", "text": "x"}', "twice"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_written(tmp_path: Path, line: str, says: str) -> None:
    code, output, target = run(tmp_path, json.dumps(NOTE), line)
    assert (code, "line 2" in output, says in output, target.exists()) == (2, True, True, False)
