"""HealthChain's own CDS Hooks client calls patient-view and encounter-discharge of a running hub.

It sends no token, no fhirServer and no encounterId; what it invents names other patients than its context and calls
`class` `class_fhir`. Both are seen here: a whole chart gets its cards, and what is wrong is named.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hospital_hub.cds.charts import bundle, chart
from tests.hospital_hub.cds.invariants import violations

Json = dict[str, Any]
DRIVE = Path(__file__).with_name("drive.py")
KINDS = {
    "patient-view": {
        "encounters": "Encounter",
        "problems": "Condition",
        "medicines": "MedicationRequest",
        "results": "Observation",
        "notes": "DocumentReference",
    },
    "encounter-discharge": {
        "medicines": "MedicationRequest",
        "results": "Observation",
        "reports": "DiagnosticReport",
        "orders": "ServiceRequest",
    },
}


async def drive(python: Path, *arguments: str) -> list[Json]:
    process = await asyncio.create_subprocess_exec(
        python, DRIVE, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    calls: list[Json] = json.loads(said)
    assert calls
    return calls


@pytest.mark.parametrize(
    ("hook", "topics"),
    [("patient-view", {"changes", "abnormal"}), ("encounter-discharge", {"summary", "pending", "reconcile"})],
)
async def test_a_whole_chart_gets_its_cards(
    healthchain: Path, hub: str, tmp_path: Path, hook: str, topics: set[str]
) -> None:
    resources = chart()
    prefetch = {
        key: bundle(*(one for one in resources if one["resourceType"] == kind)) for key, kind in KINDS[hook].items()
    }
    if hook == "encounter-discharge":
        prefetch["encounter"] = next(one for one in resources if one["id"] == "e1")
    file = tmp_path / "prefetch.json"
    file.write_text(json.dumps(prefetch), encoding="utf-8")
    (call,) = await drive(healthchain, f"{hub}/cds-services/{hook}", hook, "chart", str(file))
    answer = call["received"]
    assert violations(answer) == []
    assert {card["source"]["topic"]["code"] for card in answer["cards"]} == topics


@pytest.mark.parametrize("hook", ["patient-view", "encounter-discharge"])
async def test_what_its_generator_invents_is_diagnosed_by_name(healthchain: Path, hub: str, hook: str) -> None:
    calls = await drive(healthchain, f"{hub}/cds-services/{hook}", hook, "synthetic")
    for call in calls:
        assert "class_fhir" in call["sent"]["prefetch"]["encounter"]
        if call["sent"]["context"]["userId"].startswith(("Patient/", "RelatedPerson/")):
            assert call["received"] == {
                "cards": []
            }  # its generator draws the user's kind too; these cards are for staff
            continue
        assert call["received"] == {}  # so its client shows every error
        async with httpx.AsyncClient() as client:
            again = await client.post(f"{hub}/cds-services/{hook}", json=call["sent"])
        assert again.status_code == 412
        named = {
            (one["expression"][0], one["details"]["coding"][0]["code"])
            for one in again.json()["issue"]
            if "expression" in one
        }
        if hook == "encounter-discharge":
            assert ("prefetch.encounter.class_fhir", "python_name") in named
            assert ("prefetch.encounter.subject", "foreign_patient") in named
            assert ("context.encounterId", "no_encounter_id") in named
        else:
            assert ("prefetch.encounter", "unasked") in named
