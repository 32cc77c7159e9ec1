"""What the rules look at and what they find, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hospital_hub.cds.catalogue import Parameters, Words
from hospital_hub.cds.chart import Chart
from integrations.cds_hooks.request import Context

Field = str | Words


@dataclass(frozen=True)
class Draft:
    """A note of the caller's that waits for a signature; `date` is a day."""

    id: str
    date: str


@dataclass(frozen=True)
class Situation:
    """`now` is aware."""

    chart: Chart
    context: Context
    drafts: tuple[Draft, ...]
    now: datetime
    parameters: Parameters


@dataclass(frozen=True)
class Line:
    """One entry of a card's detail; `kind` names its text in services.toml."""

    kind: str
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Finding:
    """One card to be. `about` is the same for the same finding; `names` are shown in its summary, a few of them."""

    text: str
    about: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


def about(keys: Sequence[str]) -> str:
    """The identity of a finding on these things, whatever their order."""
    return "|".join(sorted(set(keys)))
