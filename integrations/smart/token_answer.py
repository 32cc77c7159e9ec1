"""Reads the members of a token endpoint's answer; an odd one is a fault, never passed on."""

import re
from typing import Any

from integrations.smart.errors import Fault, SmartFault
from integrations.smart.wire import Json

MAX_SECONDS = 24 * 3600
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")  # R4, 2.24.0.1: id


def text(found: Json, name: str) -> str:
    value = optional(found, name)
    if not value:
        raise SmartFault(Fault.MALFORMED, f"no {name}")
    return value


def optional(found: Json, name: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise SmartFault(Fault.MALFORMED, f"{name} is not text")
    return value


def identifier(found: Json, name: str) -> str:
    """A bare FHIR id, or an empty text: it becomes part of a URL."""
    value = optional(found, name)
    if value and not _ID.fullmatch(value):
        raise SmartFault(Fault.MALFORMED, f"{name} is not an id")
    return value


def lifetime(found: Json) -> int:
    """Seconds; a Bearer token that says how long it lives."""
    if str(found.get("token_type", "")).lower() != "bearer":
        raise SmartFault(Fault.MALFORMED, "not a Bearer token")
    seconds: Any = found.get("expires_in")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds <= MAX_SECONDS:
        raise SmartFault(Fault.MALFORMED, "no usable expires_in")
    return seconds
