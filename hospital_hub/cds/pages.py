"""For operations: how often the cards of each hook were accepted or dismissed, and why. Never by whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hospital_hub.cds.catalogue import Catalogue, catalogue
from hospital_hub.cds.outcomes import IN_WORDS, NO_REASON, OTHER, CardCount, counted, told
from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.languages import Language, gettext_for, language_of, marked
from hospital_hub.web.templates import render

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(Guard(Action.OPERATIONS_READ))]
# Not longer: cards of which nobody told anything are kept for thirty days.
DAYS: Final[Mapping[str, int]] = {"day": 1, "week": 7, "month": 30}
PERIODS: Final[Mapping[str, str]] = {
    "day": marked("Last 24 hours"),
    "week": marked("Last 7 days"),
    "month": marked("Last 30 days"),
}
_REASONS: Final[Mapping[str, str]] = {
    IN_WORDS: marked("In words only"),
    NO_REASON: marked("No reason given"),
    OTHER: marked("A reason of the EMR's own"),
}


@dataclass(frozen=True)
class Line:
    """A row of the table: `card` and `reasons` in words; a share is a part of 100 of the cards that were shown."""

    hook: str
    card: str
    count: CardCount
    reasons: tuple[tuple[str, int], ...]

    def share(self, cards: int) -> float:
        return round(100 * cards / self.count.shown, 1)


@router.get("/cds/outcomes", name="cds_outcomes")
async def outcomes(request: Request, _who: Reader, period: Literal["day", "week", "month"] = "month") -> Response:
    book, resources = catalogue(), resources_of(request)
    async with resources.database.work() as session:
        found = await told(session, since=utc_now() - timedelta(days=DAYS[period]))
    counts = counted(found, known=frozenset(book.overrides))
    lines = [_line(one, book, language=language_of(request)) for one in counts]
    return render(request, "cds/outcomes.html", context={"lines": lines, "periods": PERIODS, "chosen": period})


def _line(count: CardCount, book: Catalogue, *, language: Language) -> Line:
    """A service or rule that is there no more keeps its name of old."""
    service, rule = book.of(count.service), book.rule.get(count.rule)
    said = gettext_for(language)

    def reason(code: str) -> str:
        return book.overrides[code].said(language) if code in book.overrides else said(_REASONS[code])

    return Line(
        hook=service.hook if service else count.service,
        card=rule.title.said(language) if rule else count.rule,
        count=count,
        reasons=tuple((reason(code), number) for code, number in count.reasons),
    )
