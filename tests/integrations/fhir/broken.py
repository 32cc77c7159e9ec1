"""Kinds of broken R4 resources, each a good one with one change, and the rule and place that must be named."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'
PATIENT: Final[Json] = {
    "resourceType": "Patient",
    "id": "p1",
    "text": {"status": "generated", "div": DIV % "<p>An <b>invented</b> person</p>"},
    "active": True,
    "name": [{"use": "official", "family": "Demo", "given": ["Ann", "B"]}],
    "telecom": [{"system": "phone", "value": "0"}],
    "gender": "female",
    "birthDate": "1950-01",
    "contact": [{"name": {"text": "A friend"}}],
    "communication": [{"language": {"text": "中文"}}],
}
PRESSURE: Final[Json] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
    "subject": {"reference": "Patient/p1"},
    "effectivePeriod": {"start": "2026-01-01T10:00:00Z", "end": "2026-01-01T11:00:00+01:00"},
    "component": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
            "valueQuantity": {"value": 120, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
        }
    ],
    "referenceRange": [{"low": {"value": 90}, "high": {"value": 140}}],
}
PULSE: Final[Json] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "valueQuantity": {"value": 72},
}
PROBLEM: Final[Json] = {
    "resourceType": "Condition",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    },
    "code": {"text": "Cough"},
    "subject": {"reference": "#who"},
    "contained": [{"resourceType": "Patient", "id": "who"}],
    "extension": [{"url": "urn:x", "valueString": "y"}],
}
ALLERGY: Final[Json] = {
    "resourceType": "AllergyIntolerance",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
    },
    "patient": {"reference": "https://emr.example.org/fhir/Patient/p1"},
}
DOCUMENT: Final[Json] = {
    "resourceType": "DocumentReference",
    "status": "current",
    "docStatus": "preliminary",
    "subject": {"identifier": {"system": "urn:x", "value": "1"}, "type": "Patient"},
    "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": "QQ==", "url": "https://x.org/a"}}],
}
COMPOSITION: Final[Json] = {
    "resourceType": "Composition",
    "status": "final",
    "type": {"text": "Note"},
    "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"},
    "date": "2026-01-01",
    "author": [{"display": "Dr. Demo"}],
    "title": "Note",
    "section": [{"title": "S", "text": {"status": "additional", "div": DIV % "x"}}],
}
RISK: Final[Json] = {
    "resourceType": "RiskAssessment",
    "status": "preliminary",
    "subject": {"reference": "Patient/p1"},
    "prediction": [{"probabilityDecimal": 30}],
}
ANSWERS: Final[Json] = {
    "resourceType": "QuestionnaireResponse",
    "status": "completed",
    "item": [{"linkId": "1", "answer": [{"valueInteger": 5, "item": [{"linkId": "1.1"}]}]}],
}
TASK: Final[Json] = {
    "resourceType": "Task",
    "status": "requested",
    "intent": "order",
    "authoredOn": "2026-01-01T10:00:00Z",
    "lastModified": "2026-01-01T10:00:00.5Z",
}
BUNDLE: Final[Json] = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:00000000-0000-4000-8000-00000000000" + digit,
            "resource": {"resourceType": "Basic", "code": {"text": "x"}},
            "request": {"method": "POST", "url": "Basic"},
        }
        for digit in "12"
    ],
}
OUTCOME: Final[Json] = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]}
CAPABILITY: Final[Json] = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": "2026-01-01",
    "kind": "instance",
    "implementation": {"description": "x"},
    "fhirVersion": "4.0.1",
    "format": ["json"],
    "rest": [{"mode": "server"}],
}
GOOD: Final = (
    *(PATIENT, PRESSURE, PULSE, PROBLEM, ALLERGY, DOCUMENT, COMPOSITION),
    *(RISK, ANSWERS, TASK, BUNDLE, OUTCOME, CAPABILITY),
)
GONE: Final = object()


def _deep(levels: int) -> Json:
    """An item inside an item inside an item."""
    inner: Json = {"linkId": "x"}
    for _ in range(levels):
        inner = {"linkId": "x", "item": [inner]}
    return inner


@dataclass(frozen=True)
class Broken:
    """`value` at the `path` of `good` makes it break `rule` at `place`, which is the path itself where it is empty."""

    rule: str
    good: Json
    path: tuple[str | int, ...]
    value: object
    place: str = ""

    @property
    def resource(self) -> Json:
        made: Any = deepcopy(self.good)
        holder = made
        for step in self.path[:-1]:
            holder = holder[step]
        if self.value is GONE:
            del holder[self.path[-1]]
        else:
            holder[self.path[-1]] = self.value
        return dict(made)

    @property
    def named(self) -> str:
        own = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in self.path)
        return self.place or f"{self.good['resourceType']}{own}"


def narrative(rule: str, inner: str) -> Broken:
    return Broken(rule, PATIENT, ("text", "div"), DIV % inner)


WRONG: Final[Json] = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "entered-in-error"},
    ]
}
BACKWARDS: Final[Json] = {"low": {"value": 2}, "high": {"value": 1}}
HALF: Final[Json] = {"numerator": {"value": 1}}
ORGANIZATION: Final[Json] = {"resourceType": "Organization", "name": "Demo", "active": True}
EMPTY_AND_FULL: Final[Json] = {"emptyReason": {"text": "x"}, "entry": [{"reference": "Observation/1"}]}
INSIDE: Final[Json] = {"resourceType": "Basic", "code": {"text": "x"}}
SCRIPT: Final = "<script>alert(1)</script>"
BROKEN: Final = (
    Broken("kind", PATIENT, ("resourceType",), "Person2", "resourceType"),
    Broken("kind", PATIENT, ("resourceType",), GONE, "resourceType"),
    Broken("kind", PATIENT, ("resourceType",), "HumanName", "resourceType"),
    Broken("kind", PATIENT, ("resourceType",), "SubscriptionTopic", "resourceType"),
    Broken("depth", ANSWERS, ("item", 0), _deep(40), "QuestionnaireResponse"),
    Broken("depth", ANSWERS, ("item", 0), _deep(5000), "QuestionnaireResponse"),
    # Shape: names, cardinality, forms.
    Broken("shape", PATIENT, ("surname",), "x"),
    Broken("shape", PATIENT, ("name", 0, "surname"), "x"),
    Broken("shape", PATIENT, ("name",), {"family": "not a list"}),
    Broken("shape", PATIENT, ("gender",), ["female"]),
    Broken("shape", PATIENT, ("birthDate",), "1950-13"),
    Broken("shape", PATIENT, ("birthDate",), "01.02.1950"),
    Broken("shape", PATIENT, ("id",), "a b"),
    Broken("id", PATIENT, ("id",), "x" * 65),
    Broken("shape", PATIENT, ("gender",), " female"),
    Broken("shape", PRESSURE, ("code",), GONE),
    Broken("shape", PRESSURE, ("status",), GONE),
    Broken("shape", PRESSURE, ("effectivePeriod", "start"), "2026-01-01T10:00:00"),
    Broken("shape", PRESSURE, ("component", 0, "valueQuantity", "value"), "many"),
    Broken("shape", TASK, ("intent",), GONE),
    Broken("shape", PRESSURE, ("component", 0, "valueString"), "a second value", "Observation.component[0]"),
    # Values in the wrong JSON type, which pydantic would turn into the right one.
    Broken("type", PATIENT, ("active",), "true"),
    Broken("type", ANSWERS, ("item", 0, "answer", 0, "valueInteger"), "5"),
    Broken("type", RISK, ("prediction", 0, "probabilityDecimal"), "0.5"),
    # Nothing in it.
    Broken("null", PATIENT, ("birthDate",), None),
    Broken("null", PATIENT, ("name", 0, "given"), ["Ann", None], "Patient.name[0].given[1]"),
    Broken("empty", PATIENT, ("contact", 0, "name"), {}),
    Broken("empty", PATIENT, ("name",), []),
    Broken("python_name", PATIENT, ("resource_type",), "Patient"),
    # Required codes.
    Broken("code", PATIENT, ("gender",), "zzz"),
    Broken("code", PRESSURE, ("status",), "bogus"),
    Broken("code", DOCUMENT, ("docStatus",), "draft"),
    Broken("code", PATIENT, ("name", 0, "use"), "pet"),
    Broken("code", PRESSURE, ("component", 0, "valueQuantity", "comparator"), "~"),
    Broken("code", PROBLEM, ("clinicalStatus", "coding", 0, "code"), "ill", "Condition.clinicalStatus"),
    Broken("code", PROBLEM, ("clinicalStatus",), {"text": "active"}),
    Broken("code", DOCUMENT, ("content", 0, "attachment", "contentType"), "text"),
    Broken("code", OUTCOME, ("issue", 0, "code"), "wrong"),
    Broken("code", CAPABILITY, ("fhirVersion",), "4.3.0"),
    # Invariants.
    Broken("obs-6", PULSE, ("dataAbsentReason",), {"text": "none"}, "Observation"),
    Broken("obs-7", PULSE, ("component",), [{"code": PULSE["code"]}], "Observation"),
    Broken("obs-3", PRESSURE, ("referenceRange", 0), {"appliesTo": [{"text": "x"}]}),
    Broken("pat-1", PATIENT, ("contact", 0), {"gender": "male"}),
    Broken("cpt-2", PATIENT, ("telecom", 0, "system"), GONE, "Patient.telecom[0]"),
    Broken(
        "qty-3", PRESSURE, ("component", 0, "valueQuantity", "system"), GONE, "Observation.component[0].valueQuantity"
    ),
    Broken("per-1", PRESSURE, ("effectivePeriod", "end"), "2026-01-01T10:00:00+01:00", "Observation.effectivePeriod"),
    Broken("per-1", PATIENT, ("name", 0, "period"), {"start": "2026-02", "end": "2026-01"}),
    Broken(
        "att-1", DOCUMENT, ("content", 0, "attachment", "contentType"), GONE, "DocumentReference.content[0].attachment"
    ),
    Broken("ext-1", PROBLEM, ("extension", 0, "valueString"), GONE, "Condition.extension[0]"),
    Broken("ext-1", PROBLEM, ("extension", 0, "extension"), [{"url": "a", "valueCode": "b"}], "Condition.extension[0]"),
    Broken("con-4", PROBLEM, ("abatementDateTime",), "2026-01-01", "Condition"),
    Broken("ait-1/ait-2", ALLERGY, ("clinicalStatus",), GONE, "AllergyIntolerance"),
    Broken("con-5", PROBLEM, ("verificationStatus",), WRONG, "Condition"),
    Broken("con-1", PROBLEM, ("stage",), [{"type": {"text": "x"}}], "Condition.stage[0]"),
    Broken("con-2", PROBLEM, ("evidence",), [{"id": "x"}], "Condition.evidence[0]"),
    Broken("rng-2", PULSE, ("referenceRange",), [{"age": BACKWARDS, "text": "x"}], "Observation.referenceRange[0].age"),
    Broken(
        "rat-1",
        PULSE,
        ("component",),
        [{"code": {"text": "x"}, "valueRatio": HALF}],
        "Observation.component[0].valueRatio",
    ),
    Broken("org-1", ORGANIZATION, ("name",), GONE, "Organization"),
    Broken("cmp-2", COMPOSITION, ("section", 0), EMPTY_AND_FULL),
    Broken("cmp-1", COMPOSITION, ("section", 0, "text"), GONE, "Composition.section[0]"),
    Broken("ras-2", RISK, ("prediction", 0, "probabilityDecimal"), 101, "RiskAssessment.prediction[0]"),
    Broken("qrs-1", ANSWERS, ("item", 0, "item"), [{"linkId": "2"}], "QuestionnaireResponse.item[0]"),
    Broken("inv-1", TASK, ("lastModified",), "2025-12-31T10:00:00Z", "Task"),
    Broken("cpb-1", CAPABILITY, ("rest",), GONE, "CapabilityStatement"),
    Broken("bdl-1", BUNDLE, ("total",), 2, "Bundle"),
    Broken("bdl-2", BUNDLE, ("entry", 0, "search"), {"mode": "match"}, "Bundle"),
    Broken("bdl-8", BUNDLE, ("entry", 0, "fullUrl"), "https://x.org/Basic/1/_history/1", "Bundle"),
    Broken("bdl-3", BUNDLE, ("entry", 0, "request"), GONE, "Bundle"),
    Broken("bdl-4", BUNDLE, ("type",), "batch-response", "Bundle"),
    Broken("bdl-7", BUNDLE, ("entry", 0, "fullUrl"), BUNDLE["entry"][1]["fullUrl"], "Bundle"),
    Broken("dom-2", PROBLEM, ("contained", 0, "contained"), [INSIDE], "Condition.contained[0]"),
    Broken("dom-3", PROBLEM, ("subject", "reference"), "Patient/p1", "Condition.contained[0]"),
    Broken("dom-4", PROBLEM, ("contained", 0, "meta"), {"versionId": "1"}, "Condition.contained[0]"),
    # References.
    Broken("reference", PRESSURE, ("subject",), {"reference": "Practitioner/p1"}),
    Broken("reference", PRESSURE, ("subject",), {"reference": "https://emr.example.org/fhir/Encounter/e1"}),
    Broken("reference", PRESSURE, ("subject",), {"reference": "#nobody"}),
    Broken("reference", PRESSURE, ("subject",), {"reference": "p1"}),
    Broken("reference", PRESSURE, ("subject",), {"reference": "urn:uuid:1"}),
    Broken("reference", PRESSURE, ("subject",), {"type": "Patient"}),
    Broken("reference", PRESSURE, ("subject",), {"reference": "Patient/p1", "type": "Group"}),
    Broken("reference", DOCUMENT, ("subject", "type"), "Encounter", "DocumentReference.subject"),
    # What acts or is not text.
    narrative("active", SCRIPT),
    narrative("active", '<p onclick="x()">x</p>'),
    narrative("active", '<a href="javascript:x()">x</a>'),
    narrative("active", '<a href="&#106;avascript:x()">x</a>'),
    narrative("active", '<img src="https://elsewhere.example.org/seen.gif"/>'),
    narrative("active", '<p style="background: url(https://elsewhere.example.org)">x</p>'),
    narrative("active", '<iframe src="#x">x</iframe>'),
    narrative("txt-1", "<body>x</body>"),
    narrative("txt-1", '<p data-x="1">x</p>'),
    narrative("txt-2", "  <p> </p>"),
    narrative("xhtml", "<p>open"),
    narrative("xhtml", "a&nbsp;b"),
    narrative("xhtml", "<?php x ?>x"),
    Broken("xhtml", PATIENT, ("text", "div"), "<div>no namespace</div>"),
    Broken("xhtml", PATIENT, ("text", "div"), '<!DOCTYPE div [<!ENTITY a "x">]>' + DIV % "&a;"),
    Broken("active", COMPOSITION, ("section", 0, "text", "div"), DIV % SCRIPT),
    Broken("active", DOCUMENT, ("content", 0, "attachment", "url"), "javascript:alert(1)"),
    Broken("uri", DOCUMENT, ("content", 0, "attachment", "url"), "https://x.org/a b"),
    Broken("base64", DOCUMENT, ("content", 0, "attachment", "data"), "%%%"),
)
