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
WRAPPED = 0.25
CHATTERED = 5
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


def chattered(examples: Sequence[Example]) -> list[Example]:
    """Every fifth example, by the hash of its text, with words of courtesy behind it."""
    phrases = tomllib.loads(_document())["chatter"]
    out = []
    for example in examples:
        mark = int(hashlib.sha256(example.text.encode("utf-8", "replace")).hexdigest(), 16)
        phrase = phrases[mark // CHATTERED % len(phrases)]
        out.append(replace(example, text=f"{example.text}\n{phrase}") if mark % CHATTERED == 0 else example)
    return out


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
    return made


def _texts(pen: _Pen, task: Task, *, language: str) -> list[str]:
    patterns = pen.document[task.value][language]
    number = {Task.OTHER: OTHER_COPIES, Task.TRIAGE: MORE_COPIES, Task.RESEARCH: MORE_COPIES}.get(task, COPIES)
    bare = [pen.filled(patterns[index % len(patterns)]) for index in range(number)]
    if task is Task.NOTE:
        bare += [pen.consultation(language) for _ in range(CONSULTATIONS)]
    return [pen.wrapped(text, task) for text in bare]


def _example(task: Task, text: str) -> Example:
    return Example("written", f"written:{text}", text, task)
