"""The EHR launch: the URL that asks for a code, and the code's exchange for a token with its launch context.

Source: SMART App Launch 2.2, "App Launch: Launch and Authorization"; PKCE is RFC 7636. Keeps nothing.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from integrations.smart.discovery import Configuration
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.keys import ASSERTION_TYPE, ClientKey
from integrations.smart.wire import Json, post_form

MAX_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Client:
    """What the EMR registered for the hub."""

    client_id: str
    redirect_uri: str
    scope: str
    key: ClientKey


@dataclass(frozen=True)
class Attempt:
    """The secrets of one launch; `verifier` and `nonce` never leave the hub before they have to."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class LaunchToken:
    """`seconds` is the access token's life; `patient` and `encounter` are bare ids, empty where none is in context.

    `app_context` is what the link of a CDS Hooks card gave to the app, empty without one.
    """

    access_token: str = field(repr=False)
    seconds: int
    scope: str
    id_token: str = field(repr=False)
    patient: str = ""
    encounter: str = ""
    need_patient_banner: bool = True
    app_context: str = field(default="", repr=False)


def challenge(verifier: str) -> str:
    """RFC 7636, 4.2: S256."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorization_url(configuration: Configuration, client: Client, *, attempt: Attempt, launch: str) -> str:
    query = urlencode(
        {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "launch": launch,
            "scope": client.scope,
            "state": attempt.state,
            "aud": configuration.fhir_base,
            "nonce": attempt.nonce,
            "code_challenge": challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
    )
    separator = "&" if urlsplit(configuration.authorization_endpoint).query else "?"
    return f"{configuration.authorization_endpoint}{separator}{query}"


@dataclass(frozen=True)
class Exchange:
    """One code and what proves that it is ours."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    jti: str
    now: int


async def exchange_code(
    http: aiohttp.ClientSession, configuration: Configuration, *, client: Client, exchange: Exchange
) -> LaunchToken:
    """The token of a launch.

    Raises:
        SmartFault: DENIED when the code is spent, late or not ours; MALFORMED when the answer lacks what it must have.
    """
    assertion = client.key.assertion(
        client_id=client.client_id, audience=configuration.token_endpoint, jti=exchange.jti, now=exchange.now
    )
    form = {
        "grant_type": "authorization_code",
        "code": exchange.code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": exchange.verifier,
        "client_id": client.client_id,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return _launch_token(await post_form(http, configuration.token_endpoint, form=form))


def _launch_token(found: Json) -> LaunchToken:
    return LaunchToken(
        access_token=text(found, "access_token"),
        seconds=lifetime(found),
        scope=text(found, "scope"),
        id_token=text(found, "id_token"),
        patient=_optional(found, "patient"),
        encounter=_optional(found, "encounter"),
        need_patient_banner=found.get("need_patient_banner") is not False,
        app_context=_optional(found, "appContext"),
    )


def text(found: Json, name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise SmartFault(Fault.MALFORMED, f"no {name}")
    return value


def lifetime(found: Json) -> int:
    """Seconds; a Bearer token that says how long it lives."""
    if str(found.get("token_type", "")).lower() != "bearer":
        raise SmartFault(Fault.MALFORMED, "not a Bearer token")
    seconds: Any = found.get("expires_in")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds <= MAX_SECONDS:
        raise SmartFault(Fault.MALFORMED, "no usable expires_in")
    return seconds


def _optional(found: Json, name: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise SmartFault(Fault.MALFORMED, f"{name} is not text")
    return value
