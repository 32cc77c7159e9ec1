"""The order in which the operations page is put together: one read of the database, one look at the fleet."""

from dataclasses import dataclass
from datetime import datetime

from hospital_hub.inference.ask import Models
from hospital_hub.inference.tables import ModelCall, Outcome
from hospital_hub.operations import usage
from hospital_hub.operations.period import Period, label, starts
from hospital_hub.operations.queue import QueueState, queue_state
from hospital_hub.operations.sheets import Figures, Sheet, Slice, all_sheets, calls
from hospital_hub.registry import Registry
from hospital_hub.resources import Resources
from routing import Replica


@dataclass(frozen=True)
class Tiles:
    """`small_share` is the part of 100 that the smallest model took; `slow_first` in seconds, None without answers."""

    questions: int
    small_share: int
    slow_first: float | None
    refused: int


@dataclass(frozen=True)
class Overview:
    tiles: Tiles
    sheets: tuple[Sheet, ...]
    queue: QueueState
    recent: list[ModelCall]


@dataclass(frozen=True)
class Server:
    """A replica as it says of itself; None where it does not tell."""

    tier: str
    model: str
    places: int
    replica: Replica


async def overview(resources: Resources, period: Period, *, now: datetime) -> Overview:
    figures, queue, recent = await _read(resources, period, now=now)
    return Overview(_tiles(figures), all_sheets(figures), queue, recent)


async def one_sheet(resources: Resources, period: Period, *, key: str, now: datetime) -> Sheet | None:
    figures, _, _ = await _read(resources, period, now=now)
    return next((sheet for sheet in all_sheets(figures) if sheet.key == key), None)


def servers(models: Models, *, now: float) -> list[Server]:
    """`now` by the event loop's clock."""
    tiers = models.registry.tiers
    return [
        Server(view.tier.label, tiers[view.tier.label].model, view.max_inflight, replica)
        for view in models.fleet.snapshot(now).tiers
        for replica in view.replicas
    ]


async def _read(resources: Resources, period: Period, *, now: datetime) -> tuple[Figures, QueueState, list[ModelCall]]:
    slices = starts(period, now)
    since = slices[0]
    async with resources.database.work() as session:
        figures = Figures(
            cells=await usage.cells(session, since=since, slice_=period.slice),
            speeds=await usage.speeds(session, since=since),
            refusals=await usage.refusals(session, since=since),
            slices=[Slice(start, label(start, period)) for start in slices],
            costs=_costs(resources.registry),
        )
        return figures, await queue_state(session), await usage.recent(session)


def _costs(registry: Registry) -> dict[str, float]:
    return {name: entry.cost for name, entry in registry.tiers.items()}


def _tiles(figures: Figures) -> Tiles:
    smallest = min(figures.costs, key=lambda name: figures.costs[name])
    questions = calls(figures.cells)
    placed = calls(cell for cell in figures.cells if cell.tier)
    small = calls(cell for cell in figures.cells if cell.tier == smallest)
    return Tiles(
        questions=questions,
        small_share=round(100 * small / placed) if placed else 0,
        slow_first=max((speed.first_slow for speed in figures.speeds), default=None),
        refused=calls(cell for cell in figures.cells if cell.outcome is Outcome.REFUSED),
    )
