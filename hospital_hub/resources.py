"""What a process opens once and everything else borrows: the database, the vault, HTTP pools, the model registry.

Web, worker, command line and tests use this same root. Per-request objects are built from it, never kept in it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import aiohttp
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.requests import HTTPConnection

from hospital_hub.emr_registry import Emrs
from hospital_hub.errors import WrongSetup
from hospital_hub.registry import Registry
from hospital_hub.settings import Settings
from hospital_hub.storage.database import Database
from hospital_hub.storage.vault import Vault

CONNECTIONS = 256
CACHE_CONNECT_SECONDS = 0.3
CACHE_SECONDS = 1.0
NO_CACHE = "redis://127.0.0.1:1/0"  # nobody listens there, so everything is as if the cache had lost it


@dataclass(frozen=True)
class Resources:
    """`http` never follows the environment's proxies and keeps no cookies.

    `cache` may lose everything at any time, and may not answer at all.
    """

    settings: Settings
    database: Database
    vault: Vault
    http: aiohttp.ClientSession
    registry: Registry
    cache: Redis
    emrs: Emrs


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open everything, or say in one line what is missing.

    Raises:
        WrongSetup: a setting is missing or unusable.
    """
    if not settings.database_url:
        raise WrongSetup("HUB_DATABASE_URL is not set: run `hospital-hub demo`, or name your PostgreSQL there")
    registry = Registry.parse(settings.models_document(), model_url=settings.model_url)
    emrs = Emrs.of_settings(settings)
    vault = Vault(settings.master_key())
    database = Database.open(settings.database_url)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, limit_per_host=CONNECTIONS)
    http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
    cache = Redis.from_url(
        settings.redis_url or NO_CACHE,
        socket_connect_timeout=CACHE_CONNECT_SECONDS,
        socket_timeout=CACHE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        yield Resources(settings, database, vault, http, registry, cache, emrs)
    finally:
        await cache.aclose()
        await http.close()
        await database.close()


def resources_of(connection: HTTPConnection) -> Resources:
    """The resources of the application that serves this request."""
    return cast("Resources", connection.app.state.resources)
