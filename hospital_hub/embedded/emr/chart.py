"""A patient's chart as the EMR's pages show it: plain values read from FHIR resources, nothing computed."""

import asyncio
import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, date, datetime

from hospital_hub.embedded.emr.store import FhirStore, Resource

GENDERS = {"male": "男 M", "female": "女 F"}
DOCUMENT_STATES = {
    "preliminary": "待签 Preliminary",
    "final": "已签 Final",
    "amended": "已修订 Amended",
    "entered-in-error": "误录 Entered in error",
}
ORDER_STATES = {"active": "", "on-hold": "暂停 on hold", "stopped": "已停 stopped", "completed": "已完成 completed"}
AI_LABEL = "AIAST"
RESULTS_SHOWN = 14


@dataclass(frozen=True)
class Banner:
    id: str
    name: str
    gender: str
    birth: str
    age: int


@dataclass(frozen=True)
class Stay:
    """`id` of the encounter, empty if the patient has none."""

    id: str = ""
    reason: str = ""
    place: str = ""
    since: str = ""


@dataclass(frozen=True)
class Line:
    """One row of a list: what, the detail beside it, and whether it deserves attention."""

    text: str
    detail: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Document:
    id: str
    title: str
    date: str
    author: str
    state: str
    draft: bool
    ai: bool
    text: str


@dataclass(frozen=True)
class Chart:
    banner: Banner
    stay: Stay
    problems: list[Line]
    allergies: list[Line]
    medicines: list[Line]
    results: list[Line]
    documents: list[Document]


async def read_chart(store: FhirStore, patient: str, *, today: date) -> Chart | None:
    person = await store.read("Patient", patient)
    if person is None:
        return None
    of_patient = ("patient", f"Patient/{patient}")
    encounters, conditions, allergies, orders, observations, documents = await asyncio.gather(
        store.search("Encounter", [of_patient]),
        store.search("Condition", [of_patient]),
        store.search("AllergyIntolerance", [of_patient]),
        store.search("MedicationRequest", [of_patient, ("_sort", "-authoredon")]),
        store.search("Observation", [of_patient, ("_sort", "-date"), ("_count", str(RESULTS_SHOWN))]),
        store.search("DocumentReference", [of_patient, ("_sort", "-date")]),
    )
    return Chart(
        banner=banner(person, today=today),
        stay=current_stay(encounters),
        problems=[Line(_concept(one["code"]), str(one.get("onsetDateTime", ""))[:10]) for one in conditions],
        allergies=[_allergy(one) for one in allergies],
        medicines=[_medicine(one) for one in orders],
        results=[_result(one) for one in observations],
        documents=[document(one) for one in documents],
    )


def banner(person: Resource, *, today: date) -> Banner:
    birth = str(person.get("birthDate", ""))
    return Banner(
        str(person["id"]), _name(person), GENDERS.get(str(person.get("gender")), ""), birth, _age(birth, today)
    )


def current_stay(encounters: list[Resource]) -> Stay:
    """The latest encounter that is under way, else the latest of all."""
    under_way = [one for one in encounters if one["status"] == "in-progress"] or encounters
    if not under_way:
        return Stay()
    latest = max(under_way, key=lambda one: str(one.get("period", {}).get("start", "")))
    place = latest.get("location", [{}])[0].get("location", {}).get("display") or _concept(
        latest.get("serviceType", {})
    )
    reason = _concept(latest.get("reasonCode", [{}])[0])
    return Stay(str(latest["id"]), reason, place, _moment(latest.get("period", {}).get("start", "")))


def document(resource: Resource) -> Document:
    state = str(resource.get("docStatus", "final"))
    labels = {str(one.get("code")) for one in resource.get("meta", {}).get("security", [])}
    return Document(
        id=str(resource["id"]),
        title=_concept(resource.get("type", {})) or "文书 Document",
        date=_moment(resource.get("date", "")),
        author=", ".join(str(one.get("display", "")) for one in resource.get("author", [])),
        state=DOCUMENT_STATES.get(state, state),
        draft=state == "preliminary",
        ai=AI_LABEL in labels,
        text=_attached(resource),
    )


def _attached(resource: Resource) -> str:
    attachment = resource.get("content", [{}])[0].get("attachment", {})
    if not str(attachment.get("contentType", "")).startswith("text/plain"):
        return ""
    try:
        return base64.b64decode(str(attachment.get("data", ""))).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _allergy(one: Resource) -> Line:
    reactions = [_concept(sign) for part in one.get("reaction", []) for sign in part.get("manifestation", [])]
    return Line(_concept(one.get("code", {})), "、".join(reactions), one.get("criticality") == "high")


def _medicine(one: Resource) -> Line:
    dose = "; ".join(str(part.get("text", "")) for part in one.get("dosageInstruction", []))
    state = ORDER_STATES.get(str(one.get("status")), str(one.get("status")))
    return Line(_concept(one.get("medicationCodeableConcept", {})), f"{dose}（{state}）" if state else dose)


def _result(one: Resource) -> Line:
    flags = {coding.get("code") for part in one.get("interpretation", []) for coding in part.get("coding", [])}
    parts = [_value(part) for part in one.get("component", [])] or [_value(one)]
    detail = f"{' / '.join(parts)} · {_moment(one.get('effectiveDateTime', ''))}"
    return Line(_concept(one["code"]), detail, bool(flags - {"N", None}))


def _value(one: Resource) -> str:
    quantity = one.get("valueQuantity")
    if quantity:
        return f"{quantity['value']} {quantity.get('unit', '')}".strip()
    return str(one.get("valueString") or _concept(one.get("valueCodeableConcept", {})))


def _name(person: Resource) -> str:
    name = person.get("name", [{}])[0]
    return str(name.get("text") or " ".join([*name.get("given", []), name.get("family", "")]))


def _concept(concept: Resource) -> str:
    coding = concept.get("coding", [{}])
    return str(concept.get("text") or coding[0].get("display") or coding[0].get("code") or "")


def _moment(text: str) -> str:
    return text[:16].replace("T", " ")


def _age(birth: str, today: date) -> int:
    born = date.fromisoformat(birth)
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def day(seconds: float) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()
