"""The launch, from the EMR or standalone: the URL that asks for a code, and the code's exchange for a token.

Source: SMART App Launch 2.2, "App Launch: Launch and Authorization"; PKCE is RFC 7636. Keeps nothing.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import aiohttp

from integrations.smart.authentication import Moment, proof
from integrations.smart.discovery import Configuration
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.keys import ClientKey
from integrations.smart.scopes import widened
from integrations.smart.token_answer import identifier, lifetime, optional, text
from integrations.smart.wire import Json, post_form


@dataclass(frozen=True)
class Client:
    """What the EMR registered for the hub; a public client has no key."""

    client_id: str
    redirect_uri: str
    scope: str
    key: ClientKey | None


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
    refresh_token: str = field(default="", repr=False)
    app_context: str = field(default="", repr=False)


def challenge(verifier: str) -> str:
    """RFC 7636, 4.2: S256."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorization_url(configuration: Configuration, client: Client, *, attempt: Attempt, launch: str = "") -> str:
    """`launch` is what the EMR sent along; a standalone launch has none."""
    query = urlencode(
        {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            **({"launch": launch} if launch else {}),
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


def require_sender(configuration: Configuration, iss: str) -> None:
    """RFC 9207, 2.4: the answer comes from the server that was asked.

    Raises:
        SmartFault: MIXED_UP.
    """
    if (iss or configuration.names_itself) and not hmac.compare_digest(iss.encode(), configuration.issuer.encode()):
        raise SmartFault(Fault.MIXED_UP)


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
        SmartFault: DENIED when the code is spent, late or not ours; WIDENED when more is granted than was asked;
            MALFORMED when the answer lacks what it must have.
    """
    form = {
        "grant_type": "authorization_code",
        "code": exchange.code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": exchange.verifier,
        **proof(configuration, client.client_id, key=client.key, moment=Moment(exchange.jti, exchange.now)),
    }
    token = _launch_token(await post_form(http, configuration.token_endpoint, form=form))
    if widened(asked=client.scope, granted=token.scope):
        raise SmartFault(Fault.WIDENED)
    return token


def _launch_token(found: Json) -> LaunchToken:
    return LaunchToken(
        access_token=text(found, "access_token"),
        seconds=lifetime(found),
        scope=text(found, "scope"),
        id_token=text(found, "id_token"),
        patient=identifier(found, "patient"),
        encounter=identifier(found, "encounter"),
        need_patient_banner=found.get("need_patient_banner") is not False,
        refresh_token=optional(found, "refresh_token"),
        app_context=optional(found, "appContext"),
    )
