"""`hospital-hub triage assess`: every case gets its level with reasons, or nothing is written and the line is named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hospital_hub.cli import app

RUN = CliRunner()
CALM = {"id": "a", "text": "来拆线，伤口长得好"}
DANGER = {"id": "b", "text": "55-year-old man with crushing chest pain and cold sweat, SpO2 91 %"}
UNKNOWN = {"id": "c", "text": "你好"}


def given(folder: Path, *lines: str) -> tuple[Path, Path]:
    source = folder / "cases.jsonl"
    source.write_text("\n".join(lines), "utf-8")
    return source, folder / "levels.jsonl"


def run(source: Path, target: Path, *options: str) -> tuple[int, str]:
    outcome = RUN.invoke(app, ["triage", "assess", "--input", str(source), "--output", str(target), *options])
    return outcome.exit_code, outcome.output


@pytest.mark.parametrize("pack", ["cn-2018", "esi"])
def test_each_case_gets_its_level_and_reasons(tmp_path: Path, pack: str) -> None:
    source, target = given(tmp_path, json.dumps(CALM), "", json.dumps(DANGER), json.dumps(UNKNOWN))
    code, output = run(source, target, "--no-model", "--pack", pack)
    assert (code, f"3 cases, pack {pack}" in output) == (0, True)
    calm, danger, unknown = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert (calm["id"], calm["level"], calm["red_flags"], calm["provisional"]) == ("a", "IV", [], True)
    assert calm["reasons"] == ["拆线 → IV 级"]
    assert (danger["level"], unknown["level"]) in {("I", "insufficient"), ("II", "insufficient")}
    assert {flag["rule"] for flag in danger["red_flags"]} >= {"chest-pain"}
    (oxygen,) = [one for one in danger["acuity"] if one["rule"] in {"spo2-ii", "spo2-iii"}]
    assert DANGER["text"][oxygen["start"] : oxygen["end"]] == "91"
    assert any(reason.startswith("SpO2 91 %") for reason in danger["reasons"])
    assert danger["reasons"][0].endswith(("→ I", "→ II"))
    assert unknown["reasons"] == ["规则无法判断，请护士立即评估"]


def test_a_doubtful_sign_is_named(tmp_path: Path) -> None:
    source, target = given(tmp_path, json.dumps({"id": "a", "text": "sore throat, HR 900"}))
    assert run(source, target, "--no-model")[0] == 0
    found = json.loads(target.read_text("utf-8"))
    assert (found["level"], [one["sign"] for one in found["doubtful"]]) == ("III", ["heart_rate"])
    assert "heart_rate" in found["missing"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2"),
        ('{"id": "b"}', "text"),
        ('{"id": "b", "text": "x", "level": "I"}', "level"),
        ('{"id": "b", "text": 5}', "text"),
        ('{"id": "a", "text": "x"}', "twice"),
        ("[]", "line 2"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_written(tmp_path: Path, line: str, says: str) -> None:
    source, target = given(tmp_path, json.dumps(CALM), line)
    target.write_text("as before", "utf-8")
    code, output = run(source, target, "--no-model")
    assert code == 2
    assert "line 2" in output
    assert says in output
    assert target.read_text("utf-8") == "as before"


@pytest.mark.parametrize("options", [(), ("--key-file", "nowhere.key")])
def test_without_a_key_it_says_what_to_do(tmp_path: Path, options: tuple[str, ...]) -> None:
    source, target = given(tmp_path, json.dumps(CALM))
    code, output = run(source, target, *options)
    assert (code, target.exists()) == (2, False)
    assert ("nowhere.key" if options else "--no-model") in output


def test_an_unknown_pack_is_refused(tmp_path: Path) -> None:
    source, target = given(tmp_path, json.dumps(CALM))
    code, output = run(source, target, "--no-model", "--pack", "manchester")
    assert (code, "manchester" in output) == (2, True)
