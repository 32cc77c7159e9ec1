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
# A last sentence of courtesy says nothing about what is asked.
COURTESY = re.compile(
    r"(?:^|(?<=[.!?。！？\n]))[^.!?。！？\n]*"
    r"(?:thank|sorry|appreciated|cheers|have a (?:nice|good)|hope you|bother you|"
    r"[谢謝]|辛苦|打[扰擾]|麻[烦煩]您|麻[烦煩]你|不好意思)"
    r"[^.!?。！？\n]*[.!?。！？\s]*$"
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
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    small = _without_courtesy(plain.casefold())
    raw = np.frombuffer(small.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = TABLE[np.minimum(raw, BMP - 1)]
    codes = np.concatenate(([SPACE], _without_labels(codes))).astype(np.uint32)
    same = np.empty(len(codes), dtype=bool)
    same[0] = False
    same[1:] = (codes[1:] == codes[:-1]) & ((codes[1:] == SPACE) | (codes[1:] == ZERO))
    codes = np.append(codes[~same], np.uint32(SPACE))
    return Folded(codes, codes.tobytes().decode("utf-32-le", "replace"))


def _without_courtesy(text: str) -> str:
    """Up to three last sentences of thanks are left out, unless nothing else is there."""
    for _ in range(COURTESY_SENTENCES):
        tail = text[-COURTESY_CHARACTERS:]
        found = COURTESY.search(tail)
        if found is None or len(text) - len(tail) + found.start() == 0:
            return text
        text = text[: len(text) - len(tail) + found.start()]
    return text


def _without_labels(codes: Codes) -> Codes:
    """A colon takes with it what stands between it and the last stop, if that is as short as a label."""
    colons = np.flatnonzero(codes == COLON)
    if not len(colons):
        return codes
    stops = np.concatenate(([-1], np.flatnonzero((codes == STOP) | (codes == COLON))))
    starts = stops[np.searchsorted(stops, colons) - 1] + 1
    short = colons - starts <= LABEL_CHARACTERS
    edges = np.zeros(len(codes) + 1, dtype=np.int32)
    np.add.at(edges, starts[short], 1)
    np.add.at(edges, colons[short] + 1, -1)
    kept: Codes = codes[np.cumsum(edges[:-1]) == 0]
    return kept
