"""What is new in a chart since the last visit: facts whose resource is younger than the newest signed note. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hospital_hub.clinical.grounding import Fact, FactKind
from hospital_hub.notes.chart import Chart
from hospital_hub.notes.documents import READABLE
from hospital_hub.notes.facts import reference
from hospital_hub.notes.measurements import moment
from integrations.fhir.client import Resource
from integrations.fhir.paths import word

# R4: when each type came into the chart, best first.
_DATES: Final[Mapping[str, tuple[str, ...]]] = {
    "Condition": ("recordedDate", "onsetDateTime"),
    "AllergyIntolerance": ("recordedDate", "onsetDateTime"),
    "MedicationRequest": ("authoredOn",),
}


@dataclass(frozen=True)
class Since:
    """`facts` came after `visit`, abnormal ones first."""

    visit: datetime
    facts: tuple[Fact, ...]


def since_last_visit(chart: Chart, facts: Sequence[Fact]) -> Since | None:
    """None where no earlier note has a date."""
    notes = [one for one in chart.of("DocumentReference") if word(one, "docStatus") in READABLE]
    visits = [when for when in (instant(word(one, "date")) for one in notes) if when]
    if not visits:
        return None
    visit = max(visits)
    young = {reference(one) for kind in (*_DATES, "Observation") for one in chart.of(kind) if _after(one, visit)}
    found = [fact for fact in facts if fact.source in young and fact.kind is not FactKind.NOTE]
    return Since(visit, tuple(sorted(found, key=lambda fact: not fact.abnormal)))


def instant(text: str) -> datetime | None:
    """A FHIR date or dateTime; one without an offset is taken as UTC."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _after(resource: Resource, visit: datetime) -> bool:
    kind = word(resource, "resourceType")
    dates = [moment(resource)] if kind == "Observation" else [word(resource, name) for name in _DATES[kind]]
    when = next((found for found in map(instant, dates) if found), None)
    return when is not None and when > visit
