"""Who and what made the filed resources: rules as a device, models as devices, the nurse as verifier. Pure.

Source: AI Transparency on FHIR. The record of AI names only what a model touched; rules alone are no AI.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hospital_hub.triage import fhir_base as base
from hospital_hub.triage.fhir_codes import AI, HUB, TERMINOLOGY
from hospital_hub.triage.filed_case import FiledCase, Model, Person
from integrations.fhir.client import Resource

PARTICIPANT: Final = f"{TERMINOLOGY}/provenance-participant-type"
OPERATION: Final = f"{TERMINOLOGY}/v3-DataOperation"
BY_AI, BY_RULES = "by-ai", "by-rules"


def provenances(case: FiledCase, made: Mapping[str, Resource]) -> dict[str, Resource]:
    """`made` by role: what carries the AI label gets the record of AI, what rules derived gets that of the rules."""
    by_ai = [role for role, resource in made.items() if is_ai(resource)]
    by_rules = [role for role in made if role in {"risk", "task"} or role.startswith("stated.")]
    records = {BY_RULES: _by_rules(case, by_rules)}
    return {**records, BY_AI: _by_ai(case, by_ai)} if by_ai else records


def is_ai(resource: Resource) -> bool:
    return AI in resource.get("meta", {}).get("security", [])


def _by_rules(case: FiledCase, roles: list[str]) -> Resource:
    return _record(case, BY_RULES, roles=roles, agents=[_agent("assembler", base.rules_device(case))])


def _by_ai(case: FiledCase, roles: list[str]) -> Resource:
    models = [_agent("assembler", _model(one)) for one in case.models]
    record = _record(case, BY_AI, roles=roles, agents=models or [_agent("assembler", _unknown())])
    record["meta"] = {"security": [AI]}
    record["reason"] = [{"coding": [AI]}]
    policies = sorted({f"{HUB}:policy:{one.policy}" for one in case.models if one.policy})
    if policies:
        record["policy"] = policies
    record["entity"] += [_entity("prompt", one) for one in dict.fromkeys(one.prompt for one in case.models) if one]
    record["entity"].append(_entity("rules", f"{case.judged.pack}@{case.judged.rules}"))
    return record


def _record(case: FiledCase, role: str, *, roles: list[str], agents: list[Resource]) -> Resource:
    """The entity with the record's own identifier is how it is found again: Provenance has no identifier."""
    own = base.identifier_of(case, role)
    informant = _agent("informant", base.patient_of(case))
    if case.nurse is not None:
        agents = [*agents, _agent("verifier", base.nurse(case.nurse.by))]
    return {
        "resourceType": "Provenance",
        "target": [base.placeholder(case, one) for one in roles],
        "recorded": base.moment(case.latest),
        "activity": {"coding": [{"system": OPERATION, "code": "CREATE", "display": "create"}]},
        "agent": [*agents, informant],
        "entity": [{"role": "source", "what": {"identifier": own}}],
    }


def nullified(*, targets: list[str], by: Person, at: datetime) -> Resource:
    """That what stands at `targets` was entered in error, and who said so."""
    return {
        "resourceType": "Provenance",
        "target": [{"reference": one} for one in targets],
        "recorded": base.moment(at),
        "activity": {"coding": [{"system": OPERATION, "code": "NULLIFY", "display": "nullify"}]},
        "agent": [_agent("author", base.nurse(by))],
    }


def _agent(code: str, who: Resource) -> Resource:
    return {"type": {"coding": [{"system": PARTICIPANT, "code": code, "display": code.capitalize()}]}, "who": who}


def _model(model: Model) -> Resource:
    return base.device("weights", model.weights, shown=f"{model.weights} ({model.tier})")


def _unknown() -> Resource:
    return base.device("weights", "unknown", shown="A model whose call is no longer in the ledger")


def _entity(kind: str, value: str) -> Resource:
    return {"role": "source", "what": {"identifier": {"system": f"{HUB}:{kind}", "value": value}}}
