"""Kinds of notes as data, and the sections that a model answers in."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.errors import BadInput, WrongSetup
from hospital_hub.main import create_app
from hospital_hub.notes.kinds import Kind, kind_named, kind_of, kinds
from hospital_hub.notes.sections import SectionReader, joined, sections_in
from hospital_hub.settings import Settings

OWN = """
version = "3"
order = 0
name = { en = "Wound note", zh = "换药记录" }
loinc = { code = "11506-3", display = "Progress note" }
[[sections]]
id = "wound"
title = { en = "Wound", zh = "伤口" }
holds = { en = "what it looks like", zh = "伤口情况" }
"""
ALL = ["progress", "admission", "discharge", "referral", "outpatient"]


def test_five_kinds_come_with_the_hub() -> None:
    assert list(kinds()) == ALL
    titles = [one.title.zh for one in kinds()["outpatient"].sections]
    assert titles == ["主诉", "现病史", "既往史", "体格检查", "辅助检查", "诊断", "处理"]


@pytest.mark.parametrize("kind", kinds().values(), ids=ALL)
def test_no_plan_and_no_new_diagnosis_is_anybodys_but_the_sources(kind: Kind) -> None:
    closed = [one for one in kind.sections if re.search(r"plan|treatment|advice|request|diagnosis$", one.id)]
    assert closed
    assert all(one.only_sourced and one.required for one in closed)


def test_a_department_adds_a_kind_and_replaces_one(tmp_path: Path) -> None:
    (tmp_path / "wound.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "referral.toml").write_text(OWN.replace("Wound note", "Our letter"), encoding="utf-8")
    found = kinds(tmp_path)
    assert set(found) == {*ALL, "wound"}
    assert found["referral"].name.en == "Our letter"
    assert kind_named("wound", folder=tmp_path).sections[0].title.of("zh-CN") == "伤口"


@pytest.mark.parametrize(
    "wrong", ["[", "colour = 1\n" + OWN, OWN + OWN[OWN.index("[[") :], OWN.replace("11506-3", "x")]
)
def test_a_file_that_is_no_kind_stops_the_start(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "wound.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(WrongSetup, match=r"wound\.toml"):
        kinds(tmp_path)


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(WrongSetup, match="HUB_NOTE_KINDS_FOLDER"):
        kinds(tmp_path / "nothing")


async def test_the_hub_does_not_start_with_a_wrong_kind(settings: Settings, tmp_path: Path) -> None:
    app = create_app(settings.model_copy(update={"note_kinds_folder": tmp_path / "nothing"}))
    with pytest.raises(WrongSetup, match="HUB_NOTE_KINDS_FOLDER"):
        async with app.router.lifespan_context(app):
            pass


def test_a_kind_that_was_removed_is_still_shown_but_not_asked_for() -> None:
    assert kind_of("gone").id == "progress"
    with pytest.raises(BadInput):
        kind_named("gone")


TEXTS = st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=40), max_size=5)


@given(TEXTS, st.booleans(), st.integers(min_value=1, max_value=7))
def test_json_is_read_as_it_grows(texts: dict[str, str], ascii_only: bool, pace: int) -> None:
    written = json.dumps(texts, ensure_ascii=ascii_only, indent=2)
    reader = SectionReader()
    pieces = [piece for at in range(0, len(written), pace) for piece in reader.feed(written[at : at + pace])]
    assert reader.texts == texts
    assert "".join(piece.text for piece in pieces) == "".join(texts.values())


@pytest.mark.parametrize(
    "broken", ['{"a": "one", "b": [1]}', '{"a": "one", "b": "tw\\u00', '{"a": "one', '{"a": "one"} x']
)
def test_json_that_breaks_keeps_what_came_before(broken: str) -> None:
    reader = SectionReader()
    list(reader.feed(broken))
    assert reader.texts["a"] == "one"


def test_what_is_no_json_is_text() -> None:
    reader = SectionReader()
    assert "".join(piece.text for piece in reader.feed("  Well, {now}.")) == "Well, {now}."
    assert reader.plain


@pytest.mark.parametrize("text", ["主观：头痛。\n计划：\n", "**主观**\n头痛。\n# 计划", "【主观】头痛。\n计划:"])
def test_sections_are_found_by_their_headings(text: str) -> None:
    assert sections_in(text, kind_of("progress"), language="zh-CN") == {"subjective": "头痛。", "plan": ""}


@given(st.lists(st.sampled_from(["No pain.", "Pain: yes.", "头痛。", ""]), min_size=5, max_size=5))
def test_what_is_joined_is_found_again(bodies: list[str]) -> None:
    kind = kind_of("progress")
    given_bodies = dict(zip([one.id for one in kind.sections], bodies, strict=True))
    found = sections_in(joined(kind, given_bodies, language="en"), kind, language="en")
    assert {name: body for name, body in found.items() if body} == {k: v for k, v in given_bodies.items() if v}
