"""Requests and consultations written for this project, filled from slots by a seeded generator."""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import numpy as np

from routing.training.example import Example
from routing.values import Task

LANGUAGES = ("en", "zh")
OTHER_COPIES, COPIES, MORE_COPIES, CONSULTATIONS = 70, 160, 300, 220
PLAIN_COPIES = 120
PLAIN = "written_plain"
WRAPPED = 0.25
VARIED = 4
TURNS = (3, 18)
SLOT = re.compile(r"\{(\w+)\}")
SEPARATORS = ("\n", "\n", " ", "。")


@dataclass(frozen=True)
class _Pen:
    """The document and the chance with which it is filled."""

    document: Mapping[str, Any]
    chance: np.random.Generator

    def one(self, choices: Sequence[str]) -> str:
        return choices[int(self.chance.integers(len(choices)))]

    def filled(self, pattern: str) -> str:
        text = SLOT.sub(lambda slot: self.one(self.document["slots"][slot.group(1)]), pattern)
        return text.replace(" | ", self.one(SEPARATORS))

    def wrapped(self, text: str, task: Task) -> str:
        return self.one(self.document["wrap"][task.value]).replace("{x}", text) if self._now(WRAPPED) else text

    def consultation(self, language: str) -> str:
        bank = self.document["consultation"][language]
        turns = [self.one(bank["opening"])]
        for _ in range(int(self.chance.integers(*TURNS))):
            turns += [self.one(bank["doctor"]), self.one(bank["patient"])]
        if self._now(0.6):
            turns.append(self.one(bank["ending"]))
        separator = self.one(SEPARATORS)
        return separator.join(self.filled(turn) for turn in turns)

    def _now(self, share: float) -> bool:
        return bool(self.chance.random() < share)


def varied(examples: Sequence[Example]) -> list[Example]:
    """As others would have typed them, chosen by the hash of the text.

    One in four is followed by words of courtesy, one by an order to the router, and one is full of abbreviations.
    """
    document = tomllib.loads(_document())
    ways = (
        lambda text, mark: f"{text}\n{_pick(document['chatter'], mark)}",
        lambda text, mark: f"{text}\n{_pick(document['orders'], mark)}",
        lambda text, _: _abbreviated(text, document["abbreviations"]),
    )
    out = []
    for example in examples:
        mark = int(hashlib.sha256(example.text.encode("utf-8", "replace")).hexdigest(), 16)
        way = mark % VARIED
        out.append(replace(example, text=ways[way](example.text, mark)) if way < len(ways) else example)
    return out


def _pick(phrases: Sequence[str], mark: int) -> str:
    return phrases[mark // VARIED % len(phrases)]


def _abbreviated(text: str, short: Mapping[str, str]) -> str:
    """The longest first, so that "patients" is not written "pts" by way of "patient"."""
    for word in sorted(short, key=len, reverse=True):
        pattern = rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
        text = re.sub(pattern, short[word], text, flags=re.IGNORECASE)
    return text


def _document() -> str:
    return resources.files("routing").joinpath("training", "requests.toml").read_text("utf-8")


def written(seed: int) -> list[Example]:
    """The same examples for the same seed, alternating over the patterns of each task and language."""
    document = tomllib.loads(_document())
    pen = _Pen(document, np.random.default_rng(seed))
    made = []
    for task in Task:
        for language in LANGUAGES:
            made += [_example(task, text) for text in _texts(pen, task, language=language)]
    for language in LANGUAGES:
        plain = document["plain"][language]
        made += [_plain(pen.filled(plain[index % len(plain)])) for index in range(PLAIN_COPIES)]
    return made


def _texts(pen: _Pen, task: Task, *, language: str) -> list[str]:
    patterns = pen.document[task.value][language]
    number = {Task.OTHER: OTHER_COPIES, Task.TRIAGE: MORE_COPIES, Task.RESEARCH: MORE_COPIES}.get(task, COPIES)
    bare = [pen.filled(patterns[index % len(patterns)]) for index in range(number)]
    if task is Task.NOTE:
        bare += [pen.consultation(language) for _ in range(CONSULTATIONS)]
    return [pen.wrapped(text, task) for text in bare]


def _plain(text: str) -> Example:
    """Chat without a clinical question, as a set of its own."""
    return Example(PLAIN, f"plain:{text}", text, Task.OTHER)


def _example(task: Task, text: str) -> Example:
    return Example("written", f"written:{text}", text, task)
