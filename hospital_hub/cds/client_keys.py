"""The clients' public keys as one process remembers them: from their blocks, or from the one URL in there.

Read again after a quarter of an hour, and for an unknown key at most once a minute. An old set serves while the URL
does not answer: a client's key server must not stop its hooks. Calls at the same time read once, and all wait for it.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hospital_hub.cds.clients import CdsClient
from hospital_hub.errors import Unavailable
from integrations.smart.errors import SmartFault
from integrations.smart.wire import get_json

FRESH_SECONDS: Final = 15 * 60
AGAIN_SECONDS: Final = 60
RETRY_SECONDS: Final = 5
WAIT_SECONDS: Final = 2.0
log = structlog.get_logger()


@dataclass
class _Kept:
    """Times by the event loop's clock."""

    keys: KeySet | None = None
    read_at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class ClientKeys:
    http: aiohttp.ClientSession
    _kept: dict[str, _Kept] = field(default_factory=dict)

    async def of(self, client: CdsClient, kid: str) -> KeySet:
        """The client's keys; the one called `kid` is among them if the client has published it.

        Raises:
            Unavailable: there are none, because its URL does not answer.
        """
        if client.inline_keys is not None:
            return client.inline_keys
        kept = self._kept.setdefault(client.jwks_url, _Kept())
        if self._stale(kept, kid):
            async with kept.lock:
                if self._stale(kept, kid):
                    await self._read(client, kept)
        if kept.keys is None:
            raise Unavailable(
                "The public keys of this EMR cannot be read.",
                "Ask the EMR's administrator whether its key URL answers.",
                code="client_keys_unavailable",
            )
        return kept.keys

    def _stale(self, kept: _Kept, kid: str) -> bool:
        age = asyncio.get_running_loop().time() - kept.read_at
        if not kept.read_at or age > FRESH_SECONDS:
            return True
        if kept.keys is None:
            return age > RETRY_SECONDS
        return age > AGAIN_SECONDS and not any(key.kid == kid for key in kept.keys.keys)

    async def _read(self, client: CdsClient, kept: _Kept) -> None:
        """`read_at` is set at the end: whoever comes while it is read waits for it."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                found = await get_json(self.http, client.jwks_url)
            kept.keys = KeySet.import_key_set({"keys": found["keys"]})
        except (SmartFault, TimeoutError, JoseError, KeyError, ValueError, TypeError, AttributeError) as wrong:
            log.warning("cds_client_keys_unread", error=type(wrong).__name__)
        kept.read_at = asyncio.get_running_loop().time()
