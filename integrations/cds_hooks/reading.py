"""Reads one JSON object of a peer, field by field, and notes what is wrong with it instead of stopping at the first."""

import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from integrations.cds_hooks.faults import Fault, FaultCode

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # R4, datatypes: id
REFERENCE = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})")
Json = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """`place` is where the object stands, empty for the whole document; `faults` is shared with its inner objects."""

    document: Json
    place: str = ""
    faults: list[Fault] = field(default_factory=list)

    def at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def note(self, code: FaultCode, name: str, word: str = "") -> None:  # noqa: PLR0917 - as a sentence reads
        self.faults.append(Fault(code, self.at(name), word))

    def text(self, name: str, *, required: bool = True) -> str:
        value = self.document.get(name)
        if value is None or value == "":
            if required:
                self.note(FaultCode.MISSING, name)
            return ""
        if not isinstance(value, str):
            self.note(FaultCode.NOT_TEXT, name)
            return ""
        return value

    def identifier(self, name: str, *, required: bool) -> str:
        """A bare id, without the type of its resource."""
        value = self.text(name, required=required)
        if value and not ID.fullmatch(value):
            self.note(FaultCode.NOT_ID, name)
            return ""
        return value

    def uuid(self, name: str) -> uuid.UUID | None:
        value = self.text(name)
        try:
            return uuid.UUID(value) if value else None
        except ValueError:
            self.note(FaultCode.NOT_UUID, name)
            return None

    def url(self, name: str) -> str:
        """An absolute URL, without a slash at its end; empty where there is none."""
        value = self.text(name, required=False)
        if value and (urlsplit(value).scheme not in {"https", "http"} or not urlsplit(value).netloc):
            self.note(FaultCode.NOT_URL, name)
            return ""
        return value.rstrip("/")

    def number(self, name: str) -> int:
        value = self.document.get(name)
        if value is None:
            self.note(FaultCode.MISSING, name)
            return 0
        if isinstance(value, bool) or not isinstance(value, int):
            self.note(FaultCode.NOT_NUMBER, name)
            return 0
        return value

    def items(self, name: str, *, required: bool = True) -> list[Any]:
        value = self.document.get(name)
        if value is None and not required:
            return []
        if not isinstance(value, list):
            self.note(FaultCode.MISSING if value is None else FaultCode.NOT_LIST, name)
            return []
        return value

    def inner(self, name: str, *, required: bool = True) -> "Reading | None":
        """The object at `name`; None where there is none."""
        value = self.document.get(name)
        if isinstance(value, dict):
            return Reading(value, self.at(name), self.faults)
        if value is not None:
            self.note(FaultCode.NOT_OBJECT, name)
        elif required:
            self.note(FaultCode.MISSING, name)
        return None
