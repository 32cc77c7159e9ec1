"""SMART backend services: a token for the hub itself (client_credentials), kept until shortly before it ends.

Source: SMART App Launch 2.2, "Backend Services".
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from integrations.smart.authentication import Moment, proof
from integrations.smart.discovery import Configuration
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.keys import ClientKey
from integrations.smart.scopes import widened
from integrations.smart.token_answer import lifetime, text
from integrations.smart.wire import post_form

# A token that ends while a request is under way is worth less than a new one.
EARLY_SECONDS = 30


@dataclass(frozen=True)
class BackendClient:
    client_id: str
    scope: str
    key: ClientKey


@dataclass(frozen=True)
class BackendToken:
    """`until` in seconds since 1970."""

    value: str = field(repr=False)
    scope: str
    until: int


async def ask_token(
    http: aiohttp.ClientSession, configuration: Configuration, *, client: BackendClient, jti: str, now: int
) -> BackendToken:
    """A new token.

    Raises:
        SmartFault: DENIED when the EMR does not know the client, its key or the scope; WIDENED when it gives more.
    """
    form = {
        "grant_type": "client_credentials",
        "scope": client.scope,
        **proof(configuration, client.client_id, key=client.key, moment=Moment(jti, now)),
    }
    found = await post_form(http, configuration.token_endpoint, form=form)
    scope = text(found, "scope")
    if widened(asked=client.scope, granted=scope):
        raise SmartFault(Fault.WIDENED)
    return BackendToken(text(found, "access_token"), scope, now + lifetime(found))


@dataclass
class BackendTokens:
    """The living tokens of one process, one a client, scope and token endpoint; `jti` and `clock` are the caller's.

    An EMR that is slow to answer holds up nobody at another one.
    """

    jti: Callable[[], str]
    clock: Callable[[], float]
    _kept: dict[tuple[str, str, str], BackendToken] = field(default_factory=dict)
    _asking: defaultdict[tuple[str, str, str], asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def token(self, http: aiohttp.ClientSession, configuration: Configuration, *, client: BackendClient) -> str:
        place = (configuration.token_endpoint, client.client_id, client.scope)
        async with self._asking[place]:
            kept = self._kept.get(place)
            now = int(self.clock())
            if kept is None or kept.until - EARLY_SECONDS <= now:
                kept = await ask_token(http, configuration, client=client, jti=self.jti(), now=now)
                self._kept[place] = kept
        return kept.value

    def forget(self) -> None:
        """After a 401: the EMR no longer takes what was kept."""
        self._kept.clear()
