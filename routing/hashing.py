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
    rolled = _rolled(codes.astype(np.uint64))
    words = _words(codes, rolled[2])
    hashes = [rolled[length] + np.uint64(length) for length in rolled]
    hashes += [words + WORD_SEED, words[:-1] * BASE + words[1:]]
    mixed = np.concatenate(hashes) * FINISH
    mixed >>= np.uint64(64 - BITS)
    counts = np.bincount(mixed.view(np.int64), minlength=SIZE)
    positions = (counts > 0).nonzero()[0]
    return positions, DAMPED.take(counts.take(positions), mode="clip")


def _rolled(wide: npt.NDArray[np.uint64]) -> dict[int, npt.NDArray[np.uint64]]:
    """By length, one hash for each gram; a longer one goes on from the shorter."""
    rolled, total = {}, wide
    for length in range(2, max(CHARACTER_GRAMS) + 1):
        total = total[:-1] * BASE
        total += wide[length - 1 :]
        rolled[length] = total
    return {length: rolled[length] for length in CHARACTER_GRAMS}


def _words(codes: Codes, pairs: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One hash for each run of letters and digits: the sum of the mixed pairs of characters that begin in it."""
    inside = LETTERS.take(codes, mode="clip")
    starts = (inside[1:] > inside[:-1]).nonzero()[0] + 1
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    mixed = pairs * FINISH
    mixed ^= mixed >> np.uint64(29)
    mixed *= inside[:-1]
    return np.add.reduceat(mixed, starts)
