"""A new access token for a launch that goes on, by its refresh token; never for more, never for another patient.

Source: SMART App Launch 2.2, "Refresh access token"; RFC 6749, 6. A server may give a new refresh token each time.
"""

from dataclasses import dataclass, field

import aiohttp

from integrations.smart.authentication import Moment, proof
from integrations.smart.discovery import Configuration
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.launch import Client
from integrations.smart.scopes import widened
from integrations.smart.token_answer import identifier, lifetime, optional, text
from integrations.smart.wire import post_form


@dataclass(frozen=True)
class Held:
    """What the launch holds until now."""

    refresh_token: str = field(repr=False)
    scope: str
    patient: str


@dataclass(frozen=True)
class Renewed:
    """`refresh_token` is the one to use next time."""

    access_token: str = field(repr=False)
    seconds: int
    scope: str
    refresh_token: str = field(repr=False)


async def renew(
    http: aiohttp.ClientSession, configuration: Configuration, *, client: Client, held: Held, moment: Moment
) -> Renewed:
    """The next access token.

    Raises:
        SmartFault: DENIED with `invalid_grant` when the launch is over; WIDENED or OTHER_PATIENT when the answer is
            for more than the launch was.
    """
    form = {
        "grant_type": "refresh_token",
        "refresh_token": held.refresh_token,
        **proof(configuration, client.client_id, key=client.key, moment=moment),
    }
    found = await post_form(http, configuration.token_endpoint, form=form)
    scope = optional(found, "scope") or held.scope  # RFC 6749, 5.1: left out where it is the same
    if widened(asked=held.scope, granted=scope):
        raise SmartFault(Fault.WIDENED)
    if identifier(found, "patient") not in ("", held.patient):
        raise SmartFault(Fault.OTHER_PATIENT)
    following = optional(found, "refresh_token") or held.refresh_token
    return Renewed(text(found, "access_token"), lifetime(found), scope, following)
