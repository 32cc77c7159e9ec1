"""The three models as data: models.toml, validated, with the demonstration model in their place where one is set."""

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hospital_hub.errors import WrongSetup

DEMONSTRATION_REPLICA = "demonstration"


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sampling(_Block):
    temperature: float = Field(ge=0, le=2)
    top_p: float = Field(gt=0, le=1)


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


class TierEntry(_Block):
    """One tier. `cost` is relative to the largest; `serve` holds the arguments of `vllm serve`."""

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
    clocks: TierClocks
    replicas: tuple[ReplicaEntry, ...] = Field(min_length=1)
    serve: dict[str, str | int | float | bool]


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
        "replicas": (ReplicaEntry(name=DEMONSTRATION_REPLICA, url=url),),
    }
    tiers = {label: entry.model_copy(update=changes) for label, entry in registry.tiers.items()}
    return registry.model_copy(update={"tiers": tiers, "notice": demonstration.notice})
