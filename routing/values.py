"""The values that routing takes and returns. All frozen; a decision carries every reason that made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum, StrEnum


class Tier(IntEnum):
    """Ordered by size, so that a floor is a comparison."""

    R1_32B = 1
    R1_70B = 2
    R1_671B = 3

    @property
    def label(self) -> str:
        """The name in models.toml and on the wire, e.g. `r1-70b`."""
        return LABELS[self]

    @classmethod
    def of(cls, label: str) -> "Tier":
        return cls[label.upper().replace("-", "_")]


LABELS: Mapping[Tier, str] = {tier: tier.name.lower().replace("_", "-") for tier in Tier}


class Task(StrEnum):
    TRIAGE = "triage"
    NOTE = "note"
    RESEARCH = "research"
    OPERATIONS = "operations"
    OTHER = "other"


class Lane(StrEnum):
    """Reserved room, most urgent first."""

    KIOSK = "kiosk"
    CLINICIAN = "clinician"
    STAFF = "staff"
    BATCH = "batch"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a request beside its text; with a Reading of the text it can be decided again without it.

    `surface` is the task when the caller's page already says it; `red_flags` are rule ids found by `clinical`.
    `context_tokens` is an upper estimate of the prompt, `answer_tokens` what the answer may need. `deadline` is in
    seconds from now. `second_opinion` says that the caller can ask two models and the arbiter.
    """

    lane: Lane
    context_tokens: int
    answer_tokens: int
    deadline: float
    surface: Task | None = None
    red_flags: tuple[str, ...] = ()
    minimum: Tier | None = None
    patient_data: bool = False
    second_opinion: bool = False


@dataclass(frozen=True, kw_only=True)
class Request(Facts):
    """The facts with the text, which is what the person said and not the prompt around it."""

    text: str

    def facts(self) -> Facts:
        return Facts(**{name: getattr(self, name) for name in FACTS})


FACTS = tuple(field.name for field in fields(Facts))


@dataclass(frozen=True)
class Need:
    """Probabilities: that a tier answers well, that it fails where the largest would not, that 32B and 70B differ."""

    well: Mapping[Tier, float]
    lost: Mapping[Tier, float]
    differ: float


@dataclass(frozen=True)
class Replica:
    """One server's state. None means unknown, which is never read as idle. `age` is in seconds."""

    name: str
    healthy: bool
    running: int | None = None
    waiting: int | None = None
    kv_use: float | None = None
    tokens_per_second: float | None = None
    age: float | None = None


@dataclass(frozen=True)
class TierView:
    """`max_inflight` is per replica; `patient_zone` says whether patient data may go there."""

    tier: Tier
    context_tokens: int
    max_inflight: int
    replicas: tuple[Replica, ...]
    patient_zone: bool = True
    cost: float = 1.0


@dataclass(frozen=True)
class Fleet:
    tiers: tuple[TierView, ...]

    def view(self, tier: Tier) -> TierView | None:
        return next((view for view in self.tiers if view.tier is tier), None)


@dataclass(frozen=True)
class Reason:
    """One step of a decision: `step` is task, filter, floor, need or room; `rule` is its id in the policy or code."""

    step: str
    rule: str
    detail: str


@dataclass(frozen=True)
class Trace:
    """How the decision came about, whole, for replay under another policy."""

    policy: str
    task: Task
    floor: Tier
    need: Mapping[str, float]
    reasons: tuple[Reason, ...]
    ruled_out: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, float] = field(default_factory=dict)
    features: Mapping[str, str] = field(default_factory=dict)
    room: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SecondOpinion:
    """`first` and `second` answer apart; where they do not agree (routing.agreement), the answer is the arbiter's."""

    first: Tier
    second: Tier
    arbiter: Tier


@dataclass(frozen=True)
class Decision:
    """`replicas` of `tier` in the order in which to try them; `fallbacks` may be asked before a first token.

    With `second_opinion` that plan answers; `tier` is what answers where it cannot be carried out.
    """

    tier: Tier
    replicas: tuple[str, ...]
    fallbacks: tuple[Tier, ...]
    trace: Trace
    second_opinion: SecondOpinion | None = None

    @property
    def reason(self) -> str:
        """One line for a header: the last rule of each step."""
        last: dict[str, str] = {}
        for reason in self.trace.reasons:
            last[reason.step] = reason.rule
        return " ".join(f"{step}={rule}" for step, rule in last.items())


@dataclass(frozen=True)
class Refusal:
    """Nothing allowed has room or is alive. `retry_after` in whole seconds; `code` is `busy`, `too_long` or `down`."""

    code: str
    retry_after: int
    trace: Trace
