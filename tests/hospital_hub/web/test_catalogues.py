"""Whatever the hub says to a person, it says in Chinese too."""

import re
from collections import defaultdict
from pathlib import Path

from hospital_hub.web.languages import gettext_for, texts_of
from tests.hospital_hub.web.texts import Text, entries, texts_of_code, texts_of_templates

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def missing(texts: list[Text]) -> dict[str, str]:
    known = {entry.words for entry in entries() if entry.translation and not entry.fuzzy}
    return {text.place: text.words for text in texts if text.words not in known}


def test_every_text_of_a_template_has_its_chinese() -> None:
    found = list(texts_of_templates())
    assert len(found) > 100
    assert missing(found) == {}


def test_every_sentence_of_the_code_has_its_chinese() -> None:
    found = list(texts_of_code())
    assert len(found) > 50
    assert missing(found) == {}


def test_the_search_finds_templates_code_and_the_sentences_of_errors(tmp_path: Path) -> None:
    assert {text.words for text in texts_of_templates()} >= {"Hospital hub", "draft, checked by %(reviewer)s"}
    assert {text.words for text in texts_of_code()} >= {"This is required.", "Your role does not include this."}


def test_one_text_has_one_chinese() -> None:
    """Catalogues are merged, so two translations of one text would depend on the order of file names."""
    found = defaultdict(set)
    for entry in entries():
        found[entry.words].add(entry.translation)
    assert {words: chinese for words, chinese in found.items() if len(chinese) > 1} == {}


def test_placeholders_survive_translation() -> None:
    wrong = [
        (entry.catalogue, entry.words)
        for entry in entries()
        if sorted(PLACEHOLDER.findall(entry.words)) != sorted(PLACEHOLDER.findall(entry.translation))
    ]
    assert wrong == []


def test_chinese_uses_chinese_punctuation() -> None:
    """No ASCII comma, full stop, colon or question mark behind a Chinese character."""
    wrong = [entry.words for entry in entries() if re.search(r"[\u4e00-\u9fff][,.:;?!]", entry.translation)]
    assert wrong == []


def test_translating() -> None:
    assert gettext_for("zh-CN")("Log out") == "退出登录"
    assert gettext_for("en")("Log out") == "Log out"
    assert gettext_for("zh-CN")("no such text") == "no such text"
    assert texts_of("en").ngettext("%(num)d case", "%(num)d cases", 2) == "%(num)d cases"
