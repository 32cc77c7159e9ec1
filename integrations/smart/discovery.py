"""What an EMR's authorisation server offers: `.well-known/smart-configuration` below the FHIR base.

Source: SMART App Launch 2.2, "Metadata". Asked only for an issuer that the caller has registered.
"""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from integrations.smart.errors import Fault, SmartFault
from integrations.smart.wire import Json, get_json

WELL_KNOWN = "/.well-known/smart-configuration"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Configuration:
    """`fhir_base` is the registered `iss`; `issuer` is the one of id_tokens (OpenID Connect) and of RFC 9207.

    `methods` and `algorithms` are how a client may prove itself; None where the server does not say.
    """

    fhir_base: str
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    capabilities: frozenset[str] = frozenset()
    methods: frozenset[str] | None = None
    algorithms: frozenset[str] | None = None
    names_itself: bool = False  # each answer of the authorization endpoint carries `iss`


async def discover(http: aiohttp.ClientSession, fhir_base: str, *, origins: Collection[str] = ()) -> Configuration:
    """The configuration of a registered FHIR base; its endpoints lie on that base's origin or on one of `origins`.

    Raises:
        SmartFault: not reachable, malformed, on a foreign origin, or without what a launch of the hub needs.
    """
    found = await get_json(http, fhir_base.rstrip("/") + WELL_KNOWN)
    if "S256" not in (_words(found, "code_challenge_methods_supported") or ()):
        raise SmartFault(Fault.UNSUITED, "no PKCE S256")
    known = frozenset({origin_of(fhir_base), *origins})
    return Configuration(
        fhir_base=fhir_base,
        issuer=_url(found, "issuer", known=known),
        authorization_endpoint=_url(found, "authorization_endpoint", known=known),
        token_endpoint=_url(found, "token_endpoint", known=known),
        jwks_uri=_url(found, "jwks_uri", known=known),
        capabilities=_words(found, "capabilities") or frozenset(),
        methods=_words(found, "token_endpoint_auth_methods_supported"),
        algorithms=_words(found, "token_endpoint_auth_signing_alg_values_supported"),
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def origin_of(url: str) -> str:
    """Scheme, host and port, an explicit standard port left out."""
    parts = urlsplit(url)
    standard = {"https": 443, "http": 80}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port and parts.port != standard else "")


def safe(url: str) -> bool:
    """https, or http on this machine: codes and tokens travel there. Nobody's name or password in it."""
    parts = urlsplit(url)
    own = parts.scheme == "http" and parts.hostname in LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or own) and parts.username is None


def _url(found: Json, name: str, *, known: frozenset[str]) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise SmartFault(Fault.MALFORMED, f"no {name}")
    try:
        if not safe(value):
            raise SmartFault(Fault.UNSUITED, f"{name} is not https")
        origin = origin_of(value)
    except ValueError as odd:
        raise SmartFault(Fault.MALFORMED, f"{name} is not a URL") from odd
    if origin not in known:
        raise SmartFault(Fault.FOREIGN, name)
    return value


def _words(found: Json, name: str) -> frozenset[str] | None:
    values = found.get(name)
    if values is None:
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise SmartFault(Fault.MALFORMED, name)
    return frozenset(values)
