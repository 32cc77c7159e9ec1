"""Patients from clinosim, cut off in the middle of their stay and moved to the anchor date."""

import base64
import json
import logging
import re
import tomllib
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from clinosim.api import SimulatorConfig, convert_cif_to_fhir, run_forced
from clinosim.modules.document.narrative.passes import TemplateNarrativePass
from clinosim.modules.output.cif_writer import write_cif
from clinosim.types.config import ForcedScenario

from hospital_hub.embedded.population import shared
from hospital_hub.embedded.population.record import Case, Record, text_of
from hospital_hub.embedded.population.shared import Resource

DATE = re.compile(r"(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)")


def patients(anchor: date) -> list[Resource]:
    document = tomllib.loads(shared.data_file("simulated.toml").read_text(encoding="utf-8"))
    cases = [Case(**entry) for entry in document["patient"]]
    return [
        one
        for number, case in enumerate(cases)
        for one in _patient(case, seed=document["seed"] + number, anchor=anchor)
    ]


def _patient(case: Case, *, seed: int, anchor: date) -> list[Resource]:
    record = Record(case, _simulate(case, seed))
    kept = [record.patient(), *record.stays(), *record.listed(), *record.measured(), *record.notes()]
    by = anchor - timedelta(days=1) - record.cut.date()  # the record ends the evening before
    shifted = [_shift(one, by) for one in kept]
    allergies = case.allergies or [{"language": "en"}]
    return shifted + [shared.allergy(case.patient, one, number=number) for number, one in enumerate(allergies, 1)]


def _simulate(case: Case, seed: int) -> dict[str, list[Resource]]:
    """Simulation, narrative and FHIR conversion as clinosim's own command runs them, in a folder of its own."""
    overrides = {"age": case.age, "sex": case.sex}
    scenario = ForcedScenario(disease_id=case.disease, count=1, patient_overrides=overrides)
    config = SimulatorConfig(random_seed=seed, country="US", catchment_population=1)
    logging.getLogger("clinosim").setLevel(logging.CRITICAL)
    with TemporaryDirectory(prefix="hub-population-") as folder:
        cif, fhir = Path(folder, "cif"), Path(folder, "fhir")
        write_cif(run_forced(scenario, config), str(cif))
        TemplateNarrativePass(cif_dir=str(cif), version_id="template", country="US", rng_seed=seed).run()
        Path(cif, "narratives", "current_version.txt").write_text("template", encoding="ascii")
        convert_cif_to_fhir(str(cif), str(fhir), country="US")
        return {file.stem: _lines(file) for file in sorted(fhir.glob("*.ndjson"))}


def _lines(file: Path) -> list[Resource]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _shift(resource: Resource, by: timedelta) -> Resource:
    moved = json.loads(DATE.sub(lambda match: str(date.fromisoformat(match[0]) + by), json.dumps(resource)))
    if resource["resourceType"] == "DocumentReference":
        holder = moved["content"][0]["attachment"]
        text = DATE.sub(lambda match: str(date.fromisoformat(match[0]) + by), text_of(moved))
        holder["data"] = base64.b64encode(text.encode()).decode("ascii")
    return dict(moved)
