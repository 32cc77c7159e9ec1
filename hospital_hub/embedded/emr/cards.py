"""What a CDS Hooks service answers, as this EMR shows it: cards as plain values. Pure; trusts nothing that it reads.

Written from the specification (CDS Hooks 2.0.1, "CDS Service Response"), apart from the hub's own code for it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MOST_CARDS = 20
INDICATORS = ("critical", "warning", "info")
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>#!|~&{}()+.-])")


class WrongAnswer(Exception):
    """The answer is none of CDS Hooks."""


@dataclass(frozen=True)
class Choice:
    """A suggestion (`code` is its uuid, `system` empty) or a reason for dismissing a card."""

    label: str
    code: str
    system: str = ""


@dataclass(frozen=True)
class AppLink:
    """`url` is the app's launch URL; `context` goes with its access token as `appContext`."""

    label: str
    url: str
    context: str


@dataclass(frozen=True)
class Card:
    """`lines` are the detail's; `done` is what the doctor did with it, empty while it waits."""

    uuid: str
    summary: str
    indicator: str
    source: str
    lines: tuple[str, ...] = ()
    suggestions: tuple[Choice, ...] = ()
    reasons: tuple[Choice, ...] = ()
    links: tuple[AppLink, ...] = ()
    done: str = ""


def cards_of(answer: object) -> tuple[Card, ...]:
    """Raises: WrongAnswer."""
    try:
        return tuple(_card(one) for one in answer["cards"][:MOST_CARDS])  # type: ignore[index]
    except (KeyError, TypeError, AttributeError) as wrong:
        raise WrongAnswer from wrong


def with_outcome(cards: Sequence[Card], uuid: str, *, done: str) -> tuple[Card, ...]:
    return tuple(replace(card, done=done) if card.uuid == uuid else card for card in cards)


def _card(one: Mapping[str, Any]) -> Card:
    indicator = one["indicator"]
    if indicator not in INDICATORS:
        raise WrongAnswer
    return Card(
        uuid=_text(one.get("uuid", "")),
        summary=_text(one["summary"]),
        indicator=indicator,
        source=_text(one["source"]["label"]),
        lines=_lines(_text(one.get("detail", ""))),
        suggestions=tuple(Choice(_text(each["label"]), _text(each["uuid"])) for each in one.get("suggestions", ())),
        reasons=tuple(_reason(each) for each in one.get("overrideReasons", ())),
        links=tuple(_link(each) for each in one.get("links", ()) if each["type"] == "smart"),
    )


def _reason(one: Mapping[str, Any]) -> Choice:
    return Choice(_text(one["display"]), _text(one["code"]), _text(one.get("system", "")))


def _link(one: Mapping[str, Any]) -> AppLink:
    return AppLink(_text(one["label"]), _text(one["url"]), _text(one.get("appContext", "")))


def _lines(markdown: str) -> tuple[str, ...]:
    """The entries of a list, without Markdown's escapes; this EMR renders no other Markdown, and no HTML at all."""
    found = (line.strip().removeprefix("- ") for line in markdown.splitlines())
    return tuple(_ESCAPED.sub(r"\1", line) for line in found if line)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise WrongAnswer
    return value
