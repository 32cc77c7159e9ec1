"""Typed words as the rules read them: one width, one case, no hidden characters, every character traceable.

Positions found in the clean text lead back to the person's own words. Does not translate and does not correct.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["zh-CN", "en"]
_PLAIN: Final = {"’": "'", "‘": "'", "`": "'"}
_FORMAT: Final = "Cf"  # zero-width and other invisible characters
_CHINESE: Final = "[\u4e00-\u9fff\u3400-\u4dbf]"
_BLANKS_BETWEEN_CHINESE: Final = re.compile(f"(?<={_CHINESE})[ \t\u3000]+(?={_CHINESE})")
_LETTERS_PER_WORD: Final = 5


@dataclass(frozen=True)
class Readable:
    """`origin[i]` is the place in the person's own `text` of `clean[i]`."""

    text: str
    clean: str
    origin: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the person's own text of a stretch of the clean one."""
        return self.origin[start], self.origin[end - 1] + 1


def readable(text: str) -> Readable:
    """Fold width and case (NFKC), drop invisible characters and the blanks between Chinese characters."""
    folded = text.translate(_FOLDS)
    if _FOLDS.uneven.isdisjoint(text) and not _BLANKS_BETWEEN_CHINESE.search(text):
        return Readable(text, folded, range(len(text)))
    return _readable_by_character(text)


def _readable_by_character(text: str) -> Readable:
    clean: list[str] = []
    origin: list[int] = []
    dropped = {place for found in _BLANKS_BETWEEN_CHINESE.finditer(text) for place in range(*found.span())}
    for place, character in enumerate(text):
        if place not in dropped:
            folded = _FOLDS[ord(character)]
            clean.append(folded)
            origin.extend([place] * len(folded))
    return Readable(text, "".join(clean), origin)


class _Folds(dict[int, str]):
    """Each character's folded form, worked out once; `uneven` are those that become none or several."""

    def __init__(self) -> None:
        super().__init__()
        self.uneven: set[str] = set()

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain = unicodedata.normalize("NFKC", _PLAIN.get(character, character)).casefold()
        folded = "" if unicodedata.category(character) == _FORMAT else plain
        if len(folded) != 1:
            self.uneven.add(character)
        self[code] = folded
        return folded


_FOLDS: Final = _Folds()


def is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def language_of(text: str, *, default: Language) -> Language:
    """The language that most of the words are in; `default` for a text without words."""
    chinese = sum(1 for character in text if is_chinese(character))
    latin = sum(1 for character in text if character.isascii() and character.isalpha())
    if not chinese and not latin:
        return default
    return "zh-CN" if chinese * _LETTERS_PER_WORD >= latin else "en"
