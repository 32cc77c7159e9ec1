"""Where the bars of the plot of answer times stand. Geometry only; words and colours are the template's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 220
TOP: Final = 24
BASE: Final = 180
GAP: Final = 12


@dataclass(frozen=True)
class Bar:
    """`bound` is the upper limit in seconds, None for everything slower."""

    x: int
    y: int
    width: int
    height: int
    count: int
    bound: int | None

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


def bars(counts: Sequence[int], *, bounds: Sequence[int]) -> tuple[Bar, ...]:
    """One bar a bound and one for what is slower; the tallest fills the height, an empty one is a line."""
    width = (WIDTH - GAP) // len(counts) - GAP
    tallest = max(counts, default=0)
    return tuple(
        _bar(number, count, width=width, tallest=tallest, bound=bounds[number] if number < len(bounds) else None)
        for number, count in enumerate(counts)
    )


def _bar(number: int, count: int, *, width: int, tallest: int, bound: int | None) -> Bar:
    height = max(1, round((BASE - TOP) * count / tallest)) if tallest else 1
    x = GAP + number * (width + GAP)
    return Bar(x=x, y=BASE - height, width=width, height=height, count=count, bound=bound)
