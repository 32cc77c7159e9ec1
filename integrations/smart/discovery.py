"""What an EMR's authorisation server offers: `.well-known/smart-configuration` below the FHIR base.

Source: SMART App Launch 2.2, "Metadata". Asked only for an issuer that the caller has registered.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from integrations.smart.errors import Fault, SmartFault
from integrations.smart.wire import Json, get_json

WELL_KNOWN = "/.well-known/smart-configuration"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Configuration:
    """`fhir_base` is the registered `iss`; `issuer` is the one of id_tokens (OpenID Connect)."""

    fhir_base: str
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


async def discover(http: aiohttp.ClientSession, fhir_base: str) -> Configuration:
    """The configuration of a registered FHIR base.

    Raises:
        SmartFault: not reachable, malformed, or without what a launch of the hub needs.
    """
    found = await get_json(http, fhir_base.rstrip("/") + WELL_KNOWN)
    _suited(found)
    return Configuration(
        fhir_base=fhir_base,
        issuer=_url(found, "issuer"),
        authorization_endpoint=_url(found, "authorization_endpoint"),
        token_endpoint=_url(found, "token_endpoint"),
        jwks_uri=_url(found, "jwks_uri"),
    )


def _url(found: Json, name: str) -> str:
    """An https URL, or http on this machine: codes and tokens travel there."""
    value = found.get(name)
    if not isinstance(value, str):
        raise SmartFault(Fault.MALFORMED, f"no {name}")
    parts = urlsplit(value)
    if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        raise SmartFault(Fault.UNSUITED, f"{name} is not https")
    return value


def _suited(found: Json) -> None:
    """S256 is mandatory in SMART 2.2; the hub authenticates by private_key_jwt alone."""
    if "S256" not in (found.get("code_challenge_methods_supported") or []):
        raise SmartFault(Fault.UNSUITED, "no PKCE S256")
    methods = found.get("token_endpoint_auth_methods_supported")
    if methods is not None and "private_key_jwt" not in methods:
        raise SmartFault(Fault.UNSUITED, "no private_key_jwt")
