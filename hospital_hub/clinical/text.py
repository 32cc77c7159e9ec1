"""Typed words as the rules read them: one width, one case, no hidden characters, every character traceable.

Positions found in the clean text lead back to the person's own words. Does not translate and does not correct.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Language = Literal["zh-CN", "en"]
_PLAIN: Final = {"’": "'", "‘": "'", "`": "'"}
_FORMAT: Final = "Cf"  # zero-width and other invisible characters
_CHINESE: Final = "[\u4e00-\u9fff\u3400-\u4dbf]"
_BLANKS_BETWEEN_CHINESE: Final = re.compile(f"(?<={_CHINESE})[ \t\u3000]+(?={_CHINESE})")
_LETTERS_PER_WORD: Final = 5
_UNEVEN: Final = -1  # the folded form of a character is none or several
# A break after a long line that ends in the middle of a sentence is where a mail program wrapped it.
_WRAPPED: Final = re.compile(r"(?<=[^\n]{60}[a-z0-9,'])\n(?=[a-z0-9('])")
# By character: the one that it folds into, worked out when it is first seen.
_FOLDED: Final = np.zeros(0x110000, dtype=np.int32)


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
    """Fold width and case (NFKC), drop invisible characters and the blanks between Chinese characters, unwrap lines."""
    read = _folded_text(text)
    if "\n" not in read.clean:
        return read
    return Readable(text, _WRAPPED.sub(" ", read.clean), read.origin)


def _folded_text(text: str) -> Readable:
    if text.isascii():
        return Readable(text, text.replace("`", "'").lower(), range(len(text)))
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.int32)
    folded = _FOLDED.take(codes)
    if not folded.all():
        _learn(codes[folded == 0])
        folded = _FOLDED.take(codes)
    if folded.min() == _UNEVEN or _BLANKS_BETWEEN_CHINESE.search(text):
        return _readable_by_character(text)
    return Readable(text, folded.tobytes().decode("utf-32-le", "surrogatepass"), range(len(text)))


def _readable_by_character(text: str) -> Readable:
    clean: list[str] = []
    origin: list[int] = []
    dropped = {place for found in _BLANKS_BETWEEN_CHINESE.finditer(text) for place in range(*found.span())}
    for place, character in enumerate(text):
        if place not in dropped:
            folded = _folded(character)
            clean.append(folded)
            origin.extend([place] * len(folded))
    return Readable(text, "".join(clean), origin)


def _learn(codes: npt.NDArray[np.int32]) -> None:
    for code in set(codes.tolist()):
        folded = _folded(chr(code))
        _FOLDED[code] = ord(folded) if len(folded) == 1 else _UNEVEN


@cache
def _folded(character: str) -> str:
    plain = unicodedata.normalize("NFKC", _PLAIN.get(character, character)).casefold()
    return "" if unicodedata.category(character) == _FORMAT else plain


def is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def language_of(text: str, *, default: Language) -> Language:
    """The language that most of the words are in; `default` for a text without words."""
    chinese = sum(1 for character in text if is_chinese(character))
    latin = sum(1 for character in text if character.isascii() and character.isalpha())
    if not chinese and not latin:
        return default
    return "zh-CN" if chinese * _LETTERS_PER_WORD >= latin else "en"
