"""The sparse vector of a text: hashed grams weighed by rarity and scaled to length one, then the table's features."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.features import NAMES, found_in
from routing.folding import Folded, fold
from routing.hashing import SIZE, grams

WIDTH = SIZE + len(NAMES)
# A feature of the table weighs little beside the whole text, whose length is one: it explains, the grams decide.
TABLE_WEIGHT = np.float32(0.15)
PLACE = {name: SIZE + index for index, name in enumerate(NAMES)}

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Vector:
    positions: npt.NDArray[np.int64]
    values: Floats


def counts(folded: Folded) -> Vector:
    """Damped counts, not yet weighed or scaled."""
    return Vector(*grams(folded.codes))


def vector(folded: Folded, rarity: Floats, *, shown: Mapping[str, tuple[str, ...]]) -> Vector:
    """What the models read.

    `rarity` is the inverse document frequency of each position below SIZE, `shown` the table's features.
    """
    plain = counts(folded)
    weighed = plain.values * rarity.take(plain.positions)
    length = np.sqrt(weighed @ weighed)
    scaled = weighed / (length if length > 0 else np.float32(1))
    places = np.array([PLACE[name] for name in shown], dtype=np.int64)
    table = TABLE_WEIGHT * np.sqrt(np.array([len(terms) for terms in shown.values()], dtype=np.float32))
    return Vector(np.concatenate((plain.positions, places)), np.concatenate((scaled, table)))


def vector_of(text: str, rarity: Floats) -> Vector:
    """From the bare text."""
    folded = fold(text)
    return vector(folded, rarity, shown=found_in(folded))
