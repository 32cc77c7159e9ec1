"""A part of the one-machine hub as data."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hospital_hub.embedded.process import Program
from hospital_hub.embedded.ready import Ready
from hospital_hub.embedded.restart import RestartPolicy


@dataclass(frozen=True, kw_only=True)
class Part:
    """`name` names its log, `title` is for people; `needs` are names of parts that must be ready before.

    `once`: a step that has to end with code 0, then counts as ready. `before` runs in a thread before each start.
    """

    name: str
    title: str
    program: Program
    ready: Ready
    ready_within: float = 60.0
    needs: frozenset[str] = frozenset()
    once: bool = False
    before: Callable[[], None] | None = None
    restart: RestartPolicy = field(default_factory=RestartPolicy)
