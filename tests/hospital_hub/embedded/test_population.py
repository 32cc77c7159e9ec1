"""The synthetic patients: the same bytes each time, valid for two validators, coherent, and plainly synthetic."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import pytest

from hospital_hub.embedded.population import shared
from hospital_hub.embedded.population.patients import DEFAULT_ANCHOR, population
from hospital_hub.embedded.population.seeding import seed
from integrations.fhir.checking import problems
from tests.fixtures.hospital import FhirServer

Resource = dict[str, Any]
PRINT_HASH = """
import hashlib, json
from hospital_hub.embedded.population.patients import population
print(hashlib.sha256(json.dumps(population()).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def resources() -> list[Resource]:
    return population()


def of_kind(resources: list[Resource], kind: str) -> list[Resource]:
    return [one for one in resources if one["resourceType"] == kind]


def note_text(note: Resource) -> str:
    return base64.b64decode(note["content"][0]["attachment"]["data"]).decode()


def test_the_same_bytes_in_another_process(resources: list[Resource]) -> None:
    here = hashlib.sha256(json.dumps(resources).encode()).hexdigest()
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Shanghai"}  # noqa: TID251 - for a child
    there = subprocess.run(
        [sys.executable, "-c", PRINT_HASH], env=environment, capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == here


def test_another_anchor_moves_every_chart_by_the_same_days(resources: list[Resource]) -> None:
    later = population(DEFAULT_ANCHOR + timedelta(days=10))
    moved = Counter()
    for old, new in zip(of_kind(resources, "Encounter"), of_kind(later, "Encounter"), strict=True):
        days = [date.fromisoformat(one["period"]["start"][:10]) for one in (old, new)]
        moved[(days[1] - days[0]).days] += 1
    assert set(moved) == {10}


def test_every_resource_is_valid_and_marked_as_test_data(resources: list[Resource]) -> None:
    assert len(resources) > 1500
    for one in resources:
        assert problems(one) == [], one["id"]
        assert {tag["code"] for tag in one["meta"]["tag"]} == {"HTEST", "synthetic"}


def test_about_twenty_patients_with_obviously_invented_names(resources: list[Resource]) -> None:
    names = [one["name"][0]["text"] for one in of_kind(resources, "Patient")]
    assert len(names) == len(set(names)) == 20
    assert sum(name.startswith("测试·") for name in names) >= 6
    assert all(name.startswith("测试·") or name.endswith(" Demo") for name in names)
    assert all(one["identifier"][0]["system"] == "urn:demo" for one in of_kind(resources, "Patient"))


def test_each_chart_has_what_a_note_is_drafted_from(resources: list[Resource]) -> None:
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for one in resources:
        owner = (one.get("subject") or one.get("patient") or {}).get("reference")
        if owner:
            kinds[owner][one["resourceType"]] += 1
    assert len(kinds) == 20
    wanted = ("Encounter", "Condition", "Observation", "MedicationRequest", "AllergyIntolerance", "DocumentReference")
    for owner, found in kinds.items():
        assert all(found[kind] for kind in wanted), (owner, found)


def test_references_lead_to_resources_of_the_same_patient(resources: list[Resource]) -> None:
    present = {f"{one['resourceType']}/{one['id']}": one for one in resources}
    assert len(present) == len(resources)
    for one in resources:
        for reference in references(one):
            assert reference in present, (one["id"], reference)
        encounter = one.get("encounter", {}).get("reference")
        if encounter:
            assert present[encounter]["subject"]["reference"] == one["subject"]["reference"]


def references(value: object) -> list[str]:
    if isinstance(value, list):
        return [found for one in value for found in references(one)]
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [found for one in value.values() for found in references(one)]
    return []


def test_each_patient_has_one_stay_under_way_and_nothing_after_the_anchor(resources: list[Resource]) -> None:
    under_way = Counter(
        one["subject"]["reference"] for one in of_kind(resources, "Encounter") if one["status"] == "in-progress"
    )
    assert set(under_way.values()) == {1}
    assert len(under_way) == 20
    for one in resources:
        when = one.get("effectiveDateTime") or one.get("date") or one.get("authoredOn") or ""
        assert when[:10] <= DEFAULT_ANCHOR.isoformat(), one["id"]


def test_notes_name_the_allergy_of_the_chart(resources: list[Resource]) -> None:
    """The charts are read by a grounding check: a note that denies what the list says would be a wrong source."""
    stated = {
        one["patient"]["reference"]: one["code"]["text"]
        for one in of_kind(resources, "AllergyIntolerance")
        if "criticality" in one
    }
    assert stated["Patient/demo-zh-01"] == "青霉素"
    for note in of_kind(resources, "DocumentReference"):
        if note["subject"]["reference"] in stated:
            assert "No known drug allergies" not in note_text(note), note["id"]
            assert "否认药物过敏" not in note_text(note), note["id"]


def test_values_carry_loinc_and_ucum(resources: list[Resource]) -> None:
    for one in of_kind(resources, "Observation"):
        assert one["code"]["coding"][0]["system"] == "http://loinc.org", one["id"]
        for quantity in [part["valueQuantity"] for part in [one, *one.get("component", [])] if "valueQuantity" in part]:
            assert quantity["system"] == "http://unitsofmeasure.org"
            assert quantity["code"]


async def test_the_server_takes_all_of_it_once(hospital_fhir: FhirServer) -> None:
    before = hospital_fhir.journal.stat().st_size
    assert await seed(hospital_fhir.url, DEFAULT_ANCHOR) == 0
    assert hospital_fhir.journal.stat().st_size == before
    changes = [change for line in hospital_fhir.journal.read_bytes().splitlines() for change in json.loads(line)]
    written = [change["put"]["id"] for change in changes if "put" in change]
    assert written.count(shared.MARKER) == 1
