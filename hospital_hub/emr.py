"""The EMRs that this process works with: which one an issuer is, whose key the hub brings, how patients are named."""

from typing import Any

from hospital_hub.emr_registry import Backend, Emr, Panel
from hospital_hub.errors import Unavailable, WrongSetup
from hospital_hub.resources import Resources
from integrations.smart.backend import BackendClient
from integrations.smart.discovery import Configuration, discover
from integrations.smart.keys import ClientKey


def home_of(resources: Resources) -> Emr:
    """The EMR for what has none of its own.

    Raises:
        Unavailable: there is none.
    """
    home = resources.emrs.home
    if home is None:
        raise Unavailable("No EMR is connected to this hub.", "Ask operations to name it.", code="no_emr")
    return home


def issuer_of(resources: Resources) -> str:
    """The FHIR base of that EMR.

    Raises:
        Unavailable: there is none.
    """
    return home_of(resources).issuer


def emr_of(resources: Resources, issuer: str) -> Emr:
    """The EMR behind something that the hub has kept.

    Raises:
        Unavailable: it is no longer registered.
    """
    found = resources.emrs.of(issuer)
    if found is None:
        raise Unavailable(
            "The EMR that this belongs to is not connected to this hub now.",
            "Ask operations to name it again.",
            code="emr_not_registered",
        )
    return found


async def discovered(resources: Resources, emr: Emr) -> Configuration:
    """Raises: SmartFault."""
    return await discover(resources.http, emr.issuer, origins=emr.login_origins)


def client_key(resources: Resources, block: Panel | Backend | None = None) -> ClientKey:
    """The key of a client that has its own, else the hub's.

    Raises:
        Unavailable: there is none, or it cannot be used.
    """
    try:
        file = block.key_file if block is not None else None
        key = ClientKey(resources.settings.smart_key(file))
        key.kid  # noqa: B018 - an unusable file is found here, not in the middle of a launch
    except (WrongSetup, ValueError) as missing:
        raise Unavailable(
            "The hub has no key for the EMR.", "Ask operations to set one.", code="no_emr_key"
        ) from missing
    return key


def backend_client(resources: Resources, emr: Emr, *, scope: str) -> BackendClient:
    """The worker at this EMR; `scope` is what the caller needs, unless the block asks for something else."""
    block = emr.backend
    return BackendClient(client_id=block.client_id, scope=block.scope or scope, key=client_key(resources, block))


def public_jwks(resources: Resources) -> dict[str, Any]:
    """The public keys of all the hub's clients, each once."""
    blocks = [block for emr in resources.emrs.blocks.values() for block in _with_keys(emr)]
    keys = [client_key(resources, block) for block in blocks] or [client_key(resources)]
    return {"keys": [one for key in {key.kid: key for key in keys}.values() for one in key.public_jwks()["keys"]]}


def _with_keys(emr: Emr) -> list[Panel | Backend]:
    panel = [emr.panel] if emr.panel.authentication == "private_key_jwt" else []
    return [*panel, emr.backend]


def subject_of(issuer: str, patient: str) -> str:
    """The name under which vault and audit know this patient, the same in every part of the hub."""
    return f"{issuer}|Patient/{patient}"
