"""The routing policy as a validated value. Changing what the router does is changing policy.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeVar

from routing.values import Lane, Task, Tier

_Word = TypeVar("_Word", Task, Lane)
TABLES = frozenset({"version", "floor", "start", "certain", "cost", "bar", "second_opinion", "lane", "room"})


class PolicyError(ValueError):
    """The policy file is not usable; the message names the place."""


@dataclass(frozen=True)
class Start:
    """Where the search for a tier begins when only the text says what is asked."""

    task: Mapping[Task, Tier]
    sure: float
    certain: Mapping[Task, float]
    long_chart: Tier
    long_chart_tokens: int


@dataclass(frozen=True)
class SecondOpinionRules:
    tasks: frozenset[Task]
    skip_below: float
    arbiter_from: float


@dataclass(frozen=True)
class Room:
    """Shares are of a tier's `max_inflight`, times in seconds."""

    stale_seconds: float
    large_cap: float
    kv_full_at: float
    longest_wait_seconds: float
    answer_seconds: float


@dataclass(frozen=True)
class Policy:
    version: str
    task_floor: Mapping[Task, Tier]
    red_flag_floor: Tier
    clinical_floor: Tier
    start: Start
    cost: Mapping[Tier, float]
    bar: Mapping[Task, float]
    second_opinion: SecondOpinionRules
    lane: Mapping[Lane, float]
    room: Room


def load_policy(text: str | None = None) -> Policy:
    """Parse a policy; the packaged one when no text is given.

    Raises:
        PolicyError: a key is missing, unknown, or out of its range.
    """
    source = text if text is not None else resources.files("routing").joinpath("policy.toml").read_text("utf-8")
    try:
        policy = _policy(tomllib.loads(source))
    except PolicyError:
        raise
    except tomllib.TOMLDecodeError as wrong:
        raise PolicyError(f"policy.toml is not TOML: {wrong}") from wrong
    except KeyError as missing:
        raise PolicyError(f"policy.toml lacks {missing}, or names a tier or task that does not exist") from missing
    except (TypeError, AttributeError) as wrong:
        raise PolicyError(f"policy.toml has a value of the wrong kind or an unknown key: {wrong}") from wrong
    except ValueError as wrong:
        raise PolicyError(f"policy.toml has a value that cannot be: {wrong}") from wrong
    _check(policy)
    return policy


def _policy(document: Mapping[str, Any]) -> Policy:
    _known(document, TABLES, place="the file")
    floors, start, rules = (dict(document[name]) for name in ("floor", "start", "second_opinion"))
    return Policy(
        version=str(document["version"]),
        red_flag_floor=Tier.of(floors.pop("red_flag")),
        clinical_floor=Tier.of(floors.pop("clinical_question")),
        task_floor=_tiers_by_task(floors, "floor"),
        start=Start(
            sure=float(start.pop("sure")),
            certain=_numbers_by(Task, document, place="certain"),
            long_chart=Tier.of(start.pop("long_chart")),
            long_chart_tokens=int(start.pop("long_chart_tokens")),
            task=_tiers_by_task(start, "start"),
        ),
        cost={tier: float(_whole(document, "cost", names=[one.label for one in Tier])[tier.label]) for tier in Tier},
        bar=_numbers_by(Task, document, place="bar"),
        second_opinion=SecondOpinionRules(
            tasks=frozenset(Task(name) for name in rules.pop("tasks")),
            **{name: float(value) for name, value in rules.items()},
        ),
        lane=_numbers_by(Lane, document, place="lane"),
        room=Room(**{name: float(value) for name, value in document["room"].items()}),
    )


def _tiers_by_task(table: Mapping[str, str], place: str) -> Mapping[Task, Tier]:
    _known(table, {task.value for task in Task}, place=f"[{place}]")
    return {task: Tier.of(table[task.value]) for task in Task}


def _numbers_by(words: type[_Word], document: Mapping[str, Any], *, place: str) -> Mapping[_Word, float]:
    table = _whole(document, place, names=[word.value for word in words])
    return {word: float(table[word.value]) for word in words}


def _whole(document: Mapping[str, Any], place: str, *, names: list[str]) -> Mapping[str, Any]:
    _known(document[place], set(names), place=f"[{place}]")
    table: Mapping[str, Any] = document[place]
    return table


def _known(table: Mapping[str, Any], names: frozenset[str] | set[str], *, place: str) -> None:
    if unknown := sorted(table.keys() - names):
        raise PolicyError(f"policy.toml {place} has unknown keys: {', '.join(unknown)}")


def _check(policy: Policy) -> None:
    shares = {"[room] large_cap": policy.room.large_cap, "[room] kv_full_at": policy.room.kv_full_at}
    shares |= {f"[certain] {task.value}": policy.start.certain[task] for task in Task}
    shares |= {"[start] sure": policy.start.sure} | {f"[lane] {lane.value}": policy.lane[lane] for lane in Lane}
    for name, share in shares.items():
        if not 0 < share <= 1:
            raise PolicyError(f"policy.toml {name} must be a share above 0 and at most 1")
    if sorted(set(policy.cost.values())) != [policy.cost[tier] for tier in Tier]:
        raise PolicyError("policy.toml [cost] must rise from tier to tier")
    if not policy.room.stale_seconds > 0 or not policy.room.answer_seconds > 0:
        raise PolicyError("policy.toml [room] times must be above 0")
