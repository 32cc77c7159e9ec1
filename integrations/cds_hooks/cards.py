"""Cards and the answer of discovery as values, and the JSON that they become. Optional members are left out.

Source: CDS Hooks 2.0.1, "CDS Service Response" and "Discovery". What 3.0 adds is written for `Edition.V3` alone.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

SUMMARY_LENGTH: Final = 139  # "<140-character"
Json = dict[str, Any]


class Edition(StrEnum):
    V2 = "2.0.1"
    V3 = "3.0.0"


class Indicator(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Choice(StrEnum):
    """Of suggestions in a card (`at-most-one`, `any`); of actions in a suggestion (3.0: also `all`)."""

    AT_MOST_ONE = "at-most-one"
    ANY = "any"
    ALL = "all"


@dataclass(frozen=True)
class Coding:
    code: str
    system: str
    display: str

    def to_json(self) -> Json:
        return {"code": self.code, "system": self.system, "display": self.display}


@dataclass(frozen=True)
class Source:
    label: str
    topic: Coding | None = None

    def to_json(self) -> Json:
        return {"label": self.label, **({"topic": self.topic.to_json()} if self.topic else {})}


@dataclass(frozen=True)
class Suggestion:
    """Information only: it has no action, because nothing that the hub answers may change a chart or an order.

    `action_choice` has a meaning only beside actions; it stands here so that 3.0 needs no other shape.
    """

    label: str
    uuid: uuid.UUID
    action_choice: Choice | None = None

    def to_json(self, edition: Edition) -> Json:
        behaviour = {"actionSelectionBehavior": self.action_choice.value} if self.action_choice else {}
        return {"label": self.label, "uuid": str(self.uuid), **(behaviour if edition is Edition.V3 else {})}


@dataclass(frozen=True)
class SmartLink:
    """`url` is the app's launch URL; the client adds `iss` and `launch`. `context` becomes its `appContext`."""

    label: str
    url: str
    context: str

    def to_json(self) -> Json:
        return {"label": self.label, "url": self.url, "type": "smart", "appContext": self.context}


@dataclass(frozen=True)
class Card:
    """`detail` is GitHub-flavoured Markdown."""

    uuid: uuid.UUID
    summary: str
    indicator: Indicator
    source: Source
    detail: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    choice: Choice = Choice.AT_MOST_ONE
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[SmartLink, ...] = ()

    def to_json(self, edition: Edition = Edition.V2) -> Json:
        card: Json = {
            "uuid": str(self.uuid),
            "summary": self.summary,
            "indicator": self.indicator.value,
            "source": self.source.to_json(),
        }
        if self.detail:
            card["detail"] = self.detail
        if self.suggestions:
            card["suggestions"] = [one.to_json(edition) for one in self.suggestions]
            card["selectionBehavior"] = self.choice.value
        if self.override_reasons:
            card["overrideReasons"] = [one.to_json() for one in self.override_reasons]
        if self.links:
            card["links"] = [one.to_json() for one in self.links]
        return card


@dataclass(frozen=True)
class ServiceEntry:
    """One service as discovery tells it; `hook_version` is that of the hook's own definition."""

    id: str
    hook: str
    hook_version: str
    title: str
    description: str
    usage: str
    prefetch: Mapping[str, str]

    def to_json(self, edition: Edition = Edition.V2) -> Json:
        entry: Json = {
            "hook": self.hook,
            "title": self.title,
            "description": self.description,
            "id": self.id,
            "prefetch": dict(self.prefetch),
            "usageRequirements": self.usage,
        }
        if edition is Edition.V3:
            entry["version"] = edition.value
            entry |= {"hookVersion": self.hook_version} if self.hook_version else {}
        return entry


def answer(cards: Sequence[Card], *, extension: Json | None = None, edition: Edition = Edition.V2) -> Json:
    """The answer to a call. There are never `systemActions`: the hub proposes nothing to be done unseen."""
    found: Json = {"cards": [card.to_json(edition) for card in cards]}
    return {**found, **({"extension": extension} if extension else {})}
