"""The routing policy as a validated value. Changing what the router does is changing policy.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from routing.values import Task, Tier

SHARES = ("full_at", "large_cap", "batch_full_at")


class PolicyError(ValueError):
    """The policy file is not usable; the message names the place."""


@dataclass(frozen=True)
class Room:
    """Shares are of a tier's `max_inflight`, times in seconds."""

    stale_seconds: float
    full_at: float
    large_cap: float
    batch_full_at: float
    answer_seconds: float


@dataclass(frozen=True)
class Policy:
    version: str
    task_floor: Mapping[Task, Tier]
    red_flag_floor: Tier
    clinical_floor: Tier
    need: Mapping[str, float]
    bar: Mapping[Tier, float]
    room: Room


def load_policy(text: str | None = None) -> Policy:
    """Parse a policy; the packaged one when no text is given.

    Raises:
        PolicyError: a key is missing, unknown, or out of its range.
    """
    source = text if text is not None else resources.files("routing").joinpath("policy.toml").read_text("utf-8")
    try:
        return _policy(tomllib.loads(source))
    except tomllib.TOMLDecodeError as wrong:
        raise PolicyError(f"policy.toml is not TOML: {wrong}") from wrong
    except KeyError as missing:
        raise PolicyError(f"policy.toml lacks {missing}, or names a tier or task that does not exist") from missing
    except TypeError as wrong:
        raise PolicyError(f"policy.toml has a value of the wrong kind or an unknown key: {wrong}") from wrong


def _policy(document: Mapping[str, Any]) -> Policy:
    floors = dict(document["floor"])
    red_flag, clinical = Tier.of(floors.pop("red_flag")), Tier.of(floors.pop("clinical_question"))
    policy = Policy(
        version=document["version"],
        task_floor={task: Tier.of(floors.pop(task.value)) for task in Task},
        red_flag_floor=red_flag,
        clinical_floor=clinical,
        need={name: float(weight) for name, weight in document["need"].items()},
        bar={Tier.of(label): float(score) for label, score in document["bar"].items()},
        room=Room(**{name: float(value) for name, value in document["room"].items()}),
    )
    if floors:
        raise PolicyError(f"policy.toml [floor] has unknown keys: {', '.join(sorted(floors))}")
    for name in SHARES:
        if not 0 < getattr(policy.room, name) <= 1:
            raise PolicyError(f"policy.toml [room] {name} must be a share above 0 and at most 1")
    return policy
