"""`hospital-hub notes check`: each sentence with its places in the sources or a reason, what the draft leaves out."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hospital_hub.cli import app

RUN = CliRunner()
TALK = (
    "[doctor] how old are you ?\n[patient] i just turned forty two .\n[doctor] any chest pain ?\n[patient] no .\n"
    "[patient] my left knee hurts for two weeks , and i'm allergic to penicillin . i take lisinopril .\n"
)
ENGLISH: dict[str, Any] = {
    "id": "en",
    "sources": [{"id": "talk", "text": TALK}],
    "draft": "HPI:\n42-year-old with left knee pain for 2 weeks.\nReports chest pain.\nPain in the right knee.\n",
}
CHINESE: dict[str, Any] = {
    "id": "zh",
    "sources": [
        {
            "id": "问诊",
            "text": "医生：发烧吗？\n患者：昨天三十八度五，咳嗽两三天了。\n医生：有没有呕吐？\n患者：没有。\n",
        }
    ],
    "draft": "发热，体温38.5℃，咳嗽2-3天。\n无呕吐。\n体温39.5℃。\n有呕吐。\n",
}


def given(folder: Path, *lines: str) -> tuple[Path, Path]:
    source = folder / "drafts.jsonl"
    source.write_text("\n".join(lines), "utf-8")
    return source, folder / "checked.jsonl"


def checked(folder: Path, *items: dict[str, Any]) -> list[dict[str, Any]]:
    source, target = given(folder, *(json.dumps(item, ensure_ascii=False) for item in items))
    outcome = RUN.invoke(app, ["notes", "check", "--no-model", "--input", str(source), "--output", str(target)])
    assert outcome.exit_code == 0, outcome.output
    return [json.loads(line) for line in target.read_text("utf-8").splitlines()]


def said(item: dict[str, Any], answer: dict[str, Any]) -> dict[str, tuple[bool, str]]:
    """Sentence to support and the kind of the first doubt."""
    draft = item["draft"]
    found = ((draft[one["start"] : one["end"]], one) for one in answer["sentences"])
    return {text: (one["supported"], one["reason"].split(":")[0]) for text, one in found}


def test_an_english_talk(tmp_path: Path) -> None:
    (answer,) = checked(tmp_path, ENGLISH)
    assert answer["id"] == "en"
    assert said(ENGLISH, answer) == {
        "HPI:": (True, ""),
        "42-year-old with left knee pain for 2 weeks.": (True, ""),
        "Reports chest pain.": (False, "negation"),
        "Pain in the right knee.": (False, "side"),
    }


def test_a_chinese_talk(tmp_path: Path) -> None:
    (answer,) = checked(tmp_path, CHINESE)
    assert said(CHINESE, answer) == {
        "发热，体温38.5℃，咳嗽2-3天。": (True, ""),
        "无呕吐。": (True, ""),
        "体温39.5℃。": (False, "number"),
        "有呕吐。": (False, "negation"),
    }


def test_sources_are_places_in_the_text_that_was_given(tmp_path: Path) -> None:
    moved = {**ENGLISH, "sources": [{"id": "talk", "text": "😀\n" + TALK}]}
    (answer,) = checked(tmp_path, moved)
    (place, *_) = answer["sentences"][1]["sources"]
    assert place["id"] == "talk"
    assert ("😀\n" + TALK)[place["start"] : place["end"]].startswith("my left knee hurts for two weeks")


def test_what_the_draft_leaves_out_is_listed(tmp_path: Path) -> None:
    (answer,) = checked(tmp_path, ENGLISH)
    listed = {(one["kind"], one["text"]) for one in answer["omissions"]}
    assert ("medicine", "lisinopril") in listed
    assert any(kind == "allergy" and "penicillin" in text for kind, text in listed)
    whole = {**ENGLISH, "draft": ENGLISH["draft"] + "Allergic to penicillin. Takes lisinopril."}
    (answer,) = checked(tmp_path, whole)
    assert answer["omissions"] == []


def test_a_sentence_of_an_older_note_is_marked(tmp_path: Path) -> None:
    old = {"id": "note-1", "text": "Patient slept well after the infusion. No fever."}
    item = {"id": "c", "sources": [old], "draft": "Patient slept well after the infusion.\nNo fever."}
    (answer,) = checked(tmp_path, item)
    assert [one["copied_from"] for one in answer["sentences"]] == ["note-1", None]


def test_without_sources_nothing_is_supported(tmp_path: Path) -> None:
    (answer,) = checked(tmp_path, {"id": "x", "sources": [], "draft": "Community acquired pneumonia."})
    assert [(one["supported"], one["sources"]) for one in answer["sentences"]] == [(False, [])]


@pytest.mark.parametrize(
    "text", ["", " \n", "\u0000\u200b", "１２３／４５", "9" * 400, "二" * 300, "one " * 300, "(" * 500]
)
def test_any_text_gets_an_answer_with_places_inside_it(tmp_path: Path, text: str) -> None:
    (answer,) = checked(tmp_path, {"id": "x", "sources": [{"id": "s", "text": text}], "draft": text})
    assert all(0 <= one["start"] < one["end"] <= len(text) for one in answer["sentences"])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2"),
        ("[]", "line 2"),
        ('{"id": "b", "draft": "x"}', "sources"),
        ('{"id": "b", "sources": [{"id": "s"}], "draft": "x"}', "sources.0.text"),
        ('{"id": "b", "sources": [], "draft": "x", "model": "y"}', "model"),
        ('{"id": "en", "sources": [], "draft": "x"}', "twice"),
        ('{"id": "b", "sources": [{"id": "s", "text": ""}, {"id": "s", "text": ""}], "draft": "x"}', "same id"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_written(tmp_path: Path, line: str, says: str) -> None:
    source, target = given(tmp_path, json.dumps(ENGLISH), line)
    target.write_text("as before", "utf-8")
    outcome = RUN.invoke(app, ["notes", "check", "--input", str(source), "--output", str(target)])
    assert outcome.exit_code == 2
    assert "line 2" in outcome.output
    assert says in outcome.output
    assert target.read_text("utf-8") == "as before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checked.jsonl", "drafts.jsonl"]
