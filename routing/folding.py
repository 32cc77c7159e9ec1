"""One folded form of every text: case, width, digits, Chinese variants and labels before a colon make no difference.

All work is on arrays of code points, so that a chart of 8,000 tokens folds in about a millisecond.
"""

import re
import unicodedata
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint32]

BMP = 0x10000
SPACE, ZERO, STOP, COLON = ord(" "), ord("0"), ord("."), ord(":")
LABEL_CHARACTERS = 24
# Traditional or variant character and simplified one, pair by pair (routing.training.variants).
VARIANTS = resources.files("routing").joinpath("artefacts", "variants.txt").read_text("utf-8").strip()
# What NFKC makes of the wide marks of Chinese typing; a text without them is mostly in that form already.
NARROW = tuple((mark, unicodedata.normalize("NFKC", mark)) for mark in "，：；？！（）％～")
# A last sentence of courtesy says nothing about what is asked.
COURTEOUS = (
    "thank", "sorry", "appreciated", "cheers", "have a nice", "have a good", "hope you", "bother you",
    "谢", "謝", "辛苦", "打扰", "打擾", "麻烦您", "麻煩您", "麻烦你", "麻煩你", "不好意思",
)  # fmt: skip
COURTESY = re.compile(
    rf"(?:^|(?<=[.!?。！？\n]))[^.!?。！？\n]*(?:{'|'.join(COURTEOUS)})[^.!?。！？\n]*[.!?。！？\s]*$"
)
COURTESY_SENTENCES, COURTESY_CHARACTERS = 3, 160
STOPS, COMMAS, COLONS, QUESTIONS = ".。;；!！\n\r", ",，、", ":：]】", "?？"


@dataclass(frozen=True)
class Folded:
    """`codes` and `text` are the same characters, with a space at both ends."""

    codes: Codes
    text: str


def _table() -> npt.NDArray[np.uint32]:
    table = np.arange(BMP, dtype=np.uint32)
    table[list(map(ord, VARIANTS[::2]))] = list(map(ord, VARIANTS[1::2]))
    for point in (*range(0x20), *map(ord, "\"'()[]{}<>|*#_~`^=“”‘’《》【】「」…—-–/\\"), 0xA0, 0x3000):
        table[point] = SPACE
    table[ord("0") : ord("9") + 1] = ZERO
    for characters, point in ((STOPS, STOP), (COMMAS, ord(",")), (COLONS, COLON), (QUESTIONS, ord("?"))):
        table[list(map(ord, characters))] = point
    return table


TABLE = _table()


def fold(text: str) -> Folded:
    """The folded form; a label of a few words before a colon (`Doctor:`, `主诉：`, `[patient]`) is left out."""
    small = _without_courtesy(_plain(text).casefold())
    raw = np.frombuffer(small.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = _framed(_without_labels(TABLE.take(raw, mode="clip")))
    return Folded(codes, codes.tobytes().decode("utf-32-le", "replace"))


def _plain(text: str) -> str:
    """NFKC."""
    if text.isascii():
        return text
    for wide, narrow in NARROW:
        text = text.replace(wide, narrow)
    return unicodedata.normalize("NFKC", text)


def _framed(codes: Codes) -> Codes:
    """With a space at both ends; blanks and digits in a row become one."""
    framed = np.full(len(codes) + 2, SPACE, dtype=np.uint32)
    framed[1:-1] = codes
    kept = framed[1:] != framed[:-1]
    kept |= (framed[1:] != SPACE) & (framed[1:] != ZERO)
    kept[-1] = True
    return np.concatenate((framed[:1], framed[1:][kept]))


def _without_courtesy(text: str) -> str:
    """Up to three last sentences of thanks are left out, unless nothing else is there."""
    for _ in range(COURTESY_SENTENCES):
        tail = text[-COURTESY_CHARACTERS:]
        found = COURTESY.search(tail) if any(map(tail.__contains__, COURTEOUS)) else None
        if found is None or len(text) - len(tail) + found.start() == 0:
            return text
        text = text[: len(text) - len(tail) + found.start()]
    return text


def _without_labels(codes: Codes) -> Codes:
    """A colon takes with it what stands between it and the last stop, if that is as short as a label."""
    colons = codes == COLON
    if not colons.any():
        return codes
    kept, start = np.ones(len(codes), dtype=bool), 0
    for end in ((codes == STOP) | colons).nonzero()[0].tolist():
        if colons[end] and end - start <= LABEL_CHARACTERS:
            kept[start : end + 1] = False
        start = end + 1
    return codes[kept]
