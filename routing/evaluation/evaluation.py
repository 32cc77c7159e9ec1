"""All figures of one evaluation as one value, from which the table, the JSON and the report are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from routing.evaluation.calibration import Calibration
from routing.evaluation.curve import Point
from routing.evaluation.drift import Drift
from routing.evaluation.quality import Quality
from routing.evaluation.tasks import TaskFigures

Ways = Mapping[str, float]


@dataclass(frozen=True)
class Seen:
    """Outcomes of one kind, 0 to 1: of all answers, and of those that the policy would have given the same way."""

    kind: str
    count: int
    mean: float
    same_count: int
    same_mean: float | None


@dataclass(frozen=True)
class PolicyFigures:
    """What one policy does; what cannot be known of the traffic stays empty.

    `ways` are shares of the ways to answer, over all and by task with the number of requests. `quality` is by mode
    (single, with second opinions), `by_set` by mode and set. Of stored traffic `cost` a question and `large` (the
    671B's share) are expected ones, and `same` is the share of the decisions that come out the same way.
    """

    name: str
    ways: Ways
    ways_by_task: Mapping[str, tuple[int, Ways]]
    cost: float | None = None
    large: float | None = None
    quality: Mapping[str, Quality] = field(default_factory=dict)
    by_set: Mapping[str, Mapping[str, Quality]] = field(default_factory=dict)
    tasks: TaskFigures | None = None
    curve: tuple[Point, ...] = ()
    opinions: tuple[Point, ...] = ()
    refusals: Mapping[str, int] = field(default_factory=dict)
    same: float | None = None
    outcomes: tuple[Seen, ...] = ()


@dataclass(frozen=True)
class Latency:
    """Of the answers of one tier, in milliseconds: median and 95th percentile of the first token and of the whole."""

    tier: str
    answers: int
    first_token: tuple[float, float] | None
    total: tuple[float, float] | None


@dataclass(frozen=True)
class Evaluation:
    """`notes` say what a reader must know before trusting a figure."""

    requests: int
    policies: tuple[PolicyFigures, ...]
    traffic: str = ""
    models: str = ""
    notes: tuple[str, ...] = ()
    references: Mapping[str, Point] = field(default_factory=dict)
    need: Mapping[str, Calibration] = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    latency: tuple[Latency, ...] = ()
