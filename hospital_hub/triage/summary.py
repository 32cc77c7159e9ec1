"""What an interview found, for the nurse and the record: the patient's own words under the hospital's headings. Pure.

Nothing is put in other words and nothing is concluded. Each entry names the turn that it was said in.
"""

from collections.abc import Iterator
from typing import Any, Final

from hospital_hub.clinical.text import readable
from hospital_hub.triage.asked import COMPLAINT, Exchange, History
from hospital_hub.triage.departments import Department
from hospital_hub.triage.question_tree import Section, Topic, Tree

# Headings in the order of a record.
SECTIONS: Final[dict[Section, tuple[str, str]]] = {
    "chief": ("主诉", "Chief complaint"),
    "present": ("现病史", "History of present illness"),
    "past": ("既往史", "Past history"),
    "medicines": ("用药", "Medicines"),
    "allergies": ("过敏史", "Allergies"),
    "pregnancy": ("妊娠", "Pregnancy"),
    "person": ("一般情况", "About the patient"),
}
COMPLAINT_TURN: Final = 0


def summarise(history: History, tree: Tree, *, department: Department) -> dict[str, Any]:
    """As JSON values. A heading that nothing was said under is left out; `unknown` are topics nobody could tell."""
    entries = [*_told(history, tree), *(_answered(one, tree) for one in history.answers)]
    sections = [
        {
            "id": section,
            "zh": zh,
            "en": en,
            "entries": [entry for at, entry in entries if at == section],
        }
        for section, (zh, en) in SECTIONS.items()
    ]
    known = {entry["topic"] for _, entry in entries}
    return {
        "tree": tree.version,
        "language": history.language,
        "sections": [section for section in sections if section["entries"]],
        "unknown": [
            {"topic": topic.id, "zh": topic.label["zh-CN"], "en": topic.label["en"]}
            for topic in tree.topics.values()
            if topic.id not in known
        ],
        "department": {
            "id": department.id,
            "zh": department.zh,
            "en": department.en,
            "reason_zh": department.reason_zh,
            "reason_en": department.reason_en,
        },
    }


def _told(history: History, tree: Tree) -> Iterator[tuple[Section, dict[str, Any]]]:
    """What the complaint itself says; of a topic, the words that told it."""
    if not history.complaint:
        return
    yield "chief", _entry(tree.topics[COMPLAINT], words=history.complaint, turn=COMPLAINT_TURN)
    answered = {one.form.topic for one in history.answers}
    read = readable(history.complaint)
    for topic in tree.topics.values():
        found = topic.known.search(read.clean)
        if found is not None and topic.id not in answered:
            start, end = read.span(*found.span())
            yield topic.section, _entry(topic, words=read.text[start:end], turn=COMPLAINT_TURN)


def _answered(exchange: Exchange, tree: Tree) -> tuple[Section, dict[str, Any]]:
    topic = tree.topics[exchange.form.topic]
    entry = _entry(topic, words=exchange.answer or "", turn=exchange.answered)
    return topic.section, {**entry, "question": exchange.text}


def _entry(topic: Topic, *, words: str, turn: int) -> dict[str, Any]:
    return {"topic": topic.id, "zh": topic.label["zh-CN"], "en": topic.label["en"], "words": words, "turn": turn}
