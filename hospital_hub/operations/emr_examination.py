"""Looks at each EMR of an installation as the hub meets it: discovery, keys, clock, and what its block claims."""

import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final

import aiohttp

from hospital_hub.emr_registry import Backend, Emr, Emrs, Panel
from hospital_hub.operations.findings import SECONDS, Wrong, fetch_object
from hospital_hub.settings import Settings
from hospital_hub.storage.ids import new_token
from integrations.smart.backend import BackendClient, ask_token
from integrations.smart.discovery import WELL_KNOWN, Configuration, discover
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.keys import ClientKey
from integrations.smart.wire import get_json

FHIR_VERSION = "4.0.1"
# An assertion is good for four minutes, and an id_token may be 30 s ahead.
MOST_SKEW_SECONDS = 20
PROBE_SCOPE = "system/Patient.rs"
SWITCH_ON: Final = "ask the EMR's administrator to switch SMART App Launch 2 on"
REMEDIES: Final[Mapping[Fault, str]] = {
    Fault.FOREIGN: "if that address is the EMR's own, add its origin to login_origins of the block",
    Fault.UNSUITED: "the EMR must support SMART App Launch 2",
    Fault.WIDENED: "ask the EMR's administrator to give the client the scopes it asks for and no more",
}
Look = Callable[[], Awaitable[str]]
Clock = Callable[[], float]


def looks_at_emrs(settings: Settings, http: aiohttp.ClientSession) -> Mapping[str, Look]:
    """By the part's name; where there are several EMRs, with the name of the block."""
    blocks = Emrs.of_settings(settings).blocks
    if not blocks:
        return {"FHIR server": _none, "SMART configuration": _none}
    looks: dict[str, Look] = {}
    for name, emr in blocks.items():
        suffix = f" ({name})" if settings.emrs_file is not None else ""
        looks |= {
            f"FHIR server{suffix}": partial(_fhir, emr, http),
            f"SMART configuration{suffix}": partial(_smart, emr, http),
            f"SMART clients{suffix}": partial(_clients, settings, emr, http=http),
            f"EMR clock{suffix}": partial(clock_of, emr, http, clock=time.time),
            f"EMR capabilities{suffix}": partial(_capabilities, emr, http),
        }
    return looks


async def _none() -> str:
    raise Wrong("HUB_EMR_ISSUER is not set", "name the FHIR base URL of the EMR there, or several in HUB_EMRS_FILE")


async def _fhir(emr: Emr, http: aiohttp.ClientSession) -> str:
    version = (await _statement(emr, http)).get("fhirVersion")
    if version != FHIR_VERSION:
        raise Wrong(f"speaks FHIR {version}", f"the hub needs {FHIR_VERSION} (R4)")
    return f"{emr.issuer} speaks FHIR {version}"


async def _statement(emr: Emr, http: aiohttp.ClientSession) -> dict[str, Any]:
    return await fetch_object(
        http, f"{emr.issuer}/metadata", remedy="start the FHIR server, or correct HUB_EMR_ISSUER (issuer of the block)"
    )


async def _smart(emr: Emr, http: aiohttp.ClientSession) -> str:
    try:
        found = await discover(http, emr.issuer, origins=emr.login_origins)
    except SmartFault as fault:
        raise Wrong(str(fault), REMEDIES.get(fault.fault, SWITCH_ON)) from fault
    return f"token endpoint {found.token_endpoint}"


async def _clients(settings: Settings, emr: Emr, *, http: aiohttp.ClientSession) -> str:
    """The keys of both clients, the EMR's own, and a token for the worker as it will ask for it."""
    keys = [_key(settings, block) for block in _confidential(emr)]
    try:
        configuration = await discover(http, emr.issuer, origins=emr.login_origins)
        await get_json(http, configuration.jwks_uri)
    except SmartFault as fault:
        if fault.fault is Fault.UNREACHABLE:
            raise Wrong(str(fault), "start the EMR's authorisation server, or correct its address") from fault
        return "not tried: see the SMART configuration"
    await _published(settings, keys, http=http)
    await _token(settings, emr, configuration=configuration, http=http)
    return f"{emr.panel.client_id} by {_way(emr, keys)}; {emr.backend.client_id} is given a token"


def _confidential(emr: Emr) -> list[Panel | Backend]:
    panel = [emr.panel] if emr.panel.authentication == "private_key_jwt" else []
    return [*panel, emr.backend]


def _way(emr: Emr, keys: list[ClientKey]) -> str:
    return keys[0].algorithm if emr.panel.authentication == "private_key_jwt" else "PKCE alone"


def _key(settings: Settings, block: Panel | Backend) -> ClientKey:
    key = ClientKey(settings.smart_key(block.key_file))
    try:
        key.kid  # noqa: B018 - asked for its errors
    except ValueError as broken:
        raise Wrong(f"the key of {block.client_id} is {broken}", "use an EC P-384 or RSA key in PEM") from broken
    return key


async def _published(settings: Settings, keys: list[ClientKey], *, http: aiohttp.ClientSession) -> None:
    """A hub that does not run is another part's finding."""
    url = f"{settings.public_url.rstrip('/')}/.well-known/jwks.json"
    try:
        published = (await get_json(http, url)).get("keys")
    except SmartFault:
        return
    known = {one.get("kid") for one in published if isinstance(one, dict)} if isinstance(published, list) else set()
    if any(key.kid not in known for key in keys):
        raise Wrong(f"{url} does not hold the key", "restart `hospital-hub serve`, so that it reads the key files")


async def _token(settings: Settings, emr: Emr, *, configuration: Configuration, http: aiohttp.ClientSession) -> None:
    name = emr.backend.client_id
    client = BackendClient(name, emr.backend.scope or PROBE_SCOPE, _key(settings, emr.backend))
    jwks = f"{settings.public_url.rstrip('/')}/.well-known/jwks.json"
    try:
        await ask_token(http, configuration, client=client, jti=new_token(), now=int(time.time()))
    except SmartFault as fault:
        told = {
            "invalid_client": f"register {name} there with the key set {jwks}, and compare the clocks",
            "unauthorized_client": f"allow {name} the grant client_credentials",
            "invalid_scope": f"allow {name} the scope {client.scope}",
        }
        remedy = told.get(fault.oauth_code) or REMEDIES.get(fault.fault, "ask the EMR's administrator")
        raise Wrong(f"{name} is given no token ({fault})", remedy) from fault


async def clock_of(emr: Emr, http: aiohttp.ClientSession, *, clock: Clock) -> str:
    """The EMR's clock against this one; a server that is not there is another part's finding."""
    try:
        async with http.get(emr.issuer + WELL_KNOWN, timeout=aiohttp.ClientTimeout(total=SECONDS)) as response:
            told = response.headers.get("Date", "")
            here = clock()
        ahead = here - parsedate_to_datetime(told).timestamp()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return "not told"
    if abs(ahead) > MOST_SKEW_SECONDS:
        way = "ahead of" if ahead > 0 else "behind"
        raise Wrong(f"this clock is {abs(ahead):.0f} s {way} the EMR's", "set both by NTP: signed tokens live minutes")
    return f"{abs(ahead):.0f} s apart"


async def _capabilities(emr: Emr, http: aiohttp.ClientSession) -> str:
    """What the block says itself, against the EMR's CapabilityStatement."""
    try:
        rest = (await _statement(emr, http)).get("rest")
    except Wrong:
        return "not told"
    first = rest[0] if isinstance(rest, list) and rest and isinstance(rest[0], dict) else {}
    offered = _offered(first)
    said = {name for name in emr.capabilities.model_fields_set if getattr(emr.capabilities, name)}
    lacking = sorted(name for name in said & offered.keys() if first and not offered[name])
    if lacking:
        raise Wrong(f"the EMR does not offer {', '.join(lacking)}", f"set {lacking[0]} = false in its block")
    return ", ".join(sorted(said)) or "as FHIR R4 lets expect"


def _offered(rest: Mapping[str, Any]) -> dict[str, bool]:
    resources = {one.get("type"): one for one in rest.get("resource", []) if isinstance(one, dict)}
    operations = resources.get("Patient", {}).get("operation", [])
    return {
        "composition": "create" in _codes(resources.get("Composition", {})),
        "provenance": "create" in _codes(resources.get("Provenance", {})),
        "transaction": "transaction" in _codes(rest),
        "everything": any(one.get("name") in {"everything", "$everything"} for one in operations),
    }


def _codes(part: Mapping[str, Any]) -> set[str]:
    return {str(one.get("code")) for one in part.get("interaction", []) if isinstance(one, dict)}
