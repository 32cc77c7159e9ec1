"""Live decisions against those of a shadow: counted by the database, compared by pure rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import case, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.inference.tables import ModelCall
from routing import Tier

REFUSED: Final = "refused"
FAILED: Final = "failed"  # the shadow raised
SIZES: Final[Mapping[str, int]] = {tier.label: tier for tier in Tier}


@dataclass(frozen=True)
class Choice:
    """`tier` is a label, `refused` or `failed`."""

    tier: str
    second_opinion: bool = False

    @property
    def label(self) -> str:
        return f"{self.tier}, second opinion" if self.second_opinion else self.tier


@dataclass(frozen=True)
class Pair:
    """So many decisions came out like this under the two policies, which are named by their versions."""

    policies: tuple[str, str]
    live: Choice
    shadow: Choice
    calls: int


async def pairs(session: AsyncSession, *, since: datetime) -> list[Pair]:
    """Decisions that a shadow looked at, the most frequent pair first."""
    live, shadow = col(ModelCall.decision), col(ModelCall.shadow)
    nothing = case((shadow["failed"].as_string().is_not(None), FAILED), else_=REFUSED)
    seen = select(
        col(ModelCall.policy).label("live_policy"),
        shadow["policy"].as_string().label("shadow_policy"),
        func.coalesce(live["tier"].as_string(), REFUSED).label("live_tier"),
        live["second_opinion"].as_string().is_not(None).label("live_second"),
        func.coalesce(shadow["tier"].as_string(), nothing).label("shadow_tier"),
        (shadow["second_opinion"].as_string() == "true").is_(True).label("shadow_second"),  # type: ignore[call-overload]
    )
    kept = seen.where(col(ModelCall.at) >= since, shadow.is_not(None)).subquery()
    counted = func.count().label("calls")
    found = await session.exec(select(*kept.c, counted).group_by(*kept.c).order_by(counted.desc(), *kept.c))  # type: ignore[call-overload]
    return [Pair((row[0], row[1]), Choice(row[2], row[3]), Choice(row[4], row[5]), row[6]) for row in found]


@dataclass(frozen=True)
class Comparison:
    """`same` counts decisions alike in tier and second opinion; `up` and `down` those that another size would answer.

    `shares` has each choice with its share under the live policy and under the shadow.
    """

    policies: tuple[str, str]
    calls: int
    same: int
    up: int
    down: int
    shares: Mapping[str, tuple[float, float]]


def compared(found: Iterable[Pair]) -> list[Comparison]:
    """One comparison for each pair of policies, by their versions."""
    by_policies: dict[tuple[str, str], list[Pair]] = {}
    for pair in found:
        by_policies.setdefault(pair.policies, []).append(pair)
    return [_comparison(policies, some) for policies, some in sorted(by_policies.items())]


def _comparison(policies: tuple[str, str], some: list[Pair]) -> Comparison:
    calls = sum(pair.calls for pair in some)
    labels = sorted({choice.label for pair in some for choice in (pair.live, pair.shadow)})
    return Comparison(
        policies,
        calls=calls,
        same=sum(pair.calls for pair in some if pair.live == pair.shadow),
        up=sum(pair.calls for pair in some if _move(pair) > 0),
        down=sum(pair.calls for pair in some if _move(pair) < 0),
        shares={
            label: (
                sum(pair.calls for pair in some if pair.live.label == label) / calls,
                sum(pair.calls for pair in some if pair.shadow.label == label) / calls,
            )
            for label in labels
        },
    )


def _move(pair: Pair) -> int:
    """How many sizes larger the shadow's choice is; no move where either has none."""
    live, shadow = SIZES.get(pair.live.tier), SIZES.get(pair.shadow.tier)
    return 0 if live is None or shadow is None else shadow - live
