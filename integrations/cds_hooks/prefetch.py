"""Prefetch templates: what a service asks its client to send along, and how it is asked of the FHIR server instead.

Source: CDS Hooks 2.0.1, "Prefetch Template" and its "Prefetch query restrictions". Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from integrations.cds_hooks.request import Context

_TOKEN: Final = re.compile(r"\{\{(.*?)\}\}")
TOKENS: Final = frozenset({"context.userId", "context.patientId", "context.encounterId"})
# "Prefetch query restrictions": these parameters besides plain equality.
CONTROLS: Final = frozenset({"_count", "_sort"})


@dataclass(frozen=True)
class Query:
    """A read where `identifier` is set, else a search."""

    kind: str
    identifier: str = ""
    parameters: Mapping[str, str] | None = None

    @property
    def limit(self) -> int:
        """How many matches the template asks for; 1 for a read."""
        return int((self.parameters or {}).get("_count", "1"))


def kind_of(template: str) -> str:
    return re.split(r"[/?]", template, maxsplit=1)[0]


@lru_cache(maxsize=256)
def tokens_of(template: str) -> frozenset[str]:
    return frozenset(_TOKEN.findall(template))


def resolve(template: str, context: Context) -> Query | None:
    """The query with the call's own ids; None where the call lacks one that the template needs."""
    values = {
        "context.userId": context.user,
        "context.patientId": context.patient,
        "context.encounterId": context.encounter,
    }
    if not all(values.get(token) for token in tokens_of(template)):
        return None
    kind, identifier, parameters = _parsed(template)

    def filled(text: str) -> str:
        return _TOKEN.sub(lambda found: values[found[1]], text)

    if parameters:
        return Query(kind, parameters={name: filled(value) for name, value in parameters})
    return Query(kind, identifier=filled(identifier))


@lru_cache(maxsize=256)
def _parsed(template: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Kind, id of a read, parameters of a search; ids of a call are put in afterwards, so they cannot add any."""
    path, _, query = template.partition("?")
    kind, _, identifier = path.partition("/")
    return kind, identifier, tuple(parse_qsl(query))
