"""An EMR as notes meet it: the hub's two SMART clients there, and its failures in the hub's own words."""

from collections.abc import Mapping
from typing import Final

from hospital_hub.emr import backend_client, client_key, discovered, emr_of
from hospital_hub.emr_registry import ONLY, Emr
from hospital_hub.errors import BadInput, Conflict, HubError, NotAllowed, NotFound, UpstreamFailed
from hospital_hub.resources import Resources
from integrations.fhir.client import FhirClient
from integrations.fhir.errors import Fault as FhirFaultKind
from integrations.fhir.errors import FhirFault
from integrations.smart.backend import BackendTokens
from integrations.smart.discovery import Configuration
from integrations.smart.errors import Fault as SmartFaultKind
from integrations.smart.errors import SmartFault
from integrations.smart.launch import Client

CALLBACK = "/notes/callback"
# What an EMR that gives refresh tokens says of itself (SMART App Launch 2.2, "Capability Sets").
PERMISSION: Final = {"online_access": "permission-online", "offline_access": "permission-offline"}


class LaunchEnded(NotAllowed):
    """The EMR's permission for this patient is over or was never given."""

    default_code = "launch_ended"

    def __init__(self) -> None:
        super().__init__(
            "The EMR's permission for this patient has ended.", "Open the panel again from the patient's page."
        )


def panel_client(resources: Resources, emr: Emr, *, configuration: Configuration, standalone: bool) -> Client:
    """The side panel at this EMR. Renewal is asked for only where the EMR says that it has it."""
    block = emr.panel
    has_renewal = PERMISSION.get(block.refresh, "") in configuration.capabilities
    words = ["launch/patient" if standalone else "launch", block.scope, *([block.refresh] if has_renewal else [])]
    name = resources.emrs.name_of(emr)
    path = CALLBACK if name == ONLY else f"{CALLBACK}/{name}"
    return Client(
        client_id=block.client_id,
        redirect_uri=resources.settings.public_url.rstrip("/") + path,
        scope=" ".join(words),
        key=client_key(resources, block) if block.authentication == "private_key_jwt" else None,
    )


async def worker_client(resources: Resources, tokens: BackendTokens, *, issuer: str, scope: str) -> FhirClient:
    """The hub itself at the EMR to which something belongs, with a living token.

    Raises:
        SmartFault: the EMR gives none. Unavailable: it is no longer registered, or the hub has no key for it.
    """
    emr = emr_of(resources, issuer)
    configuration = await discovered(resources, emr)
    client = backend_client(resources, emr, scope=scope)
    token = await tokens.token(resources.http, configuration, client=client)
    return fhir_client(resources, token, issuer=emr.issuer)


def fhir_client(resources: Resources, token: str, *, issuer: str) -> FhirClient:
    return FhirClient(resources.http, base=issuer, token=token)


_SMART: Mapping[SmartFaultKind, HubError] = {
    SmartFaultKind.FOREIGN: UpstreamFailed(
        "The EMR's log-in service points to an address that is not registered for this EMR.",
        "Nothing was sent there. Tell the hospital's IT, with the request number.",
        code="emr_foreign_address",
    ),
    SmartFaultKind.MIXED_UP: NotAllowed(
        "The answer came from another log-in service than the one that was asked.",
        "Nothing was sent there. Open the panel again from the patient's page.",
        code="issuer_mixed_up",
    ),
    SmartFaultKind.WIDENED: UpstreamFailed(
        "The EMR granted more than the hub asked for, so the hub did not take it.",
        "Tell the hospital's IT, with the request number.",
        code="scope_widened",
    ),
    SmartFaultKind.ID_TOKEN: UpstreamFailed(
        "The EMR's word on who you are could not be trusted.",
        "Open the panel again; if that does not help, tell the hospital's IT with the request number.",
        code="id_token_refused",
    ),
}


def from_smart(fault: SmartFault) -> HubError:
    if fault.passing:
        return UpstreamFailed("The EMR's log-in service does not answer.", "Try again in a minute.", code="emr_away")
    if fault.fault in _SMART:
        return _again(_SMART[fault.fault])
    if fault.oauth_code in {"invalid_grant", "access_denied"}:
        return NotAllowed(
            "The EMR did not allow this launch.", "Open the panel again from the patient's page.", code="launch_denied"
        )
    return UpstreamFailed(
        "The EMR's log-in service answered in a way the hub does not accept.",
        "Tell the hospital's IT, with the request number.",
        code="emr_log_in_unusable",
    )


def _again(known: HubError) -> HubError:
    """A new error each time: exceptions carry their traceback."""
    return type(known)(known.message, known.next_step, code=known.code)


_FHIR: Mapping[FhirFaultKind, HubError] = {
    FhirFaultKind.FORBIDDEN: NotAllowed(
        "The EMR does not let the hub see this.", "Ask the EMR's administrator.", code="emr_forbids"
    ),
    FhirFaultKind.NOT_FOUND: NotFound("The EMR does not have this.", "Reload the patient's page.", code="emr_lacks"),
    FhirFaultKind.CONFLICT: Conflict("The EMR was changed by somebody else.", "Reload and try again."),
    FhirFaultKind.INVALID: BadInput("The EMR did not accept this.", "Tell the hospital's IT.", code="emr_refused"),
}


def from_fhir(fault: FhirFault) -> HubError:
    if fault.fault is FhirFaultKind.LOGIN:
        return LaunchEnded()
    if fault.fault in _FHIR:
        return _again(_FHIR[fault.fault])
    return UpstreamFailed("The EMR does not give its data now.", "Try again in a minute.", code="emr_away")
