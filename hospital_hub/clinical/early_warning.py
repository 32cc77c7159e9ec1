"""NEWS2 for adults and limits by age for children, from early_warning.toml.

A missing sign is named and never scored as normal. A partial score is a lower bound: more signs can only raise it.
Pure but for its own data file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal

from hospital_hub.clinical.vital_signs import Sign, VitalSigns

Zone = Literal["danger", "concern"]
ADULT: Final = 16
_AWAKE_GCS: Final = 15


@dataclass(frozen=True)
class Score:
    """`highest` is the most points of a single sign (three of one sign is a warning of its own)."""

    points: int
    highest: int
    missing: tuple[Sign, ...]

    @property
    def complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True)
class Outside:
    """A child's sign outside of its age's limits."""

    sign: Sign
    value: float
    zone: Zone
    limit: float


@dataclass(frozen=True)
class Tables:
    version: str
    news2: Mapping[str, Any]
    child: tuple[Mapping[str, Any], ...]


@lru_cache(maxsize=1)
def load_tables() -> Tables:
    document = tomllib.loads(resources.files("hospital_hub.clinical").joinpath("early_warning.toml").read_text("utf-8"))
    return Tables(document["version"], document["news2"], tuple(document["child"]))


def news2(signs: VitalSigns, tables: Tables | None = None) -> Score:
    """For persons from 16 years on who are not pregnant. Of several values the worst counts."""
    table = (tables or load_tables()).news2
    points: dict[Sign, int] = {}
    for name, rows in table["rows"].items():
        values = signs.values(Sign(name))
        if values:
            points[Sign(name)] = max(_points(value, rows) for value in values)
    if signs.has(Sign.CONSCIOUSNESS):
        points[Sign.CONSCIOUSNESS] = table["altered"] if altered(signs) else 0
    if signs.on_oxygen is not None:
        points[Sign.OXYGEN] = table["oxygen"] if signs.on_oxygen else 0
    expected = (*(Sign(name) for name in table["rows"]), Sign.CONSCIOUSNESS, Sign.OXYGEN)
    missing = tuple(sign for sign in expected if sign not in points)
    return Score(sum(points.values()), max(points.values(), default=0), missing)


def altered(signs: VitalSigns) -> bool:
    """Whether consciousness is known to be less than awake and oriented."""
    gcs = min(signs.values(Sign.GCS), default=_AWAKE_GCS)
    return signs.consciousness not in {None, "A"} or gcs < _AWAKE_GCS


def outside(signs: VitalSigns, *, age_years: float, tables: Tables | None = None) -> tuple[Outside, ...]:
    """A child's signs beyond the limits of its age; empty from 16 years on."""
    band = next(
        (band for band in (tables or load_tables()).child if band["age_from"] <= age_years < band["age_under"]), None
    )
    if band is None:
        return ()
    found = (
        _zone(one.sign, one.value, limits=band[one.sign.value]) for one in signs.measurements if one.sign.value in band
    )
    return tuple(one for one in found if one is not None)


def _zone(sign: Sign, value: float, *, limits: Mapping[str, float]) -> Outside | None:
    zones: tuple[Zone, ...] = ("danger", "concern")
    for zone in zones:
        above, below = limits.get(f"above_{zone}"), limits.get(f"below_{zone}")
        if above is not None and value > above:
            return Outside(sign, value, zone, above)
        if below is not None and value < below:
            return Outside(sign, value, zone, below)
    return None


def _points(value: float, rows: list[list[float]]) -> int:
    """Values between two rows belong to the row below them: 35.05 is measured as 35.0 or 35.1."""
    return int(next((points for _, high, points in rows if round(value, 1) <= high), rows[-1][2]))
