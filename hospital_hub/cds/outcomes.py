"""What became of the cards, counted by service and rule. About cards alone: no person stands beside them.

A card that people acted on more than once counts by what they did last.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.cds.tables import CdsCard, CdsFeedback
from hospital_hub.cds.wording import SYSTEM
from integrations.cds_hooks.feedback import Outcome

IN_WORDS: Final = "in-words"  # somebody wrote something and chose no reason
NO_REASON: Final = "no-reason"
OTHER: Final = "other"  # a code of the EMR's own: it could hold anything, so it is not shown


@dataclass(frozen=True)
class Told:
    """A card, and what the EMR told last; all empty where it told nothing."""

    service: str
    rule: str
    outcome: Outcome | None
    reason_system: str = ""
    reason_code: str = ""
    in_words: bool = False


@dataclass(frozen=True)
class CardCount:
    """The cards of one rule in one service; `reasons` are those for dismissing them, the most frequent first."""

    service: str
    rule: str
    shown: int
    accepted: int
    overridden: int
    reasons: tuple[tuple[str, int], ...]

    @property
    def unheard(self) -> int:
        return self.shown - self.accepted - self.overridden


async def told(session: AsyncSession, *, since: datetime) -> list[Told]:
    last = (
        select(CdsFeedback)
        .ext(distinct_on(col(CdsFeedback.card_id)))
        .order_by(col(CdsFeedback.card_id), col(CdsFeedback.at).desc(), col(CdsFeedback.id))
        .subquery()
        .c
    )
    found = await session.exec(
        select(  # type: ignore[call-overload]
            CdsCard.service,
            CdsCard.rule,
            last.outcome,
            last.reason_system,
            last.reason_code,
            last.comment.is_not(None),
        )
        .outerjoin(last.card_id.table, last.card_id == CdsCard.id)
        .where(col(CdsCard.at) >= since)
    )
    return [
        Told(service, rule, outcome, system or "", code or "", bool(in_words))
        for service, rule, outcome, system, code, in_words in found
    ]


def counted(found: Iterable[Told], *, known: frozenset[str]) -> list[CardCount]:
    """By service and rule; `known` are the reasons that the cards offer. Pure."""
    groups: dict[tuple[str, str], list[Told]] = {}
    for one in found:
        groups.setdefault((one.service, one.rule), []).append(one)
    return [_counted(*key, members=groups[key], known=known) for key in sorted(groups)]


def _counted(service: str, rule: str, *, members: list[Told], known: frozenset[str]) -> CardCount:
    outcomes = Counter(one.outcome for one in members)
    reasons = Counter(_reason(one, known) for one in members if one.outcome is Outcome.OVERRIDDEN)
    ordered = tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])))
    return CardCount(
        service, rule, len(members), outcomes[Outcome.ACCEPTED], outcomes[Outcome.OVERRIDDEN], reasons=ordered
    )


def _reason(one: Told, known: frozenset[str]) -> str:
    if not one.reason_code:
        return IN_WORDS if one.in_words else NO_REASON
    return one.reason_code if one.reason_system == f"{SYSTEM}:override" and one.reason_code in known else OTHER
