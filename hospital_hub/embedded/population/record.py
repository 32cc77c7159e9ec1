"""What is kept of one simulated patient: what a doctor reads, up to the moment the anchor date stands for.

Drops rosters, wards, devices and what lies after that moment. Changes no value.
"""

import base64
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hospital_hub.embedded.population import shared
from hospital_hub.embedded.population.shared import Resource

KEPT = {
    "Encounter": ("status", "class", "type", "serviceType", "period", "reasonCode", "partOf"),
    "Condition": (
        *("clinicalStatus", "verificationStatus", "category", "severity", "code"),
        *("encounter", "onsetDateTime", "recordedDate"),
    ),
    "MedicationRequest": (
        *("status", "intent", "category", "priority", "medicationCodeableConcept"),
        *("encounter", "authoredOn", "dosageInstruction"),
    ),
    "Observation": (
        *("status", "category", "code", "encounter", "effectiveDateTime", "valueQuantity", "valueString"),
        *("valueCodeableConcept", "component", "interpretation", "referenceRange"),
    ),
    "DiagnosticReport": ("status", "category", "code", "encounter", "effectiveDateTime", "issued", "conclusion"),
    "DocumentReference": ("status", "docStatus", "type", "category", "date", "content", "context"),
}
WHEN = ("effectiveDateTime", "authoredOn", "date", "recordedDate")
# Of each kind of value the first and the latest are kept: a chart of days, not a monitor's trace.
FIRST, LATEST = 1, 4
NOTES_OF_A_KIND = 4
NOTE_KINDS = frozenset({"34117-2", "34111-5", "11504-8", "18748-4"})
NO_ALLERGIES = "No known drug allergies (NKDA)"
NOT_RECORDED = "Triage information: not recorded"
REFERENCE = re.compile(r"^Encounter/(.+)$")


@dataclass(frozen=True)
class Case:
    given: str
    disease: str
    age: int
    sex: str
    stay: float
    allergies: list[Resource]

    @property
    def patient(self) -> str:
        return f"demo-en-{self.given.lower()}"


class Record:
    """One simulated patient, seen at `cut`, the moment the anchor stands for."""

    def __init__(self, case: Case, simulated: dict[str, list[Resource]]) -> None:
        self._case = case
        self._simulated = simulated
        by_start = sorted(simulated["Encounter"], key=lambda one: str(one["period"]["start"]))
        self._encounters = {one["id"]: f"{case.patient}-stay-{n}" for n, one in enumerate(by_start, 1)}
        stay = by_start[-1]["period"]
        start, end = (datetime.fromisoformat(stay[key]) for key in ("start", "end"))
        self.cut = (start + (end - start) * case.stay).replace(hour=23, minute=59)
        self._doctor = "chen" if len(case.given) % 2 else "lin"

    def patient(self) -> Resource:
        source = self._simulated["Patient"][0]
        return shared.labelled(
            {
                "resourceType": "Patient",
                "id": self._case.patient,
                "identifier": [{"system": shared.DEMO_SYSTEM, "value": self._case.patient}],
                "active": True,
                "name": [{"text": f"{self._case.given} Demo", "family": "Demo", "given": [self._case.given]}],
                "gender": source["gender"],
                "birthDate": source["birthDate"],
            }
        )

    def stays(self) -> list[Resource]:
        kept = self._kept("Encounter")
        current = max(kept, key=lambda one: str(one["period"]["start"]))
        current["status"] = "in-progress"
        del current["period"]["end"]
        for one in kept:
            one["participant"] = [{"individual": shared.staff(self._doctor)}]
        return kept

    def listed(self) -> list[Resource]:
        conditions, orders = self._kept("Condition"), self._kept("MedicationRequest")
        for one in conditions:
            one["clinicalStatus"] = shared.status("condition-clinical", "active")
        for one in orders:
            one["requester"] = shared.staff(self._doctor)
        return conditions + orders

    def measured(self) -> list[Resource]:
        by_code: dict[str, list[Resource]] = defaultdict(list)
        for one in self._kept("Observation"):
            by_code[one["code"]["text"]].append(one)
        chosen = [one for series in by_code.values() for one in _first_and_latest(series)]
        reports = [one for one in self._kept("DiagnosticReport") if one["code"].get("text") and one.get("conclusion")]
        return chosen + reports

    def notes(self) -> list[Resource]:
        found = self._kept("DocumentReference") + [self._as_document(one) for one in self._compositions()]
        by_kind: dict[str, list[Resource]] = defaultdict(list)
        for one in sorted(found, key=lambda note: str(note["date"])):
            if NOT_RECORDED not in text_of(one):
                by_kind[one["type"]["coding"][0]["code"]].append(one)
        notes = [one for series in by_kind.values() for one in series[-NOTES_OF_A_KIND:]]
        for one in notes:
            nursing = one["type"]["text"].startswith("Nurse")
            one["author"] = [shared.staff("wang" if nursing else self._doctor)]
            text = self._corrected(text_of(one))
            one["content"] = [{"attachment": shared.attachment(text, title=one["type"]["text"], language="en")}]
        return notes

    def _corrected(self, text: str) -> str:
        """Without the length of a stay that has not ended, and with the allergies that this chart has."""
        known = "; ".join(f"{one['text']} ({one['reaction']})" for one in self._case.allergies)
        text = re.sub(r" / LOS \d+ days?", "", text)
        return text.replace(NO_ALLERGIES, known) if known else text

    def _compositions(self) -> Iterator[Resource]:
        for one in self._simulated.get("Composition", []):
            if one["type"]["coding"][0]["code"] in NOTE_KINDS and self._is_past(one):
                yield one

    def _as_document(self, composition: Resource) -> Resource:
        text = "\n".join(line for section in composition.get("section", []) for line in _section(section))
        source = {
            **{key: composition[key] for key in ("type", "date")},
            "id": composition["id"],
            "status": "current",
            "docStatus": "final",
            "content": [{"attachment": shared.attachment(text, title="", language="en")}],
            "context": {"encounter": [composition["encounter"]]},
        }
        return self._keep("DocumentReference", source)

    def _kept(self, kind: str) -> list[Resource]:
        past = [one for one in self._simulated.get(kind, []) if self._is_past(one)]
        return [self._keep(kind, one) for one in sorted(past, key=lambda one: (_when(one), str(one["id"])))]

    def _is_past(self, source: Resource) -> bool:
        moment = _when(source)
        return not moment or datetime.fromisoformat(moment) <= self.cut

    def _keep(self, kind: str, source: Resource) -> Resource:
        fields = {key: source[key] for key in KEPT[kind] if source.get(key) not in (None, [], {}, "")}
        own = self._encounters.get(source["id"], f"{self._case.patient}-{source['id']}")
        subject = {"subject": {"reference": f"Patient/{self._case.patient}"}}
        kept = {"resourceType": kind, "id": own, **subject, **_renamed(fields, self._encounters)}
        return shared.labelled(kept)


def _when(source: Resource) -> str:
    moment: str = next((source[key] for key in WHEN if key in source), source.get("period", {}).get("start", ""))
    return moment if "T" in moment else f"{moment}T00:00:00+00:00" if moment else ""


def _first_and_latest(series: list[Resource]) -> list[Resource]:
    return series if len(series) <= FIRST + LATEST else series[:FIRST] + series[-LATEST:]


def text_of(note: Resource) -> str:
    return base64.b64decode(note["content"][0]["attachment"]["data"]).decode()


def _section(section: Resource) -> Iterator[str]:
    text = re.sub(r"<[^>]+>", "", section.get("text", {}).get("div", "")).strip()
    if text:
        yield f"{section.get('title', '')}: {text}"
    for inner in section.get("section", []):
        yield from _section(inner)


def _renamed(fields: Resource, encounters: dict[str, str]) -> Resource:
    """A copy in which references name the new encounters."""
    return {key: _rename(value, encounters) for key, value in fields.items()}


def _rename(value: object, encounters: dict[str, str]) -> object:
    if isinstance(value, dict):
        return _renamed(value, encounters)
    if isinstance(value, list):
        return [_rename(one, encounters) for one in value]
    if isinstance(value, str) and (match := REFERENCE.match(value)):
        return f"Encounter/{encounters[match[1]]}"
    return value
