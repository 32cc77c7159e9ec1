"""The rules on whole charts: the demonstration's, and the shared sample where it lies beside the repository."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from hospital_hub.cds.catalogue import catalogue
from hospital_hub.cds.chart import Chart
from hospital_hub.cds.finding import Finding, Situation
from hospital_hub.cds.prefetched import part_of
from hospital_hub.cds.rules.registry import RULES
from hospital_hub.cds.wording import Setting, cards_of
from hospital_hub.embedded.population.patients import DEFAULT_ANCHOR
from hospital_hub.embedded.population.written import patients
from hospital_hub.storage.ids import new_id
from integrations.cds_hooks.cards import answer
from integrations.cds_hooks.prefetch import kind_of, resolve
from integrations.cds_hooks.request import Context
from integrations.fhir.lossless import loads
from tests.architecture.sources import ROOT
from tests.hospital_hub.cds.charts import draft
from tests.hospital_hub.cds.invariants import violations

Json = dict[str, Any]
SAMPLE = ROOT.parent / "shared" / "fhir_sample"
needs_sample = pytest.mark.skipif(not (SAMPLE / "SOURCE.txt").is_file(), reason="../shared/fhir_sample is not here")
OWNER = {"AllergyIntolerance": "patient"}
NOON = datetime.combine(DEFAULT_ANCHOR, datetime.min.time(), UTC).replace(hour=4)
ORDERS = (
    *("Amoxicillin", "Ceftriaxone", "Aspirin 81 MG Oral Tablet", "Metformin", "Sulfamethoxazole", "lisinopril"),
    *("阿莫西林胶囊", "头孢呋辛钠注射剂", "碘海醇注射液", "复方磺胺甲噁唑片", "盐酸二甲双胍缓释片", "华法林钠片"),
)


def charts_of(resources: Iterable[Json]) -> dict[str, list[Json]]:
    """By patient."""
    charts: dict[str, list[Json]] = defaultdict(list)
    for one in resources:
        holder = one.get(OWNER.get(one["resourceType"], "subject")) or {}
        if "reference" in holder:
            charts[holder["reference"].rpartition("/")[2]].append(one)
    return charts


def run(resources: list[Json], *, patient: str, service: str, now: datetime) -> dict[str, list[Finding]]:
    """Everything but the wire: templates, the check of what was sent, the rules, the words."""
    book = catalogue()
    chosen = book.of(service)
    assert chosen is not None
    orders = tuple(draft(f"x{number}", name) for number, name in enumerate(ORDERS)) if "order" in service else ()
    stays = sorted((one["period"]["start"], one["id"]) for one in resources if one["resourceType"] == "Encounter")
    context = Context("Practitioner/d", patient, stays[-1][1] if stays else "", orders=orders)
    parts = {}
    for key, template in chosen.prefetch.items():
        query = resolve(template, context)
        if query is None:
            continue
        found = [one for one in resources if one["resourceType"] == kind_of(template)]
        sent: Json = {"resourceType": "Bundle", "entry": [{"resource": one} for one in found]}
        if query.identifier:
            sent = next(one for one in found if one["id"] == query.identifier)
        part = part_of(sent, query, patient=patient, place=key)
        assert part.unread is None, (patient, key, part.faults)
        parts[key] = part.resources or ()
    situation = Situation(Chart(parts), context, (), now, book.parameters)
    findings = {name: RULES[name](situation) for name in chosen.rules}
    for language in ("en", "zh-CN"):
        setting = Setting(book, chosen, new_id(0), language, "https://hub.example.org")
        cards = [shown.card for name, found in findings.items() for shown in cards_of(setting, name, found=found)]
        assert violations(answer(cards)) == [], patient
    return findings


def texts(found: list[Finding]) -> set[tuple[str, str]]:
    return {(one.text, str(one.fields.get("order", ""))) for one in found}


@pytest.fixture(scope="module")
def demo() -> dict[str, list[Json]]:
    return charts_of(patients(DEFAULT_ANCHOR))


def test_the_demonstrations_allergies_meet_the_orders(demo: dict[str, list[Json]]) -> None:
    """zh-01 is allergic to penicillin, zh-03 to sulfonamides, zh-04 to iodinated contrast media."""
    expected = {
        "demo-zh-01": {("class", "阿莫西林胶囊"), ("class", "Amoxicillin"), ("related", "Ceftriaxone")},
        "demo-zh-03": {("class", "复方磺胺甲噁唑片"), ("class", "Sulfamethoxazole")},
        "demo-zh-04": {("class", "碘海醇注射液")},
    }
    for patient, wanted in expected.items():
        found = texts(run(demo[patient], patient=patient, service="order-sign", now=NOON)["allergy"])
        assert wanted <= found, (patient, found)
    assert run(demo["demo-zh-02"], patient="demo-zh-02", service="order-sign", now=NOON)["allergy"] == []


def test_the_demonstrations_kidney_values_stand_beside_metformin(demo: dict[str, list[Json]]) -> None:
    found = run(demo["demo-zh-01"], patient="demo-zh-01", service="order-sign", now=NOON)
    kidney = next(one for one in found["kidney"] if one.fields["order"] == "盐酸二甲双胍缓释片")
    assert kidney.names == (
        "估算肾小球滤过率 96 mL/min/{1.73_m2} (2026-10-31)",
        "肌酐 78 μmol/L (2026-10-31)",
    )
    assert ("same", "盐酸二甲双胍缓释片") in texts(found["duplicate"])


def test_every_demonstration_patient_can_be_discharged_and_opened(demo: dict[str, list[Json]]) -> None:
    kinds: Counter[str] = Counter()
    for patient, resources in demo.items():
        for service in ("patient-view", "encounter-discharge"):
            for name, found in run(resources, patient=patient, service=service, now=NOON).items():
                kinds[name] += len(found)
    assert kinds["summary"] == len(demo)
    assert kinds["reconcile"] > len(demo) // 2
    assert kinds["abnormal"] > 0


def synthea() -> Iterable[Json]:
    for file in sorted((SAMPLE / "synthea_r4").glob("*.json")):
        text = file.read_text(encoding="utf-8")
        bundle = loads(re.sub(r"urn:uuid:([0-9a-f-]{36})", r"Patient/\1", text).encode())
        yield from (entry["resource"] for entry in bundle["entry"])


def clinosim() -> Iterable[Json]:
    for file in sorted((SAMPLE / "clinosim_ndjson").glob("*.ndjson")):
        yield from (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())


@needs_sample
@pytest.mark.parametrize(("source", "least"), [(synthea, 12), (clinosim, 20)])
def test_every_sample_patient_gets_lawful_cards_for_every_hook(source: Any, least: int) -> None:  # noqa: ANN401
    charts = charts_of(source())
    assert len(charts) >= least
    kinds: Counter[str] = Counter()
    for patient, resources in charts.items():
        latest = max(
            (str(one["period"]["start"]) for one in resources if one["resourceType"] == "Encounter"), default=""
        )
        now = datetime.fromisoformat(latest) if latest else NOON
        now = now if now.tzinfo else now.replace(tzinfo=UTC)
        for service in catalogue().service:
            if service.hook != "encounter-discharge" or latest:
                for name, found in run(resources, patient=patient, service=service.id, now=now).items():
                    kinds[name] += len(found)
    assert kinds["summary"] >= least - 1
    assert kinds["duplicate"] > 0
    assert kinds["kidney"] > 0


@needs_sample
def test_the_samples_allergies_are_found_with_their_groups() -> None:
    """Two patients with a penicillin, one with a sulfonamide, two with an aspirin allergy; all others have none."""
    groups: Counter[str] = Counter()
    for patient, resources in charts_of(clinosim()).items():
        found = run(resources, patient=patient, service="order-sign", now=NOON)["allergy"]
        groups.update({str(one.fields["name"]) for one in found})
    assert groups == {"Substance with penicillin structure": 2, "Sulfonamide": 1, "Aspirin": 2}
