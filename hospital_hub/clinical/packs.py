"""Rule packs: a site's standard as data (packs/*.toml): thresholds, scores, time limits. One pack decides at a site.

Every threshold is tried for every value read; any one highest indicator decides. Unknown age is taken as an adult's.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language
from hospital_hub.clinical.vital_signs import Sign

PACKS: Final[Mapping[str, str]] = {"cn-2018": "cn_2018.toml", "esi": "esi.toml"}
DEFAULT_PACK: Final = "cn-2018"
_COMPARISONS: Final = ("above", "at_least", "below", "at_most")


class PackError(ValueError):
    """The pack is unknown or its file is not usable; the message names it."""


@dataclass(frozen=True)
class Threshold:
    """One edge of one sign, and the level beyond it."""

    id: str
    sign: Sign
    comparison: str
    edge: float
    level: Level
    source: str
    age_from: float | None = None
    age_under: float | None = None
    unless_minor: bool = False
    systems: frozenset[str] = frozenset()  # complaints of one of these, or none at all; empty are all
    to_be_confirmed: bool = False

    def met(self, value: float) -> bool:
        if self.comparison == "above":
            return value > self.edge
        if self.comparison == "at_least":
            return value >= self.edge
        if self.comparison == "below":
            return value < self.edge
        return value <= self.edge

    def concerns(self, systems: frozenset[str]) -> bool:
        return not self.systems or not systems or bool(self.systems & systems)

    def fits(self, age_years: float | None) -> bool:
        if age_years is None:
            return self.age_under is None
        return (self.age_from is None or age_years >= self.age_from) and (
            self.age_under is None or age_years < self.age_under
        )


@dataclass(frozen=True)
class ScoreStep:
    """NEWS2 in sum `at_least`, or of a `single` sign."""

    level: Level
    at_least: int | None = None
    single: int | None = None


@dataclass(frozen=True)
class Pack:
    id: str
    version: str
    title: Mapping[Language, str]
    source: str
    thresholds: tuple[Threshold, ...]
    news2: tuple[ScoreStep, ...]
    child: Mapping[str, Level]
    minutes: Mapping[Level, int]
    resources_decide: bool
    to_be_confirmed: tuple[str, ...]


@lru_cache(maxsize=8)
def load_pack(name: str) -> Pack:
    """The packaged pack of this id.

    Raises:
        PackError: there is no such pack, or it was changed into something unusable.
    """
    if name not in PACKS:
        raise PackError(f"there is no rule pack {name}; known are {', '.join(PACKS)}")
    text = resources.files("hospital_hub.clinical").joinpath("packs", PACKS[name]).read_text("utf-8")
    return parse_pack(text)


def parse_pack(source: str) -> Pack:
    """Raises: PackError naming what cannot be read."""
    try:
        document = tomllib.loads(source)
        thresholds = tuple(_threshold(block, document["source"]) for block in document["threshold"])
        if len({one.id for one in thresholds}) < len(thresholds):
            raise PackError("two thresholds have the same id")
        return Pack(
            id=document["id"],
            version=document["version"],
            title={"zh-CN": document["title"][0], "en": document["title"][1]},
            source=document["source"],
            thresholds=thresholds,
            news2=tuple(
                ScoreStep(Level(step["level"]), step.get("at_least"), step.get("single"))
                for step in document["score"]["news2"]
            ),
            child={zone: Level(document["child"][zone]) for zone in ("danger", "concern")},
            minutes={level: document["limits"][level.name] for level in Level},
            resources_decide=document["resources_decide"],
            to_be_confirmed=_open_points(document, thresholds),
        )
    except (KeyError, ValueError, TypeError) as wrong:
        raise PackError(f"rule pack: {wrong}") from wrong


def _threshold(block: Mapping[str, Any], source: str) -> Threshold:
    comparisons = [name for name in _COMPARISONS if name in block]
    if len(comparisons) != 1:
        raise PackError(f"threshold {block.get('id', '?')}: exactly one of {', '.join(_COMPARISONS)}")
    return Threshold(
        id=block["id"],
        sign=Sign(block["sign"]),
        comparison=comparisons[0],
        edge=block[comparisons[0]],
        level=Level(block["level"]),
        source=block.get("source", source),
        age_from=block.get("age_from"),
        age_under=block.get("age_under"),
        unless_minor=block.get("unless_minor", False),
        systems=frozenset(block.get("systems", ())),
        to_be_confirmed=block.get("to_be_confirmed", False),
    )


def _open_points(document: Mapping[str, Any], thresholds: tuple[Threshold, ...]) -> tuple[str, ...]:
    """What a clinician of the site has to confirm."""
    limits = [f"limit-{name}" for name in document["limits"].get("to_be_confirmed", ())]
    parts = [name for name in ("score", "child") if document[name].get("to_be_confirmed")]
    return (*(one.id for one in thresholds if one.to_be_confirmed), *limits, *parts)
