"""The sections of a note: read from a model's JSON while it grows, and from a text by its headings. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from hospital_hub.notes.kinds import Kind

_COLON: Final = {"en": ":", "zh-CN": "："}
_ROUND: Final = " \t#*【】[]"
_UNICODE: Final = re.compile(r"u[0-9a-fA-F]{4}")
_LOW_SURROGATE: Final = range(0xDC00, 0xE000)
_HIGH_SURROGATE: Final = range(0xD800, 0xDC00)


def heading(title: str, language: str) -> str:
    return f"{title}{_COLON[language]}"


def headings_of(kind: Kind) -> frozenset[str]:
    """In either language."""
    return frozenset(heading(one.title.of(tongue), tongue) for one in kind.sections for tongue in _COLON)


def joined(kind: Kind, bodies: Mapping[str, str], *, language: str) -> str:
    """The heading of each section, with its body below; one that is not required and is empty is left out."""
    lines = []
    for section in kind.sections:
        if not section.required and not bodies.get(section.id):
            continue
        lines.append(heading(section.title.of(language), language))
        lines += [bodies[section.id]] if bodies.get(section.id) else []
    return "\n".join(lines)


def sections_in(text: str, kind: Kind, *, language: str) -> dict[str, str]:
    """Bodies by id of the headings found, one that stands twice joined; what precedes the first heading is under ``."""
    titles = {section.title.of(language).casefold(): section.id for section in kind.sections}
    bodies: dict[str, list[str]] = {}
    current = ""
    for line in text.splitlines():
        title, rest = _titled(line, titles)
        if title is not None:
            current = titles[title]
            bodies.setdefault(current, [])
        if rest.strip():
            bodies.setdefault(current, []).append(rest.strip())
    return {name: "\n".join(lines) for name, lines in bodies.items()}


def _titled(line: str, titles: Mapping[str, str]) -> tuple[str | None, str]:
    """The title that a line begins with, and the rest of the line."""
    bare = line.strip().lstrip(_ROUND)
    head, colon, rest = re.sub("[：】]", ":", bare, count=1).partition(":")
    name = head.strip(_ROUND).casefold()
    if name in titles and (colon or name == bare.rstrip(_ROUND).casefold()):
        return name, rest.lstrip(f"{_ROUND}:：")
    return None, line


class _At(Enum):
    OUTSIDE = auto()  # before a name
    NAME = auto()
    COLON = auto()
    VALUE = auto()  # before a text
    TEXT = auto()
    ENDED = auto()


@dataclass(frozen=True)
class Piece:
    """More text of a section; the first piece of each one may be empty."""

    section: str
    text: str


@dataclass
class SectionReader:
    """A JSON object of texts as it arrives. What is no JSON at all is given on as text of no section."""

    _at: _At = _At.OUTSIDE
    _begun: bool = False
    _name: str = ""
    _escape: str = ""
    _high: str = ""
    plain: bool = False
    texts: dict[str, str] = field(default_factory=dict)

    def feed(self, text: str) -> Iterator[Piece]:
        """What this much more of the answer adds, in one piece a section."""
        said, name = "", None
        for character in text:
            heard = self._step(character)
            if heard is None:
                continue
            current = "" if self.plain else self._name
            if name is not None and name != current:
                yield self._kept(name, said)
                said = ""
            name, said = current, said + heard
        if name is not None:
            yield self._kept(name, said)

    def _kept(self, name: str, said: str) -> Piece:
        self.texts[name] = self.texts.get(name, "") + said
        return Piece(name, said)

    def _step(self, character: str) -> str | None:
        if self.plain:
            return character
        if not self._begun:
            if character.isspace():
                return None
            self._begun = True
            self.plain = character != "{"
            return character if self.plain else None
        return self._inside(character)

    def _inside(self, character: str) -> str | None:
        if self._at in {_At.NAME, _At.TEXT}:
            return self._of_string(character)
        if character == '"' and self._at is _At.OUTSIDE:
            self._at, self._name = _At.NAME, ""
        elif character == ":" and self._at is _At.COLON:
            self._at = _At.VALUE
        elif character == '"' and self._at is _At.VALUE:
            self._at = _At.TEXT
            return ""
        elif self._at is _At.VALUE and not character.isspace():
            self._at = _At.ENDED  # not a text: the schema was not kept
        return None

    def _of_string(self, character: str) -> str | None:
        if self._escape:
            return self._escaped(character)
        if character == "\\":
            self._escape = character
            return None
        if character == '"':
            self._at = _At.COLON if self._at is _At.NAME else _At.OUTSIDE
            return None
        return self._heard(character)

    def _escaped(self, character: str) -> str | None:
        self._escape += character
        if self._escape[1] == "u" and not _UNICODE.fullmatch(self._escape[1:]):
            if len(self._escape) < len("\\u0000"):
                return None
            self._escape = ""
            return None
        escape, self._escape = self._escape, ""
        try:
            said = str(json.loads(f'"{escape}"'))
        except json.JSONDecodeError:
            return None
        if ord(said) in _HIGH_SURROGATE:
            self._high = said
            return None
        if ord(said) in _LOW_SURROGATE:
            said, self._high = _paired(self._high, said), ""
        return self._heard(said) if said else None

    def _heard(self, said: str) -> str | None:
        if self._at is _At.NAME:
            self._name += said
            return None
        return said


def _paired(high: str, low: str) -> str:
    if not high:
        return ""
    return (high + low).encode("utf-16", "surrogatepass").decode("utf-16")
