"""What CDS Hooks 2.0.1 asks of every answer, as one check. Sections are those of the specification.

- Response: `cards` is an array (HTTP Response); no `systemActions` of the hub at all.
- Card Attributes: uuid; summary of one line under 140 characters; indicator one of three; source with a label.
- Source: label; `topic` is a Coding with code and system.
- Suggestion: label and uuid; `selectionBehavior` beside suggestions (cds-resp-6) and only one recommended where at
  most one may be chosen (cds-resp-1); each action described (cds-resp-5); a delete names a resourceId alone
  (cds-resp-2); actionSelectionBehavior of three words (cds-resp-7, 3.0).
- Reasons for rejecting a card: each Coding has a display (cds-resp-4), a code and a system.
- Link: label, absolute url, type; `appContext` beside smart links alone (cds-resp-3).
- JSON: no null, no empty member; uuids differ from each other.
"""

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
INDICATORS = {"info", "warning", "critical"}


def violations(answer: Json) -> list[str]:
    cards = answer.get("cards")
    if not isinstance(cards, list):
        return ["cards is no array"]
    found = [fault for number, card in enumerate(cards) for fault in _of_card(card, f"cards[{number}]")]
    found += [f"unknown member {name}" for name in answer if name not in {"cards", "extension"}]
    found += list(_empties(answer, "answer")) if cards else []
    uuids = [card.get("uuid") for card in cards]
    return found + (["two cards have one uuid"] if len(set(uuids)) < len(uuids) else [])


def _of_card(card: Json, place: str) -> Iterator[str]:
    summary = card.get("summary")
    if not isinstance(summary, str) or not 0 < len(summary) < 140 or "\n" in summary:
        yield f"{place}.summary"
    if card.get("indicator") not in INDICATORS:
        yield f"{place}.indicator"
    if not _is_uuid(card.get("uuid")):
        yield f"{place}.uuid"
    source = card.get("source") or {}
    if not source.get("label"):
        yield f"{place}.source.label"
    if "topic" in source and not _is_coding(source["topic"]):
        yield f"{place}.source.topic"
    yield from _of_suggestions(card, place)
    for number, reason in enumerate(card.get("overrideReasons", [])):
        if not _is_coding(reason) or not reason.get("display"):
            yield f"{place}.overrideReasons[{number}] (cds-resp-4)"
    for number, link in enumerate(card.get("links", [])):
        yield from _of_link(link, f"{place}.links[{number}]")


def _of_suggestions(card: Json, place: str) -> Iterator[str]:
    suggestions = card.get("suggestions", [])
    behaviour = card.get("selectionBehavior")
    if suggestions and behaviour not in {"at-most-one", "any"}:
        yield f"{place}.selectionBehavior (cds-resp-6)"
    if behaviour == "at-most-one" and sum(bool(one.get("isRecommended")) for one in suggestions) > 1:
        yield f"{place}.suggestions (cds-resp-1)"
    for number, one in enumerate(suggestions):
        here = f"{place}.suggestions[{number}]"
        if not one.get("label") or not _is_uuid(one.get("uuid")):
            yield f"{here}.label, uuid"
        if one.get("actionSelectionBehavior", "all") not in {"all", "any", "at-most-one"}:
            yield f"{here}.actionSelectionBehavior (cds-resp-7)"
        for action in one.get("actions", []):
            if not action.get("description"):
                yield f"{here}.actions.description (cds-resp-5)"
            if action.get("type") == "delete" and ("resource" in action or not action.get("resourceId")):
                yield f"{here}.actions.resourceId (cds-resp-2)"


def _of_link(link: Json, place: str) -> Iterator[str]:
    url = urlsplit(link.get("url", ""))
    if not link.get("label") or not url.scheme or not url.netloc or link.get("type") not in {"absolute", "smart"}:
        yield place
    if "appContext" in link and link.get("type") != "smart":
        yield f"{place}.appContext (cds-resp-3)"


def _empties(value: object, place: str) -> Iterator[str]:
    if value is None or value in ("", [], {}):
        yield f"{place} is empty"
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _empties(one, f"{place}.{name}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _empties(one, f"{place}[{number}]")


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def _is_coding(value: Json) -> bool:
    return bool(value.get("code") and value.get("system"))
