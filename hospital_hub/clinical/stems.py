"""English words without their endings, just enough that plural and tense do not matter. Pure; no dictionary."""

from functools import cache
from typing import Final

_IRREGULAR: Final = {
    "swollen": "swell", "swelled": "swell", "felt": "feel", "hurts": "hurt", "hurting": "hurt", "took": "take",
    "taken": "take", "broke": "break", "broken": "break", "fallen": "fall", "fell": "fall", "ate": "eat",
    "eaten": "eat", "drank": "drink", "drunk": "drink", "slept": "sleep", "bled": "bleed", "worn": "wear",
    "threw": "throw", "thrown": "throw", "woke": "wake", "woken": "wake", "wakes": "wake",
    "feet": "foot", "teeth": "tooth",
    "lost": "lose", "grew": "grow", "grown": "grow", "went": "go", "gone": "go", "saw": "see", "seen": "see",
    "children": "child", "women": "woman", "men": "man", "lying": "lie", "lies": "lie", "died": "die", "dying": "die",
    "diagnoses": "diagnosis", "lives": "live", "living": "live", "lived": "live", "knives": "knife", "worse": "worse",
    "tore": "tear", "torn": "tear", "began": "begin", "begun": "begin", "gave": "give", "given": "give",
    "spoke": "speak", "spoken": "speak", "drove": "drive", "driven": "drive", "ran": "run", "swam": "swim",
    "bought": "buy", "brought": "bring", "caught": "catch", "thought": "think", "kept": "keep", "left": "left",
}  # fmt: skip
_SHORTEST: Final = 3
_KEEPS_S: Final = ("ss", "us", "is")


@cache
def stem(word: str) -> str:
    plain = word.removesuffix("'s").strip("'")
    if plain in _IRREGULAR:
        return _IRREGULAR[plain]
    if len(plain) <= _SHORTEST:
        return plain
    return _without_e(_without_tense(_without_plural(plain)))


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > _SHORTEST + 1:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(_KEEPS_S) else word


def _without_tense(word: str) -> str:
    for ending, left in (("ingly", 4), ("edly", 4), ("ing", 3), ("ied", 3), ("ed", 4), ("ly", 4)):
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) >= left:
            if ending == "ied":
                return rest + "y"
            doubled = len(rest) > _SHORTEST and rest[-1] == rest[-2] and rest[-1] not in "aeiols"
            return rest[:-1] if doubled else rest
    return word


def _without_e(word: str) -> str:
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST else word


def alike(one: str, other: str) -> bool:
    """Two stems that begin alike for most of their length: `radiate` and `radiation`, `append` and `appendix`."""
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return shared >= 4 and shared >= 0.6 * max(len(one), len(other))  # noqa: PLR2004 - measured on general English
