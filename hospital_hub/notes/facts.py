"""A chart as facts: one short text each, with the resource it comes from. Pure.

Minimum necessary: age and sex stand for name, number and date of birth; narrative HTML is never read. A fact is
said in the chart's own language, so that a draft can use its words.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from hospital_hub.clinical.grounding import Fact, FactKind
from hospital_hub.notes.chart import Chart
from hospital_hub.notes.documents import sentences_of, text_of
from hospital_hub.notes.measurements import measurements
from hospital_hub.notes.medicine_names import names_of
from hospital_hub.notes.wording import WORDING, Wording, is_chinese
from integrations.fhir.client import Resource
from integrations.fhir.paths import at, codes, concept, items, word

# SNOMED CT "No known allergy" and its children that EMRs use.
NO_ALLERGY = frozenset({"716186003", "409137002", "428607008", "429625007"})
ACTIVE = frozenset({"active", "recurrence", "relapse"})
DISPROVED = frozenset({"refuted", "entered-in-error"})


def facts_of(chart: Chart, *, today: date, language: str = "") -> tuple[str, tuple[Fact, ...]]:
    """The language (`zh-CN` or `en`; the chart's own if none is asked for) and the facts, most needed first.

    They are numbered `f1`, `f2`, ...
    """
    language = language or language_of(chart)
    wording = WORDING[language]
    found = [
        *_person(chart.patient, wording, today=today),
        *_stay(chart.encounter, wording),
        *_allergies(chart.of("AllergyIntolerance"), wording),
        *_problems(chart.of("Condition"), wording),
        *_medicines(chart.of("MedicationRequest")),
        *measurements(chart.of("Observation"), wording),
        *sentences_of(chart.of("DocumentReference"), hidden=names_of_patient(chart.patient), instead=wording.somebody),
    ]
    return language, tuple(_numbered(found))


def _numbered(found: Iterable[Fact]) -> Iterator[Fact]:
    for number, fact in enumerate(found, 1):
        yield Fact(f"f{number}", fact.source, fact.kind, fact.text, fact.span, fact.terms, fact.abnormal)


def language_of(chart: Chart) -> str:
    """Of what people wrote into the chart: problems, reasons, notes."""
    written = [concept(one, "code") for one in chart.of("Condition")]
    written += [concept(one) for one in items(chart.encounter, "reasonCode")]
    written += [text_of(one) for one in chart.of("DocumentReference")]
    return "zh-CN" if is_chinese("".join(written)) else "en"


def reference(resource: Resource) -> str:
    return f"{word(resource, 'resourceType')}/{word(resource, 'id')}"


def age(birth: str, today: date) -> int | None:
    """Whole years; None where the date of birth has no day."""
    try:
        born = date.fromisoformat(birth)
    except ValueError:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _person(patient: Resource, wording: Wording, *, today: date) -> Iterator[Fact]:
    years = age(word(patient, "birthDate"), today)
    sex = wording.sex.get(word(patient, "gender"), "")
    said = wording.person(years, sex)
    if said:
        yield Fact("", reference(patient), FactKind.PATIENT, said)


def _stay(encounter: Resource | None, wording: Wording) -> Iterator[Fact]:
    if encounter is None:
        return
    reasons = wording.comma.join(filter(None, (concept(one) for one in items(encounter, "reasonCode"))))
    said = wording.stay(day(word(encounter, "period", "start")), reasons)
    if said:
        yield Fact("", reference(encounter), FactKind.ENCOUNTER, said, terms=(reasons,) if reasons else ())


def _allergies(found: Sequence[Resource], wording: Wording) -> Iterator[Fact]:
    for one in found:
        state = codes(one, "clinicalStatus") | codes(one, "verificationStatus")
        substance = concept(one, "code")
        if not substance or state & (DISPROVED | {"inactive", "resolved"}):
            continue
        if codes(one, "code") & NO_ALLERGY:
            yield Fact("", reference(one), FactKind.PROBLEM, substance, terms=(substance,))
            continue
        reactions = [concept(sign) for event in items(one, "reaction") for sign in items(event, "manifestation")]
        said = wording.allergy(substance, wording.comma.join(filter(None, reactions)))
        yield Fact("", reference(one), FactKind.ALLERGY, said, terms=(substance,))


def _problems(found: Sequence[Resource], wording: Wording) -> Iterator[Fact]:
    for one in found:
        state, name = codes(one, "clinicalStatus"), concept(one, "code")
        if not name or (state and not state & ACTIVE) or codes(one, "verificationStatus") & DISPROVED:
            continue
        said = wording.since(name, day(word(one, "onsetDateTime")))
        yield Fact("", reference(one), FactKind.PROBLEM, said, terms=(name,))


def _medicines(found: Sequence[Resource]) -> Iterator[Fact]:
    for one in found:
        name = concept(one, "medicationCodeableConcept") or word(one, "medicationReference", "display")
        if not name or word(one, "status") != "active" or at(one, "doNotPerform") is True:
            continue
        doses = [dose for dose in (_dose(step) for step in items(one, "dosageInstruction")) if dose]
        yield Fact("", reference(one), FactKind.MEDICINE, " ".join([name, *doses]), terms=names_of(name))


def _dose(step: Resource) -> str:
    """The prescriber's own words, else amount and route."""
    if word(step, "text"):
        return word(step, "text")
    amount = at(step, "doseAndRate", 0, "doseQuantity")
    unit = word(amount, "unit") or word(amount, "code")
    return " ".join(filter(None, (word(amount, "value"), unit, concept(step, "route"))))


def day(moment: str) -> str:
    """The date of a FHIR date or dateTime."""
    return moment.split("T", maxsplit=1)[0]


def names_of_patient(patient: Resource) -> tuple[str, ...]:
    """How notes may call the patient, longest first; single letters and characters hide too much else."""
    names = items(patient, "name")
    given = [str(one) for name in names for one in (at(name, "given") or []) if isinstance(one, str)]
    words = [*(word(name, "text") for name in names), *(word(name, "family") for name in names), *given]
    return tuple(sorted({one for one in words if len(one) > 1}, key=len, reverse=True))
