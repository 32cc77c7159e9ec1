"""The EMR as notes meet it: the hub's two SMART clients there, and its failures in the hub's own words."""

from collections.abc import Mapping

from hospital_hub.emr import BACKEND_ID, client_key, issuer_of
from hospital_hub.errors import BadInput, Conflict, HubError, NotAllowed, NotFound, UpstreamFailed
from hospital_hub.resources import Resources
from integrations.fhir.client import FhirClient
from integrations.fhir.errors import Fault as FhirFaultKind
from integrations.fhir.errors import FhirFault
from integrations.smart.backend import BackendClient
from integrations.smart.errors import SmartFault
from integrations.smart.launch import Client

PANEL_ID = "hub-panel"
CALLBACK = "/notes/callback"
CHART_TYPES = (
    *("Patient", "Condition", "Observation", "MedicationRequest"),
    *("AllergyIntolerance", "Encounter", "DocumentReference"),
)
PANEL_SCOPE = " ".join(["launch", "openid", "fhirUser", *(f"patient/{kind}.rs" for kind in CHART_TYPES)])
BACKEND_SCOPE = "system/DocumentReference.cruds system/Provenance.cruds system/Patient.rs"


class LaunchEnded(NotAllowed):
    """The EMR's permission for this patient is over or was never given."""

    default_code = "launch_ended"

    def __init__(self) -> None:
        super().__init__(
            "The EMR's permission for this patient has ended.", "Open the panel again from the patient's page."
        )


def panel_client(resources: Resources) -> Client:
    redirect = resources.settings.public_url.rstrip("/") + CALLBACK
    return Client(client_id=PANEL_ID, redirect_uri=redirect, scope=PANEL_SCOPE, key=client_key(resources))


def backend_client(resources: Resources) -> BackendClient:
    return BackendClient(client_id=BACKEND_ID, scope=BACKEND_SCOPE, key=client_key(resources))


def fhir_client(resources: Resources, token: str) -> FhirClient:
    return FhirClient(resources.http, base=issuer_of(resources), token=token)


def from_smart(fault: SmartFault) -> HubError:
    if fault.passing:
        return UpstreamFailed("The EMR's log-in service does not answer.", "Try again in a minute.", code="emr_away")
    if fault.oauth_code in {"invalid_grant", "access_denied"}:
        return NotAllowed(
            "The EMR did not allow this launch.", "Open the panel again from the patient's page.", code="launch_denied"
        )
    return UpstreamFailed(
        "The EMR's log-in service answered in a way the hub does not accept.",
        "Tell the hospital's IT, with the request number.",
        code="emr_log_in_unusable",
    )


_FHIR: Mapping[FhirFaultKind, HubError] = {
    FhirFaultKind.FORBIDDEN: NotAllowed(
        "The EMR does not let the hub see this.", "Ask the EMR's administrator.", code="emr_forbids"
    ),
    FhirFaultKind.NOT_FOUND: NotFound("The EMR does not have this.", "Reload the patient's page.", code="emr_lacks"),
    FhirFaultKind.CONFLICT: Conflict("The EMR was changed by somebody else.", "Reload and try again."),
    FhirFaultKind.INVALID: BadInput("The EMR did not accept this.", "Tell the hospital's IT.", code="emr_refused"),
}


def from_fhir(fault: FhirFault) -> HubError:
    """A new error each time: exceptions carry their traceback."""
    if fault.fault is FhirFaultKind.LOGIN:
        return LaunchEnded()
    if fault.fault in _FHIR:
        known = _FHIR[fault.fault]
        return type(known)(known.message, known.next_step, code=known.code)
    return UpstreamFailed("The EMR does not give its data now.", "Try again in a minute.", code="emr_away")
