"""Patients whose Chinese records are written by hand in written.toml; this only gives them the form of FHIR."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from hospital_hub.embedded.population import shared
from hospital_hub.embedded.population.shared import Resource, concept, labelled, status

ICD10 = "http://hl7.org/fhir/sid/icd-10"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CLASSES = {"IMP": "inpatient encounter", "EMER": "emergency", "AMB": "ambulatory"}
NOTE_KINDS = {
    "admission": ("34117-2", "入院记录"),
    "nursing": ("34746-8", "护理记录"),
    "progress": ("11506-3", "病程记录"),
    "operation": ("11504-8", "手术记录"),
}
# LOINC code, Chinese name, UCUM unit.
VITALS = {
    "t": ("8310-5", "体温", "Cel"),
    "hr": ("8867-4", "心率", "/min"),
    "rr": ("9279-1", "呼吸频率", "/min"),
    "spo2": ("59408-5", "血氧饱和度", "%"),
    "weight": ("29463-7", "体重", "kg"),
    "height": ("8302-2", "身高", "cm"),
    "pain": ("72514-3", "疼痛评分", "{score}"),
}
# How people write a UCUM code; nothing where they write the bare number.
UNITS = {"Cel": "℃", "{score}": "分", "{INR}": "", "[pH]": "", "mm[Hg]": "mmHg", "umol/L": "μmol/L", "/min": "次/分"}
PRESSURES = (("sbp", "8480-6", "收缩压"), ("dbp", "8462-4", "舒张压"))


def patients(anchor: date) -> list[Resource]:
    document = tomllib.loads(shared.data_file("written.toml").read_text(encoding="utf-8"))
    charts = [Chart(entry, labs=document["labs"], anchor=anchor) for entry in document["patient"]]
    return [one for chart in charts for one in chart.resources()]


@dataclass(frozen=True)
class Chart:
    entry: Resource
    labs: Resource
    anchor: date

    def resources(self) -> list[Resource]:
        allergies = self.entry["allergies"] or [{"language": "zh"}]
        return [
            self._person(),
            self._stay(),
            *(self._problem(one, n) for n, one in enumerate(self.entry["problems"], 1)),
            *(shared.allergy(self.entry["id"], one, number=n) for n, one in enumerate(allergies, 1)),
            *(self._medicine(one, n) for n, one in enumerate(self.entry["medicines"], 1)),
            *(self._vital(one, key) for one in self.entry["vitals"] for key in one if key in VITALS),
            *(self._pressure(one) for one in self.entry["vitals"]),
            *(self._result(one, key) for one in self.entry["results"] for key in one if key in self.labs),
            *(self._note(one, n) for n, one in enumerate(self.entry["notes"], 1)),
        ]

    def _own(self, kind: str, suffix: str, *, fields: Resource) -> Resource:
        identifier = f"{self.entry['id']}-{suffix}"
        subject = {"reference": f"Patient/{self.entry['id']}", "display": self.entry["name"]}
        return labelled({"resourceType": kind, "id": identifier, "subject": subject, **fields})

    @property
    def _encounter(self) -> Resource:
        return {"reference": f"Encounter/{self.entry['id']}-stay"}

    def _moment(self, text: str) -> str:
        day, clock = text.split()
        moment = datetime.combine(self.anchor + timedelta(days=int(day)), time.fromisoformat(clock))
        return f"{moment.isoformat()}+08:00"

    def _person(self) -> Resource:
        name = self.entry["name"]
        return labelled(
            {
                "resourceType": "Patient",
                "id": self.entry["id"],
                "identifier": [{"system": shared.DEMO_SYSTEM, "value": self.entry["id"]}],
                "active": True,
                "name": [{"text": name, "family": name.split("·")[0], "given": [name.split("·")[1]]}],
                "gender": self.entry["gender"],
                "birthDate": self.entry["birth"],
            }
        )

    def _stay(self) -> Resource:
        code = self.entry["class"]
        coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code, "display": CLASSES[code]}
        fields = {
            "status": "in-progress",
            "class": coding,
            "period": {"start": self._moment(self.entry["admitted"])},
            "reasonCode": [concept(self.entry["reason"])],
            "location": [{"location": {"display": self.entry["ward"]}}],
            "participant": [{"individual": shared.staff(self.entry["doctor"])}],
        }
        return self._own("Encounter", "stay", fields=fields)

    def _problem(self, one: Resource, number: int) -> Resource:
        category = "encounter-diagnosis" if one.get("now") else "problem-list-item"
        started = {"onsetDateTime": one["since"]} if "since" in one else {"encounter": self._encounter}
        fields = {
            "clinicalStatus": status("condition-clinical", "active"),
            "verificationStatus": status("condition-ver-status", "confirmed"),
            "category": [status("condition-category", category)],
            "code": concept(one["text"], system=ICD10, code=one["code"]),
            "recordedDate": self._moment(self.entry["admitted"]),
            **started,
        }
        return self._own("Condition", f"problem-{number}", fields=fields)

    def _medicine(self, one: Resource, number: int) -> Resource:
        fields = {
            "status": one.get("status", "active"),
            "intent": "order",
            "medicationCodeableConcept": concept(one["text"], system=shared.ATC, code=one["atc"]),
            "encounter": self._encounter,
            "authoredOn": self._moment(one["at"]),
            "requester": shared.staff(self.entry["doctor"]),
            "dosageInstruction": [{"text": one["dose"]}],
        }
        return self._own("MedicationRequest", f"medicine-{number}", fields=fields)

    def _observed(self, category: str, code: Resource, *, at: str) -> Resource:
        return {
            "status": "final",
            "category": [status("observation-category", category)],
            "code": code,
            "encounter": self._encounter,
            "effectiveDateTime": self._moment(at),
        }

    def _vital(self, one: Resource, key: str) -> Resource:
        code, text, unit = VITALS[key]
        fields = self._observed("vital-signs", concept(text, system=LOINC, code=code), at=one["at"])
        fields["valueQuantity"] = _quantity(one[key], unit)
        return self._own("Observation", f"{key}{_mark(one['at'])}", fields=fields)

    def _pressure(self, one: Resource) -> Resource:
        parts = [
            {"code": concept(text, system=LOINC, code=code), "valueQuantity": _quantity(one[key], "mm[Hg]")}
            for key, code, text in PRESSURES
        ]
        fields = self._observed("vital-signs", concept("血压", system=LOINC, code="85354-9"), at=one["at"])
        return self._own("Observation", f"bp{_mark(one['at'])}", fields={**fields, "component": parts})

    def _result(self, one: Resource, key: str) -> Resource:
        lab = self.labs[key]
        low, high, value = lab["low"], lab["high"], one[key]
        flag = "L" if value < low else "H" if value > high else "N"
        result = {
            "valueQuantity": _quantity(value, lab["unit"]),
            "referenceRange": [{"low": _quantity(low, lab["unit"]), "high": _quantity(high, lab["unit"])}],
            "interpretation": [status("v3-ObservationInterpretation", flag)],
        }
        fields = self._observed("laboratory", concept(lab["text"], system=LOINC, code=lab["loinc"]), at=one["at"])
        return self._own("Observation", f"{key.replace('_', '-')}{_mark(one['at'])}", fields={**fields, **result})

    def _note(self, one: Resource, number: int) -> Resource:
        code, text = NOTE_KINDS[one["kind"]]
        fields = {
            "status": "current",
            "docStatus": "final",
            "type": concept(text, system=LOINC, code=code),
            "date": self._moment(one["at"]),
            "author": [shared.staff(one["by"])],
            "content": [{"attachment": shared.attachment(one["text"].strip() + "\n", title=text, language="zh-CN")}],
            "context": {"encounter": [self._encounter]},
        }
        return self._own("DocumentReference", f"note-{number}", fields=fields)


def _mark(at: str) -> str:
    """A part of an id that names the time: "-3 09:20" gives "-minus3-0920"."""
    day, clock = at.split()
    return f"-{day.replace('-', 'minus')}-{clock.replace(':', '')}"


def _quantity(value: float, code: str) -> Resource:
    unit = UNITS.get(code, code)
    return {"value": value, **({"unit": unit} if unit else {}), "system": UCUM, "code": code}
