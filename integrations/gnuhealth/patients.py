"""A patient of GNU Health as a FHIR R4 Patient: name, number, birth date, gender, death. Nothing else is read."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from integrations.gnuhealth.client import Server, Session
from integrations.gnuhealth.errors import Fault, GnuHealthFault
from integrations.gnuhealth.wire import Values

MODEL = "gnuhealth.patient"
_FIELDS = (
    *("id", "puid", "active", "deceased", "dod"),
    *(f"party.{name}" for name in ("name", "lastname", "gender", "dob", "est_dob", "unidentified")),
)
# http://hl7.org/fhir/R4/valueset-administrative-gender.html; what the person did not say is unknown, not other.
_GENDERS: Mapping[str, str] = {"m": "male", "f": "female", "nb": "other", "other": "other"}
Resource = dict[str, Any]


async def patient_by_number(session: Session, puid: str) -> Resource:
    """By the person's own number there (PUID), which stands on cards and wristbands.

    Raises:
        GnuHealthFault: NO_PATIENT.
    """
    return await _one(session, ["puid", "=", puid])


async def patient_by_id(session: Session, identifier: int) -> Resource:
    return await _one(session, ["id", "=", identifier])


async def _one(session: Session, clause: list[object]) -> Resource:
    found = await session.records(MODEL, [clause], fields=_FIELDS)
    if len(found) != 1:
        raise GnuHealthFault(Fault.NO_PATIENT)
    return as_fhir(session.server, found[0])


def as_fhir(server: Server, record: Values) -> Resource:
    """Pure. The server's own address names the numbers that it gives out."""
    party = record.get("party.")
    if not isinstance(party, dict) or not isinstance(record.get("id"), int):
        raise GnuHealthFault(Fault.MALFORMED, "patient")
    resource: Resource = {
        "resourceType": "Patient",
        "id": str(record["id"]),
        "identifier": [{"system": f"{server.base}/puid", "value": record["puid"]}] if record.get("puid") else [],
        "active": bool(record.get("active")),
        "name": [_name(party)],
        "gender": _GENDERS.get(party.get("gender") or "", "unknown"),
        "birthDate": _birth_date(party),
        **_death(record),
    }
    return {name: value for name, value in resource.items() if value not in (None, [], {}, [{}])}


def _name(party: Values) -> Resource:
    """Somebody who could not say who he is has a name for the time being."""
    family, given = (party.get("lastname") or "").strip(), (party.get("name") or "").strip()
    if not family and not given:
        return {}
    name: Resource = {"use": "temp" if party.get("unidentified") else "official"}
    return {**name, **({"family": family} if family else {}), **({"given": given.split()} if given else {})}


def _birth_date(party: Values) -> str | None:
    """The year alone where the age was guessed."""
    born = party.get("dob")
    if not isinstance(born, date):
        return None
    return f"{born.year:04}" if party.get("est_dob") else born.isoformat()


def _death(record: Values) -> Resource:
    if not record.get("deceased"):
        return {}
    died = record.get("dod")
    return {"deceasedDateTime": died.isoformat()} if isinstance(died, datetime) else {"deceasedBoolean": True}
