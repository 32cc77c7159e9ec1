"""The one EMR of this installation: where it is, with which key the hub comes, and how its patients are named here."""

from typing import Final

from hospital_hub.errors import Unavailable, WrongSetup
from hospital_hub.resources import Resources
from integrations.smart.keys import ClientKey

BACKEND_ID: Final = "hub-backend"  # the SMART client of the worker and of whatever the hub reads by itself


def issuer_of(resources: Resources) -> str:
    """The FHIR base of the registered EMR.

    Raises:
        Unavailable: there is none.
    """
    issuer = resources.settings.emr_issuer.rstrip("/")
    if not issuer:
        raise Unavailable("No EMR is connected to this hub.", "Ask operations to name it.", code="no_emr")
    return issuer


def client_key(resources: Resources) -> ClientKey:
    """Raises: Unavailable where the hub has none."""
    try:
        return ClientKey(resources.settings.smart_key())
    except WrongSetup as missing:
        raise Unavailable(
            "The hub has no key for the EMR.", "Ask operations to set one.", code="no_emr_key"
        ) from missing


def subject_of(issuer: str, patient: str) -> str:
    """The name under which vault and audit know this patient, the same in every part of the hub."""
    return f"{issuer}|Patient/{patient}"
