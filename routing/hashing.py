"""Hashed character and word n-grams of a folded text, as sorted positions with damped counts."""

import numpy as np
import numpy.typing as npt

from routing.folding import ZERO, Codes

BITS = 15
SIZE = 1 << BITS
CHARACTER_GRAMS = (2, 3, 5)
WORD_SEED = np.uint64(97)
# Odd 64-bit constants; multiplication by them wraps, and the high bits of the product are well mixed.
BASE = np.uint64(0x9E3779B97F4A7C15)
FINISH = np.uint64(0xD6E8FEB86659FD93)
WIDE_FROM = 0x2E80
LETTERS = np.zeros(WIDE_FROM + 1, dtype=bool)
LETTERS[ord("a") : WIDE_FROM] = True
LETTERS[ZERO] = True
DAMPED = (1 + np.log(np.maximum(np.arange(256), 1))).astype(np.float32)

Positions = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]


def grams(codes: Codes) -> tuple[Positions, Values]:
    """Positions below SIZE, ascending and each once, with 1 + log(count)."""
    wide = codes.astype(np.uint64)
    rolled = {length: _rolling(wide, length) for length in CHARACTER_GRAMS if len(wide) >= length}
    words = _words(codes, rolled[2])
    hashes = [rolled[length] + np.uint64(length) for length in rolled]
    hashes += [words + WORD_SEED, words[:-1] * BASE + words[1:]]
    mixed = np.concatenate(hashes) * FINISH
    mixed >>= np.uint64(64 - BITS)
    counts = np.bincount(mixed.view(np.int64), minlength=SIZE)
    positions = np.flatnonzero(counts)
    return positions, DAMPED[np.minimum(counts[positions], len(DAMPED) - 1)]


def _rolling(wide: npt.NDArray[np.uint64], length: int) -> npt.NDArray[np.uint64]:
    count = len(wide) - length + 1
    total = wide[:count].copy()
    for step in range(1, length):
        total *= BASE
        total += wide[step : count + step]
    return total


def _words(codes: Codes, pairs: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One hash for each run of letters and digits: the sum of the mixed pairs of characters that begin in it."""
    inside = LETTERS[np.minimum(codes, len(LETTERS) - 1)]
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts = edges[::2]
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    mixed = pairs * FINISH
    mixed ^= mixed >> np.uint64(29)
    mixed *= inside[:-1]
    return np.add.reduceat(mixed, starts)
