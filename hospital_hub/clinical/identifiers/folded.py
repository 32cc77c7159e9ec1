"""A text in NFKC, one width and one kind of dash, from which every place leads back to the text as given.

Superscripts and subscripts stay what they are: 10⁹ is not 109. Marks without width are left out.
"""

import re
import sys
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－"), "-")
_NO_WIDTH: Final = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f"
_HANGUL: Final = (0xAC00, 0xD7A4)  # syllables are whole as they are
_KEPT: Final = re.compile(r"<(?:super|sub|fraction)>")


@dataclass(frozen=True)
class Folded:
    """`text` to search in; `place` gives the bounds in the text as given."""

    text: str
    _at: tuple[int, ...] = ()  # where pieces begin in the folded text
    _from: tuple[tuple[int, int], ...] = ()  # (begin, end) of each piece as given; equal lengths are one for one

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Bounds as given: a character that came from half of another takes the whole of it."""
        if not self._at:
            return start, end
        return self._of(start)[0], self._of(end - 1)[1]

    def _of(self, index: int) -> tuple[int, int]:
        piece = bisect_right(self._at, index) - 1
        begin, end = self._from[piece]
        long = (self._at[piece + 1] if piece + 1 < len(self._at) else len(self.text)) - self._at[piece]
        if long == end - begin:
            begin += index - self._at[piece]
            end = begin + 1
        return begin, end


def folded(text: str) -> Folded:
    if text.isascii():
        return Folded(text)
    plain = text.translate(_single())
    odd = list(_odd().finditer(plain))
    return _pieced(plain, odd) if odd else Folded(plain)


def _pieced(plain: str, odd: list[re.Match[str]]) -> Folded:
    parts, places, origins = list[str](), list[int](), list[tuple[int, int]]()
    length = at = 0
    for match in odd:
        for piece, begin, end in (
            (plain[at : match.start()], at, match.start()),
            (_narrow(match[0]), match.start(), match.end()),
        ):
            if piece:
                places.append(length)
                origins.append((begin, end))
                parts.append(piece)
                length += len(piece)
        at = match.end()
    if plain[at:]:
        places.append(length)
        origins.append((at, len(plain)))
        parts.append(plain[at:])
    return Folded("".join(parts), tuple(places), tuple(origins))


def _narrow(piece: str) -> str:
    return re.sub(f"[{_NO_WIDTH}]", "", unicodedata.normalize("NFKC", piece)).translate(_DASHES)


@lru_cache(maxsize=1)
def _single() -> dict[int, str]:
    """Every character of which NFKC makes exactly one other."""
    table = {}
    for code in range(0x80, sys.maxunicode + 1):
        letter = chr(code)
        if not _KEPT.match(unicodedata.decomposition(letter)):
            narrow = unicodedata.normalize("NFKC", letter)
            if len(narrow) == 1 and narrow != letter:
                table[code] = narrow
    return table | _DASHES


@lru_cache(maxsize=1)
def _odd() -> re.Pattern[str]:
    """What becomes none or several characters, and letters with marks that stand behind them."""
    several = [
        chr(code)
        for code in range(0x80, 0x20000)
        if not _KEPT.match(unicodedata.decomposition(chr(code)))
        and not _HANGUL[0] <= code < _HANGUL[1]
        and len(unicodedata.normalize("NFKC", chr(code))) > 1
    ]
    marks = r"\u0300-\u036f"
    letters = "".join(letter for letter in several if letter not in "℃℉")
    return re.compile(rf"[^{marks}{_NO_WIDTH}][{marks}]+|[{_NO_WIDTH}]+|[{re.escape(letters)}]")
