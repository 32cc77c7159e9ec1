"""A finding in words: summary, detail and reasons of a card, in the caller's language, harmless as Markdown. Pure."""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hospital_hub.cds.catalogue import PARTIAL, Catalogue, RuleText, Service
from hospital_hub.cds.chart import Unread
from hospital_hub.cds.finding import Field, Finding, Line
from hospital_hub.web.languages import Language
from integrations.cds_hooks.cards import SUMMARY_LENGTH, Card, Coding, Indicator, SmartLink, Source, Suggestion

SYSTEM: Final = "urn:hospital-hub:cds"
NAMESPACE: Final = uuid.UUID("6e1f7a55-2f2b-5c0c-9a3e-0d6f1a4b7c21")
LAUNCH_PATH: Final = "/notes/launch"
ORDER: Final = (Indicator.CRITICAL, Indicator.WARNING, Indicator.INFO)
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>#!|~&])")
_ADDRESS: Final = re.compile(r"(://|www\.)", re.IGNORECASE)  # GitHub-flavoured Markdown makes links of these
_INVISIBLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


@dataclass(frozen=True)
class Setting:
    """One answer: which service, which call, in which language; `hub` is the hub's own origin."""

    catalogue: Catalogue
    service: Service
    instance: uuid.UUID
    language: Language
    hub: str


@dataclass(frozen=True)
class Shown:
    """A card and the rule that it comes from."""

    rule: str
    card: Card


def cards_of(setting: Setting, rule: str, *, found: Sequence[Finding], draft: str = "") -> list[Shown]:
    """One card a finding; `draft` is the one that a link of this rule leads to."""
    return [Shown(rule, _card(setting, rule, finding=finding, draft=draft)) for finding in found]


def partial(setting: Setting, unread: Mapping[str, Unread], *, skipped: Sequence[str]) -> list[Shown]:
    """The card that says what was not read and which rules could therefore not be run."""
    if not unread:
        return []
    book, language = setting.catalogue, setting.language
    lines = tuple(
        Line("part", {"name": book.parts[part], "reason": book.reasons[reason.value]})
        for part, reason in sorted(unread.items())
    )
    names = [book.rule[one].title.said(language) for one in skipped] or [
        book.parts[part].said(language) for part in sorted(unread)
    ]
    finding = Finding("found", "|".join(sorted(unread)), {}, tuple(names), lines)
    return [Shown(PARTIAL, _card(setting, PARTIAL, finding=finding, draft="", indicator=setting.service.partial))]


def by_urgency(cards: Sequence[Shown]) -> list[Shown]:
    """Each card once: a chart may hold the same resource twice."""
    once = {shown.card.uuid: shown for shown in cards}
    return sorted(once.values(), key=lambda shown: ORDER.index(shown.card.indicator))


def shortened(text: str) -> str:
    return text if len(text) <= SUMMARY_LENGTH else f"{text[: SUMMARY_LENGTH - 1].rstrip()}…"


def plain(text: str) -> str:
    """Text of the chart in one line, without characters that hide or turn other text."""
    return " ".join(_INVISIBLE.sub(" ", text).split())


def escaped(text: str) -> str:
    """The same inside Markdown: it can be no link, picture, heading or HTML."""
    return _MARKDOWN.sub(r"\\\1", _ADDRESS.sub(lambda found: f"{found[0][:-1]} {found[0][-1]}", plain(text)))


def _card(setting: Setting, rule: str, *, finding: Finding, draft: str, indicator: Indicator | None = None) -> Card:
    book, language = setting.catalogue, setting.language
    text = book.rule[rule]
    chosen = text.text[finding.text]
    identifier = uuid.uuid5(NAMESPACE, f"{setting.instance}|{setting.service.id}|{rule}|{finding.text}|{finding.about}")
    title = text.title.said(language)
    return Card(
        uuid=identifier,
        summary=_summary(setting, chosen.summary.said(language), finding=finding),
        indicator=indicator or chosen.indicator,
        source=Source(book.source.said(language), topic=Coding(rule, f"{SYSTEM}:topic", title)),
        detail=_detail(setting, text, lines=finding.lines),
        suggestions=_suggestions(text, language, card=identifier),
        override_reasons=_reasons(book, text, language=language),
        links=_links(setting, rule, draft=draft),
    )


def _summary(setting: Setting, template: str, *, finding: Finding) -> str:
    most = setting.catalogue.parameters.most_names
    shown = [plain(one) for one in finding.names[:most]]
    more = len(finding.names) - most
    comma = "、" if setting.language == "zh-CN" else ", "
    names = comma.join([*shown, f"+{more}"] if more > 0 else shown)
    fields = {name: plain(_said(value, setting.language)) for name, value in finding.fields.items()}
    return shortened(plain(template.format_map({"names": names, **fields})))


def _detail(setting: Setting, text: RuleText, *, lines: Sequence[Line]) -> str:
    most, language = setting.catalogue.parameters.most_lines, setting.language
    shown = []
    for line in lines[:most]:
        fields = {name: escaped(_said(value, language)) for name, value in line.fields.items()}
        said = text.line[line.kind].said(language).format_map(fields)
        shown.append("- " + re.sub(r" {2,}", " ", said.replace("()", "").replace("（）", "")).strip())
    if len(lines) > most:
        shown.append(f"- … +{len(lines) - most}")
    return "\n".join(shown)


def _said(value: Field, language: Language) -> str:
    return value if isinstance(value, str) else value.said(language)


def _suggestions(text: RuleText, language: Language, *, card: uuid.UUID) -> tuple[Suggestion, ...]:
    if text.suggestion is None:
        return ()
    return (Suggestion(text.suggestion.said(language), uuid.uuid5(card, "seen")),)


def _reasons(book: Catalogue, text: RuleText, *, language: Language) -> tuple[Coding, ...]:
    return tuple(Coding(one, f"{SYSTEM}:override", book.overrides[one].said(language)) for one in text.overrides)


def _links(setting: Setting, rule: str, *, draft: str) -> tuple[SmartLink, ...]:
    """The side panel as a SMART launch; the draft's id is no secret: only its author sees it after the launch."""
    label = setting.catalogue.rule[rule].link
    if label is None:
        return ()
    wanted = {"draft": draft, "document": setting.catalogue.rule[rule].document}
    context = {"hub": "cds", "hook": setting.service.hook, **{name: value for name, value in wanted.items() if value}}
    return (SmartLink(label.said(setting.language), setting.hub + LAUNCH_PATH, json.dumps(context, sort_keys=True)),)
