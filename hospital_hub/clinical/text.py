"""Typed words as the rules read them: one width, one case, no hidden characters, every character traceable.

Positions found in the clean text lead back to the person's own words. Does not translate and does not correct.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["zh-CN", "en"]
_PLAIN: Final = {"’": "'", "‘": "'", "`": "'"}
_FORMAT: Final = "Cf"  # zero-width and other invisible characters
_LETTERS_PER_WORD: Final = 5


@dataclass(frozen=True)
class Readable:
    """`origin[i]` is the place in the person's own text of `clean[i]`."""

    clean: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the person's own text of a stretch of the clean one."""
        return self.origin[start], self.origin[end - 1] + 1


def readable(text: str) -> Readable:
    """Fold width and case (NFKC), drop invisible characters and the blanks between Chinese characters."""
    clean: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(text):
        if unicodedata.category(character) == _FORMAT or _blank_between_chinese(text, place):
            continue
        folded = unicodedata.normalize("NFKC", _PLAIN.get(character, character)).casefold()
        clean.extend(folded)
        origin.extend([place] * len(folded))
    return Readable("".join(clean), tuple(origin))


def is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def language_of(text: str, *, default: Language) -> Language:
    """The language that most of the words are in; `default` for a text without words."""
    chinese = sum(1 for character in text if is_chinese(character))
    latin = sum(1 for character in text if character.isascii() and character.isalpha())
    if not chinese and not latin:
        return default
    return "zh-CN" if chinese * _LETTERS_PER_WORD >= latin else "en"


def _blank_between_chinese(text: str, place: int) -> bool:
    if text[place] not in " \t\u3000":
        return False
    before, after = text[:place].rstrip(" \t\u3000")[-1:], text[place:].lstrip(" \t\u3000")[:1]
    return bool(before and after) and is_chinese(before) and is_chinese(after)
