"""The hub's public keys, read from the hub when first needed: it starts after the EMR, and may change them."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.failures import OAuthFailure

KEPT_SECONDS = 15 * 60
UNKNOWN_KID_SECONDS = 60
TIMEOUT = aiohttp.ClientTimeout(total=5)
LARGEST = 64 * 1024


@dataclass
class HubKeys:
    config: EmrConfig
    http: aiohttp.ClientSession
    _keys: dict[str, Key] = field(default_factory=dict)
    _read_at: int = -KEPT_SECONDS
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def key(self, kid: str) -> Key:
        async with self._lock:
            age = self.config.now() - self._read_at
            if age >= KEPT_SECONDS or (kid not in self._keys and (age >= UNKNOWN_KID_SECONDS or not self._keys)):
                await self._read()
        if kid not in self._keys:
            raise OAuthFailure("invalid_client", "The client's JWKS holds no key of this kid", status=401)
        return self._keys[kid]

    async def _read(self) -> None:
        try:
            async with self.http.get(self.config.hub_jwks, timeout=TIMEOUT, allow_redirects=False) as response:
                response.raise_for_status()
                document = await response.json(content_type=None)
            self._keys = _named(document)
        except (aiohttp.ClientError, TimeoutError, JoseError, ValueError, KeyError, TypeError) as failure:
            description = "The client's JWKS cannot be read; is the hub running?"
            raise OAuthFailure("temporarily_unavailable", description, status=503) from failure
        self._read_at = self.config.now()


def _named(document: Any) -> dict[str, Key]:  # noqa: ANN401 - JSON from outside
    return {key.kid: key for key in KeySet.import_key_set({"keys": document["keys"]}) if key.kid}
