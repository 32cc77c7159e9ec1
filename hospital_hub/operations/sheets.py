"""The figures of the operations page as small tables, from which its plots and its CSV files are made. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hospital_hub.inference.tables import Outcome
from hospital_hub.operations.usage import Cell, Speed
from hospital_hub.web.languages import marked

CALLS: Final = marked("Questions")
PROMPT: Final = marked("Tokens read")
COMPLETION: Final = marked("Tokens written")
COST: Final = marked("Cost")
MEDIAN: Final = marked("Median")
SLOW: Final = marked("95th percentile")
THOUSAND: Final = 1000

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.ANSWERED: marked("Answered"),
    Outcome.OPEN: marked("Under way"),
    Outcome.REFUSED: marked("Refused"),
    Outcome.FAILED: marked("Failed"),
    Outcome.CUT: marked("Broke off"),
    Outcome.ABANDONED: marked("Left"),
    Outcome.LOST: marked("Lost"),
}
REFUSALS: Final[Mapping[str, str]] = {
    "busy": marked("All busy"),
    "too_long": marked("Too long"),
    "down": marked("None running"),
}


@dataclass(frozen=True)
class Row:
    """`label` is a msgid where `Sheet.labels_are_texts`, else a name or a time."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """`title`, `about`, `first` and `columns` are msgids; the first `plotted` columns are drawn."""

    key: str
    title: str
    about: str
    first: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    plotted: int
    stacked: bool = False
    digits: int = 0
    labels_are_texts: bool = False

    @property
    def empty(self) -> bool:
        return not any(any(row.values) for row in self.rows)

    def shown(self, value: float) -> str:
        """For a person: whole numbers without a point, others with two places."""
        return f"{value:,.0f}" if self.digits == 0 and value == int(value) else f"{value:,.2f}"


@dataclass(frozen=True)
class Slice:
    start: datetime
    label: str


@dataclass(frozen=True)
class Figures:
    """What was counted, with the costs of the tiers in force."""

    cells: Sequence[Cell]
    speeds: Sequence[Speed]
    refusals: Sequence[tuple[str, int]]
    slices: Sequence[Slice]
    costs: Mapping[str, float]


def all_sheets(figures: Figures) -> tuple[Sheet, ...]:
    return (
        _tiers(figures),
        _outcomes(figures),
        *_speeds(figures),
        _usage(figures, "departments", title=marked("By department"), of=lambda cell: cell.department or "-"),
        _usage(figures, "tasks", title=marked("By task"), of=lambda cell: cell.task),
        _over_time(figures),
        _refusals(figures),
    )


def calls(cells: Iterable[Cell]) -> int:
    return sum(cell.calls for cell in cells)


def cost(cells: Iterable[Cell], costs: Mapping[str, float]) -> float:
    """In thousand tokens of the largest model."""
    return sum((cell.prompt_tokens + cell.completion_tokens) * costs.get(cell.tier, 0.0) / THOUSAND for cell in cells)


def _tiers(figures: Figures) -> Sheet:
    labels = tuple(figures.costs)
    rows = [
        Row(piece.label, tuple(calls(_at(figures, piece, tier=tier)) for tier in labels)) for piece in figures.slices
    ]
    return Sheet(
        key="tiers",
        title=marked("Questions by model"),
        about=marked("How many questions went to each of the three models."),
        first=marked("Time"),
        columns=labels,
        rows=tuple(rows),
        plotted=len(labels),
        stacked=True,
    )


def _at(figures: Figures, piece: Slice, *, tier: str) -> Iterable[Cell]:
    return (cell for cell in figures.cells if cell.start == piece.start and cell.tier == tier)


def _outcomes(figures: Figures) -> Sheet:
    rows = [
        Row(text, (calls(cell for cell in figures.cells if cell.outcome is outcome),))
        for outcome, text in OUTCOMES.items()
    ]
    return Sheet(
        key="outcomes",
        title=marked("Outcomes"),
        about=marked("What became of the questions."),
        first=marked("Outcome"),
        columns=(CALLS,),
        rows=tuple(rows),
        plotted=1,
        labels_are_texts=True,
    )


def _speeds(figures: Figures) -> tuple[Sheet, Sheet]:
    """Both in seconds."""
    order = {tier: position for position, tier in enumerate(figures.costs)}
    found = sorted(figures.speeds, key=lambda speed: order.get(speed.tier, len(order)))
    first = tuple(Row(speed.tier, (speed.first_median, speed.first_slow)) for speed in found)
    total = tuple(Row(speed.tier, (speed.total_median, speed.total_slow)) for speed in found)
    return (
        _seconds("first-token", marked("Time to the first word"), rows=first),
        _seconds("total-time", marked("Time to the whole answer"), rows=total),
    )


def _seconds(key: str, title: str, *, rows: tuple[Row, ...]) -> Sheet:
    return Sheet(
        key=key,
        title=title,
        about=marked("In seconds, of answers that came whole."),
        first=marked("Model"),
        columns=(MEDIAN, SLOW),
        rows=rows,
        plotted=2,
        digits=2,
    )


def _usage(figures: Figures, key: str, *, title: str, of: Callable[[Cell], str]) -> Sheet:
    groups: dict[str, list[Cell]] = {}
    for cell in figures.cells:
        groups.setdefault(of(cell), []).append(cell)
    rows = [_amounts(label, groups[label], costs=figures.costs) for label in sorted(groups)]
    return _amount_sheet(key, title, first=title, rows=tuple(rows))


def _over_time(figures: Figures) -> Sheet:
    rows = [
        _amounts(piece.label, [cell for cell in figures.cells if cell.start == piece.start], costs=figures.costs)
        for piece in figures.slices
    ]
    return _amount_sheet("usage", marked("Tokens over time"), first=marked("Time"), rows=tuple(rows))


def _amounts(label: str, found: Sequence[Cell], *, costs: Mapping[str, float]) -> Row:
    read = sum(cell.prompt_tokens for cell in found)
    written = sum(cell.completion_tokens for cell in found)
    return Row(label, (read, written, calls(found), round(cost(found, costs), 2)))


def _amount_sheet(key: str, title: str, *, first: str, rows: tuple[Row, ...]) -> Sheet:
    return Sheet(
        key=key,
        title=title,
        about=marked("Tokens read and written. Cost: thousand tokens of the largest model."),
        first=first,
        columns=(PROMPT, COMPLETION, CALLS, COST),
        rows=rows,
        plotted=2,
        stacked=True,
    )


def _refusals(figures: Figures) -> Sheet:
    rows = [Row(REFUSALS.get(code, code), (count,)) for code, count in figures.refusals]
    return Sheet(
        key="refusals",
        title=marked("Refusals"),
        about=marked("Why no model could take a question."),
        first=marked("Reason"),
        columns=(CALLS,),
        rows=tuple(rows),
        plotted=1,
        labels_are_texts=True,
    )
