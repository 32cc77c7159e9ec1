"""Of what time a page of figures tells: a span cut into equal slices, which begin at whole hours of the hospital."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from hospital_hub.web.languages import marked

HOSPITAL_TIME: Final = timezone(timedelta(hours=8))
# Slices are counted from a Monday at midnight, hospital time.
ORIGIN: Final = datetime(2024, 1, 1, tzinfo=HOSPITAL_TIME)
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """`title` is a msgid."""

    key: str
    title: str
    slice: timedelta
    slices: int


PERIODS: Final[Mapping[str, Period]] = {
    period.key: period
    for period in (
        Period("hour", marked("Last hour"), timedelta(minutes=5), 12),
        Period("day", marked("Last 24 hours"), timedelta(hours=2), 12),
        Period("week", marked("Last 7 days"), ONE_DAY, 7),
        Period("month", marked("Last 30 days"), ONE_DAY, 30),
    )
}


def starts(period: Period, now: datetime) -> tuple[datetime, ...]:
    """Where each slice begins; `now` lies in the last one."""
    last = ORIGIN + ((now - ORIGIN) // period.slice) * period.slice
    return tuple(last - period.slice * back for back in reversed(range(period.slices)))


def label(start: datetime, period: Period) -> str:
    """`14:05`, or `03-05` where a slice is a day."""
    return start.astimezone(HOSPITAL_TIME).strftime("%m-%d" if period.slice >= ONE_DAY else "%H:%M")
