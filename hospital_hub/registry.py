"""The three models as data: models.toml, validated, with the demonstration model in their place where one is set."""

import math
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hospital_hub.errors import WrongSetup

DEMONSTRATION_REPLICA = "demonstration"
PARALLEL = ("tensor", "pipeline", "data")


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sampling(_Block):
    """What the model's card says, and between which temperatures a caller may wish another."""

    temperature: float = Field(ge=0, le=2)
    top_p: float = Field(gt=0, le=1)
    temperature_least: float = Field(default=0, ge=0, le=2)
    temperature_most: float = Field(default=2, ge=0, le=2)


class Thinking(_Block):
    """The most tokens that the model may think, by lane; the answer's own tokens come on top."""

    kiosk: int = Field(gt=0)
    clinician: int = Field(gt=0)
    staff: int = Field(gt=0)
    batch: int = Field(gt=0)


class Repetition(_Block):
    """A pattern of so many tokens, so many times over, is a loop: the server ends the answer."""

    min_pattern_size: int = Field(gt=0)
    max_pattern_size: int = Field(gt=0)
    min_count: int = Field(ge=2)


class TierClocks(_Block):
    """Seconds."""

    connect: float = Field(gt=0)
    first_token: float = Field(gt=0)
    between: float = Field(gt=0)
    total: float = Field(gt=0)


class ReplicaEntry(_Block):
    name: str
    url: str = Field(pattern=r"^https?://.+/v1$")
    patient_zone: bool = True


ServeValue = str | int | float | bool | dict[str, str | int | float | bool]


class Ascend(_Block):
    """The same tier on Ascend cards: other weights, other arguments, the same name and reasoning parser."""

    model: str
    cards: int = Field(gt=0)
    serve: dict[str, ServeValue]


class TierEntry(_Block):
    """One tier. `cost` is relative to the largest; `serve` holds the arguments of `vllm serve`.

    `thinking` and `repetition` are None where the server does not take such limits.
    """

    model: str
    served_name: str
    work: str
    context_tokens: int = Field(gt=0)
    gpus: int = Field(gt=0)
    cost: float = Field(gt=0)
    reasoning_parser: str
    system_turn: bool
    max_inflight: int = Field(gt=0)
    sampling: Sampling
    thinking: Thinking | None = None
    repetition: Repetition | None = None
    clocks: TierClocks
    replicas: tuple[ReplicaEntry, ...] = Field(min_length=1)
    serve: dict[str, ServeValue]
    ascend: Ascend | None = None

    @property
    def takes_priority(self) -> bool:
        """A priority other than 0 is an error unless the server schedules by it."""
        return self.serve.get("scheduling_policy") == "priority"

    @model_validator(mode="after")
    def _serves_what_it_promises(self) -> Self:
        _check_serve(self.serve, cards=self.gpus, context=self.context_tokens)
        if self.ascend is not None:
            _check_serve(self.ascend.serve, cards=self.ascend.cards, context=self.context_tokens)
        return self


def _check_serve(serve: Mapping[str, ServeValue], *, cards: int, context: int) -> None:
    if _count(serve, "max_model_len", default=context) < context:
        raise ValueError(f"max_model_len of the server must be at least context_tokens, {context}")
    held = math.prod(_count(serve, f"{kind}_parallel_size", default=1) for kind in PARALLEL)
    if held != cards:
        raise ValueError(f"tensor, pipeline and data parallel sizes hold {held} cards, not {cards}")


def _count(serve: Mapping[str, ServeValue], name: str, *, default: int) -> int:
    value = serve.get(name, default)
    if not isinstance(value, int):
        raise ValueError(f"{name} must be a whole number")  # noqa: TRY004 - what pydantic turns into its error
    return value


class Demonstration(_Block):
    model: str
    licence: str
    context_tokens: int = Field(gt=0)
    system_turn: bool
    max_inflight: int = Field(gt=0)
    notice: str
    clocks: TierClocks


class Registry(_Block):
    """What the hub knows of its models. `notice` is empty with real weights and stands on every answer otherwise."""

    version: str
    tiers: Mapping[str, TierEntry]
    notice: str = ""

    @classmethod
    def parse(cls, document: Mapping[str, Any], *, model_url: str = "") -> Self:
        """Validate the document; with `model_url`, every tier is answered there by the demonstration model.

        Raises:
            WrongSetup: naming the first place in models.toml that is not usable.
        """
        rest = dict(document)
        try:
            demonstration = Demonstration.model_validate(rest.pop("demonstration"))
            registry = cls.model_validate(rest)
        except KeyError as missing:
            raise WrongSetup(f"models.toml lacks the block {missing}") from missing
        except ValidationError as wrong:
            first = wrong.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise WrongSetup(f"models.toml, {place}: {first['msg']}") from wrong
        return _played(registry, demonstration, url=model_url) if model_url else registry


_R = TypeVar("_R", bound=Registry)


def _played(registry: _R, demonstration: Demonstration, *, url: str) -> _R:
    changes = {
        "model": demonstration.model,
        "context_tokens": demonstration.context_tokens,
        "system_turn": demonstration.system_turn,
        "max_inflight": demonstration.max_inflight,
        "clocks": demonstration.clocks,
        "thinking": None,
        "repetition": None,
        "serve": {},
        "ascend": None,
        "replicas": (ReplicaEntry(name=DEMONSTRATION_REPLICA, url=url),),
    }
    tiers = {label: entry.model_copy(update=changes) for label, entry in registry.tiers.items()}
    return registry.model_copy(update={"tiers": tiers, "notice": demonstration.notice})
