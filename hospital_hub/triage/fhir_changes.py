"""From what the server has to what it should have: transactions of conditional creates and guarded updates. Pure.

What others added to a resource of the hub stays; what the hub no longer says is marked as entered in error. Each update
names the version that was read (R4, 3.1.0.5), so that a change in between refuses the whole transaction.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hospital_hub.triage import fhir_base as base
from integrations.fhir.client import Resource
from integrations.fhir.paths import items, word

WRONG: Final = "entered-in-error"
# Elements that the hub writes; where it no longer writes one, the old one goes.
OWN: Final[Mapping[str, frozenset[str]]] = {
    "QuestionnaireResponse": frozenset({"item", "authored", "status"}),
    "Observation": frozenset({"component", "note", "derivedFrom", "category"}),
    "RiskAssessment": frozenset({"basis", "note", "prediction", "method"}),
    "Task": frozenset({"input", "output", "owner"}),
    "Provenance": frozenset({"agent", "entity", "policy", "reason", "target"}),
    "Encounter": frozenset({"priority"}),
}
JUDGED: Final = frozenset({"risk", "task", "acuity", "by-rules", "by-ai"})
MOST_CREATES, MOST_UPDATES = 8, 40
# What the hub said last of a task stands in its businessStatus: another status was set by somebody there, and an open
# task of the hub does not take it back.
OPEN: Final = frozenset({"requested", "in-progress"})
# Later the visit is the hospital system's own business.
EARLY: Final = frozenset({"planned", "arrived", "triaged"})


@dataclass(frozen=True)
class Present:
    """What the server has of a case, by key."""

    case_id: uuid.UUID
    resources: Mapping[str, Resource]

    def reference(self, key: str) -> str:
        found = self.resources[key]
        return f"{found['resourceType']}/{found['id']}"

    @property
    def references(self) -> dict[str, str]:
        return {key: self.reference(key) for key in self.resources}

    def named(self, resource: Resource) -> Resource:
        """With the server's names in place of placeholders, where it has named a resource."""
        names = {base.placeholder_url(self.case_id, key): self.reference(key) for key in self.resources}
        return dict(_renamed(resource, names))


def _renamed(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            key: names.get(one, one) if key == "reference" and isinstance(one, str) else _renamed(one, names)
            for key, one in value.items()
        }
    return [_renamed(one, names) for one in value] if isinstance(value, list) else value


def entries(present: Present, wanted: Mapping[str, Resource], *, server: str) -> dict[str, Resource]:
    """Of transactions, by key; none where the server has everything as it should be. `server` is its base."""
    made: dict[str, Resource] = {}
    for key, resource in wanted.items():
        theirs = present.resources.get(key)
        ours = present.named(resource)
        if theirs is None:
            made[key] = _creation(present.case_id, key, resource=ours)
        elif (merged := overlaid(theirs, ours)) != theirs:
            made[key] = _update(merged, server=server)
    for key in voidable(present, wanted):
        made[key] = _update({**present.resources[key], "status": WRONG}, server=server)
    return made


def parts(changes: Mapping[str, Resource], *, wanted: Mapping[str, Resource]) -> list[list[Resource]]:
    """In the order in which they are to be committed, each as one transaction that points at nothing later.

    First what was entered in error. Then what was told and measured; last, and together, what is judged by it. Servers
    limit a transaction with conditional creates: Medplum to eight entries.
    """
    wrong = [entry for key, entry in changes.items() if key not in wanted]
    judged = [entry for key, entry in changes.items() if key in wanted and key.partition(".")[2] in JUDGED]
    facts = [entry for key, entry in changes.items() if key in wanted and key.partition(".")[2] not in JUDGED]
    return [*batched(wrong, MOST_UPDATES), *batched(facts, MOST_CREATES), *batched(judged, MOST_CREATES)]


def batched(changes: Sequence[Resource], size: int) -> list[list[Resource]]:
    return [list(changes[start : start + size]) for start in range(0, len(changes), size)]


def voidable(present: Present, wanted: Mapping[str, Resource]) -> list[str]:
    """Keys of what the hub once filed and no longer says. A Provenance stays: it tells what happened."""
    return [
        key
        for key, resource in present.resources.items()
        if key not in wanted and "status" in resource and resource["status"] != WRONG
    ]


def overlaid(theirs: Resource, ours: Resource) -> Resource:
    """Ours over theirs. The labels of both stay; what people there took up keeps its status."""
    kind = word(ours, "resourceType")
    if kind == "Encounter" and theirs.get("status") != WRONG:
        return _visit(theirs, ours)
    own = OWN.get(kind, frozenset())
    kept = {name: value for name, value in theirs.items() if name not in own or name in ours}
    merged = {**kept, **ours, "meta": _labels(theirs, ours)}
    if kind == "Task" and _is_taken_up(theirs) and ours["status"] in OPEN:
        merged["status"] = theirs["status"]
        return merged if "owner" not in theirs else {**merged, "owner": theirs["owner"]}
    return merged


def _visit(theirs: Resource, ours: Resource) -> Resource:
    merged = {name: value for name, value in theirs.items() if name != "priority"}
    if "priority" in ours:
        merged["priority"] = ours["priority"]
    return {**merged, "status": ours["status"]} if theirs.get("status") in EARLY else merged


def _is_taken_up(theirs: Resource) -> bool:
    return word(theirs, "status") not in {word(theirs, "businessStatus", "coding", 0, "code"), WRONG}


def _labels(theirs: Resource, ours: Resource) -> Resource:
    security = items(theirs, "meta", "security")
    missing = [one for one in items(ours, "meta", "security") if not _is_among(one, security)]
    meta = dict(theirs.get("meta", {}))
    return {**meta, "security": [*security, *missing]} if missing else meta


def _is_among(label: Resource, labels: Sequence[Resource]) -> bool:
    return any((word(one, "system"), word(one, "code")) == (label["system"], label["code"]) for one in labels)


def _creation(case_id: uuid.UUID, key: str, *, resource: Resource) -> Resource:
    """Conditional where the kind has an identifier; a Provenance is looked for before (see filing_write.py)."""
    kind = resource["resourceType"]
    request: Resource = {"method": "POST", "url": kind}
    if "identifier" in resource:
        own = base.identifier(case_id, key)
        request["ifNoneExist"] = f"identifier={own['system']}|{own['value']}"
    return {"fullUrl": base.placeholder_url(case_id, key), "resource": resource, "request": request}


def _update(resource: Resource, *, server: str) -> Resource:
    path = f"{resource['resourceType']}/{resource['id']}"
    match = f'W/"{word(resource, "meta", "versionId")}"'
    return {
        "fullUrl": f"{server}/{path}",
        "resource": resource,
        "request": {"method": "PUT", "url": path, "ifMatch": match},
    }


def transaction(changes: Sequence[Resource]) -> Resource:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(changes)}
