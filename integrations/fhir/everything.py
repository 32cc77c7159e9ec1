"""All of one patient: by `$everything` where the server has it (R4, Patient, operations), else by plain searches."""

from collections.abc import Mapping

from integrations.fhir.client import FhirClient, Resource
from integrations.fhir.errors import Fault, FhirFault

_METHOD_NOT_ALLOWED, _NOT_IMPLEMENTED = 405, 501
# A server without the operation says one of these; with the first it may mean the patient, and the read will tell.
_LACKING = frozenset({Fault.NOT_FOUND, Fault.INVALID, Fault.FORBIDDEN})


async def everything(
    client: FhirClient, patient: str, *, queries: Mapping[str, Mapping[str, str]], limit: int
) -> list[Resource]:
    """The patient first; `queries` are the searches by kind that stand in for the operation, `limit` holds for each.

    Raises:
        FhirFault: NOT_FOUND where there is no such patient; whatever a search meets.
    """
    person = await client.read("Patient", patient)
    try:
        whole = await client.operation(f"Patient/{patient}/$everything", {"_count": str(limit)}, limit=limit)
    except FhirFault as fault:
        if not _is_lacking(fault):
            raise
        return [person, *await _searched(client, patient, queries=queries, limit=limit)]
    return [person, *(one for one in whole if one.get("resourceType") != "Patient" or one.get("id") != patient)]


def _is_lacking(fault: FhirFault) -> bool:
    return fault.fault in _LACKING or fault.status in {_METHOD_NOT_ALLOWED, _NOT_IMPLEMENTED}


async def _searched(
    client: FhirClient, patient: str, *, queries: Mapping[str, Mapping[str, str]], limit: int
) -> list[Resource]:
    found = []
    for kind, query in queries.items():
        found += await client.search(kind, {"patient": patient, "_count": str(limit), **query}, limit=limit)
    return found
