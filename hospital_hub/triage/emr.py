"""The hospital's EMR as triage meets it: SMART backend services, with only the scopes that each part needs.

At the EMR the client `hub-backend` needs, beside what notes file, these system scopes: to find whose case it is,
`system/Patient.rs` and `system/Encounter.rs`; to file it, `system/Encounter.crus` (c only where the hub may open an
encounter, u for its priority) and `.crus` for QuestionnaireResponse, Observation, RiskAssessment, Task and Provenance.
An EMR that grants less still works as far as its grant goes; a refused filing waits for a person, with its reason.
"""

from typing import Final

from hospital_hub.emr import backend_client, discovered, home_of, issuer_of, subject_of
from hospital_hub.errors import HubError, NotAllowed, UpstreamFailed
from hospital_hub.resources import Resources
from integrations.fhir.client import FhirClient
from integrations.fhir.errors import Fault, FhirFault
from integrations.smart.backend import BackendTokens
from integrations.smart.errors import SmartFault

LOOK_SCOPE: Final = "system/Patient.rs system/Encounter.rs"
FILED_KINDS: Final = ("Encounter", "QuestionnaireResponse", "Observation", "RiskAssessment", "Task", "Provenance")
FILE_SCOPE: Final = " ".join(f"system/{kind}.crus" for kind in FILED_KINDS)


def patient_subject(resources: Resources, patient: str) -> bytes:
    """Under this keyed hash the audit trail knows the patient; the same for every part of the hub."""
    return resources.vault.blind(subject_of(issuer_of(resources), patient))


async def connect(resources: Resources, tokens: BackendTokens, *, scope: str) -> FhirClient:
    """A client with a living token.

    Raises:
        SmartFault: the EMR gives none. Unavailable: no EMR, or no key for it.
    """
    emr = home_of(resources)
    configuration = await discovered(resources, emr)
    client = backend_client(resources, emr, scope=scope)
    token = await tokens.token(resources.http, configuration, client=client)
    return FhirClient(resources.http, base=emr.issuer, token=token)


def for_people(fault: SmartFault | FhirFault) -> HubError:
    """A failure of the EMR as a nurse reads it."""
    closed = not fault.passing if isinstance(fault, SmartFault) else fault.fault in {Fault.FORBIDDEN, Fault.LOGIN}
    if closed:
        return NotAllowed(
            "The hospital system does not let the hub look for patients.", "Tell the hospital's IT.", code="emr_forbids"
        )
    return UpstreamFailed(
        "The hospital system does not answer now.", "Go on with the case; bind it in a minute.", code="emr_away"
    )
