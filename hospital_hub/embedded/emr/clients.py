"""The apps this EMR knows: the hub's side panel and the hub itself. Registered by the hospital, not by themselves."""

from dataclasses import dataclass

from hospital_hub.embedded.emr.config import EmrConfig

CHART_TYPES = (
    *("Patient", "Condition", "Observation", "MedicationRequest"),
    *("AllergyIntolerance", "Encounter", "DocumentReference"),
)
PANEL_SCOPE = " ".join(
    ["launch", "openid", "fhirUser", "online_access", *(f"patient/{kind}.rs" for kind in CHART_TYPES)]
)
# What triage files, and may correct or mark as entered in error; the hub deletes none of it.
TRIAGE_TYPES = ("Encounter", "QuestionnaireResponse", "Observation", "RiskAssessment", "Task")
# What stands beside a filed note: the model as a device, and the note once more as a Composition.
NOTE_TYPES = ("Device.crs", "Composition.crus")
BACKEND_SCOPE = " ".join(
    [
        *("system/DocumentReference.cruds", "system/Provenance.cruds", "system/Patient.rs"),
        *(f"system/{kind}.crus" for kind in TRIAGE_TYPES),
        *(f"system/{kind}" for kind in NOTE_TYPES),
    ]
)

# What the hub's CDS Hooks services read, with a token that comes with each call.
CDS_TYPES = (
    *("AllergyIntolerance", "Condition", "DiagnosticReport", "DocumentReference"),
    *("Encounter", "MedicationRequest", "Observation", "ServiceRequest"),
)


@dataclass(frozen=True)
class RegisteredClient:
    client_id: str
    grant_type: str
    redirect_uris: frozenset[str]
    scope: str
    token_seconds: int


# It has no grant of its own: it can ask this EMR's token endpoint for nothing.
CDS_CLIENT = RegisteredClient("hub-cds", "", frozenset(), " ".join(f"patient/{kind}.rs" for kind in CDS_TYPES), 120)


def registered(config: EmrConfig) -> dict[str, RegisteredClient]:
    panel = RegisteredClient(
        "hub-panel", "authorization_code", frozenset({f"{config.hub}/notes/callback"}), PANEL_SCOPE, 3600
    )
    # SMART backend services recommend five minutes at most.
    backend = RegisteredClient("hub-backend", "client_credentials", frozenset(), BACKEND_SCOPE, 300)
    return {client.client_id: client for client in (panel, backend)}
