"""A call of a service as values: who looks at which patient, what is being ordered, which data came along.

Source: CDS Hooks 2.0.1, "Calling a CDS Service", "Passing the Access Token", and the definitions of the four hooks.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from integrations.cds_hooks.faults import HARMLESS, Fault, FaultCode, WrongRequest
from integrations.cds_hooks.reading import ID, REFERENCE, Json, Reading

MOST_ORDERS: Final = 200
STAFF: Final = frozenset({"Practitioner", "PractitionerRole"})
PEOPLE: Final = frozenset({"Patient", "RelatedPerson"})


@dataclass(frozen=True)
class Shape:
    """What a hook's context must have; `version` of the hook's definition, empty where it was not looked up."""

    version: str = ""
    users: frozenset[str] = STAFF
    encounter: bool = False
    orders: bool = False
    selections: bool = False


HOOKS: Final[Mapping[str, Shape]] = {
    "patient-view": Shape("1.0", users=STAFF | PEOPLE),
    "encounter-discharge": Shape("1.0", encounter=True),
    "order-select": Shape(orders=True, selections=True),
    "order-sign": Shape(orders=True),
}


@dataclass(frozen=True)
class Context:
    """`user` and `selections` are references, `patient` and `encounter` bare ids; `orders` as received."""

    user: str
    patient: str
    encounter: str = ""
    selections: tuple[str, ...] = ()
    orders: tuple[Json, ...] = ()

    @property
    def for_staff(self) -> bool:
        return self.user.partition("/")[0] in STAFF


@dataclass(frozen=True)
class Authorization:
    """A token for the client's FHIR server; `patient` is the one that it is bound to, if it is."""

    token: str = field(repr=False)
    seconds: int
    scope: str
    patient: str = ""


@dataclass(frozen=True)
class HookRequest:
    """`prefetch` holds what the client sent for each key, as received: a resource, a Bundle, or None for "no data".

    `faults` are those that did not keep the call from being understood.
    """

    hook: str
    instance: uuid.UUID
    context: Context
    prefetch: Mapping[str, Any]
    fhir_server: str = ""
    authorization: Authorization | None = None
    faults: tuple[Fault, ...] = ()


def parse(document: Json, *, hook: str) -> HookRequest:
    """A call of a service for `hook`.

    Raises:
        WrongRequest: with everything that is wrong, by name.
    """
    whole = Reading(document)
    if whole.text("hook") not in {"", hook}:
        whole.note(FaultCode.WRONG_HOOK, "hook", hook)
    instance = whole.uuid("hookInstance")
    server = whole.url("fhirServer")
    authorization = _authorization(whole, server=server)
    prefetch = whole.inner("prefetch", required=False)
    sent = prefetch.document if prefetch else {}
    context = _context(whole, HOOKS[hook], sent=sent)
    if any(fault.code not in HARMLESS for fault in whole.faults) or instance is None or context is None:
        raise WrongRequest(whole.faults or [Fault(FaultCode.MISSING, "context")])
    return HookRequest(hook, instance, context, sent, server, authorization, tuple(whole.faults))


def _authorization(whole: Reading, *, server: str) -> Authorization | None:
    given = whole.inner("fhirAuthorization", required=False)
    if given is None:
        return None
    if not server:
        whole.note(FaultCode.NO_SERVER, "fhirServer")
    if given.text("token_type") not in {"", "Bearer"}:
        given.note(FaultCode.NOT_BEARER, "token_type", "Bearer")
    given.text("subject")
    scope, patient = given.text("scope"), given.identifier("patient", required=False)
    if "patient/" in scope and "patient" not in given.document:
        given.note(FaultCode.NO_TOKEN_PATIENT, "patient")
    token, seconds = given.text("access_token"), given.number("expires_in")
    return Authorization(token=token, seconds=seconds, scope=scope, patient=patient)


def _context(whole: Reading, shape: Shape, *, sent: Json) -> Context | None:
    given = whole.inner("context")
    if given is None:
        return None
    return Context(
        user=_user(given, shape),
        patient=given.identifier("patientId", required=True),
        encounter=_encounter(given, shape, sent=sent),
        selections=_selections(given) if shape.selections else (),
        orders=_orders(given) if shape.orders else (),
    )


def _encounter(given: Reading, shape: Shape, *, sent: Json) -> str:
    """Some clients leave the id out where the hook requires it, and send the encounter itself (HealthChain 0.16)."""
    whole = sent.get("encounter")
    if not shape.encounter or "encounterId" in given.document or not isinstance(whole, dict):
        return given.identifier("encounterId", required=shape.encounter)
    identifier = whole.get("id")
    if whole.get("resourceType") != "Encounter" or not isinstance(identifier, str) or not ID.fullmatch(identifier):
        return given.identifier("encounterId", required=True)
    given.note(FaultCode.NO_ENCOUNTER_ID, "encounterId")
    return identifier


def _user(given: Reading, shape: Shape) -> str:
    value = given.text("userId")
    found = REFERENCE.fullmatch(value)
    if value and not found:
        given.note(FaultCode.NOT_REFERENCE, "userId")
    elif found and found[1] not in shape.users:
        given.note(FaultCode.USER_KIND, "userId", ", ".join(sorted(shape.users)))
    return value


def _selections(given: Reading) -> tuple[str, ...]:
    found = given.items("selections")
    for number, one in enumerate(found):
        if not isinstance(one, str) or not REFERENCE.fullmatch(one):
            given.note(FaultCode.NOT_REFERENCE, f"selections[{number}]")
    return tuple(one for one in found if isinstance(one, str))


def _orders(given: Reading) -> tuple[Json, ...]:
    bundle = given.inner("draftOrders")
    if bundle is None:
        return ()
    if bundle.text("resourceType") not in {"", "Bundle"}:
        bundle.note(FaultCode.WRONG_RESOURCE, "resourceType", "Bundle")
    entries = bundle.items("entry", required=False)
    if len(entries) > MOST_ORDERS:
        bundle.note(FaultCode.TOO_MANY, "entry", str(MOST_ORDERS))
        return ()
    found = []
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
            found.append(resource)
        else:
            bundle.note(FaultCode.MISSING, f"entry[{number}].resource")
    return tuple(found)
