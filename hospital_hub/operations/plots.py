"""A sheet as bars: where each rectangle stands in a drawing of fixed size. Pure; a template draws it."""

import math
from dataclasses import dataclass
from typing import Final

from hospital_hub.operations.sheets import Sheet

WIDTH: Final = 640
HEIGHT: Final = 260
LEFT: Final = 64
BOTTOM: Final = 40
TOP: Final = 12
PLOT_WIDTH: Final = WIDTH - LEFT - 8
PLOT_HEIGHT: Final = HEIGHT - TOP - BOTTOM
TICKS: Final = 4
MOST_LABELS: Final = 8
SHARE_OF_SLOT: Final = 0.7
SMALLEST: Final = 1e-6
ROUND: Final = (1.2, 1.6, 2, 4, 6, 8, 12)


@dataclass(frozen=True)
class Bar:
    """`series` is the index of the column."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True)
class Mark:
    """A word at an axis: `at` is x below the plot, y beside it."""

    at: float
    text: str


@dataclass(frozen=True)
class Drawing:
    bars: tuple[Bar, ...]
    ticks: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    series: tuple[str, ...]


def draw(sheet: Sheet) -> Drawing:
    """All series of a row side by side, or one upon the other."""
    top = ceiling(max((_height(sheet, row.values) for row in sheet.rows), default=0.0), whole=sheet.digits == 0)
    slot = PLOT_WIDTH / max(len(sheet.rows), 1)
    bars = tuple(
        bar
        for position, row in enumerate(sheet.rows)
        for bar in _bars(
            row.values[: sheet.plotted], at=LEFT + position * slot, slot=slot, top=_Scale(top, sheet.stacked)
        )
    )
    every = math.ceil(len(sheet.rows) / MOST_LABELS)
    labels = tuple(
        Mark(round(LEFT + (position + 0.5) * slot, 1), row.label)
        for position, row in enumerate(sheet.rows)
        if position % every == 0
    )
    return Drawing(bars, _ticks(top), labels, sheet.columns[: sheet.plotted])


def ceiling(value: float, *, whole: bool) -> float:
    """A round number at or above `value` whose quarters read well, and are whole where the values are."""
    if whole and value <= TICKS * TICKS:
        return float(TICKS * max(math.ceil(value / TICKS), 1))
    if value < SMALLEST:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in ROUND if step * power >= value)


@dataclass(frozen=True)
class _Scale:
    top: float
    stacked: bool

    def of(self, value: float) -> float:
        return round(value / self.top * PLOT_HEIGHT, 1)


def _height(sheet: Sheet, values: tuple[float, ...]) -> float:
    shown = values[: sheet.plotted]
    return sum(shown) if sheet.stacked else max(shown, default=0.0)


def _bars(values: tuple[float, ...], *, at: float, slot: float, top: _Scale) -> list[Bar]:
    inner = slot * SHARE_OF_SLOT
    width = inner if top.stacked else inner / max(len(values), 1)
    floor = float(TOP + PLOT_HEIGHT)
    bars = []
    for series, value in enumerate(values):
        height = top.of(value)
        x = at + (slot - inner) / 2 + (0.0 if top.stacked else series * width)
        if height > 0:
            bars.append(Bar(round(x, 1), round(floor - height, 1), round(width, 1), height, series))
        floor -= height if top.stacked else 0.0
    return bars


def _ticks(top: float) -> tuple[Mark, ...]:
    return tuple(
        Mark(round(TOP + PLOT_HEIGHT * (1 - step / TICKS), 1), _number(top * step / TICKS)) for step in range(TICKS + 1)
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"
