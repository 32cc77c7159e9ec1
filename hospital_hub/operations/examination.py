"""Looks at each part of an installation, from the outside, and never stops at the first that is wrong."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import aiohttp
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hospital_hub.operations.emr_examination import looks_at_emrs
from hospital_hub.operations.findings import Finding, Wrong, examine, fetch, fetch_object
from hospital_hub.operations.queue import queue_state
from hospital_hub.registry import Registry, TierEntry
from hospital_hub.settings import Settings
from hospital_hub.storage.database import Database
from hospital_hub.storage.schema import check
from integrations.smart.keys import ClientKey

REDIS_MAJOR = 7
REDIS_SECONDS = 3
LAG_SECONDS = 30.0
FREE_GIB = 2.0
GIB = 1024**3
Look = Callable[[], Awaitable[str]]


async def examine_all(settings: Settings) -> list[Finding]:
    """One finding a part, in the order in which they depend on each other."""
    async with aiohttp.ClientSession(trust_env=False) as http:
        looks = {**_own(settings), **_servers(settings, http), **_models(settings, http)}
        return list(await asyncio.gather(*(examine(part, look) for part, look in looks.items())))


def _own(settings: Settings) -> Mapping[str, Look]:
    return {
        "master key": partial(_master_key, settings),
        "SMART key": partial(_smart_key, settings),
        "disk": partial(_disk, settings.data_dir),
        "database": partial(_database, settings),
        "publisher": partial(_publisher, settings),
        "Redis": partial(_redis, settings),
    }


def _servers(settings: Settings, http: aiohttp.ClientSession) -> Mapping[str, Look]:
    return {
        **looks_at_emrs(settings, http),
        "hub": partial(_hub, settings, http),
    }


def _models(settings: Settings, http: aiohttp.ClientSession) -> Mapping[str, Look]:
    registry = Registry.parse(settings.models_document(), model_url=settings.model_url)
    return {
        f"model {label} ({replica.name})": partial(_model, http, entry, url=replica.url)
        for label, entry in registry.tiers.items()
        for replica in entry.replicas
    }


async def _master_key(settings: Settings) -> str:
    settings.master_key()
    return _private(settings.secret_key_file)


async def _smart_key(settings: Settings) -> str:
    try:
        algorithm = ClientKey(settings.smart_key()).algorithm
    except ValueError as broken:
        raise Wrong(f"the file is {broken}", "make one with `hospital-hub secrets create-smart FILE`") from broken
    return f"{_private(settings.smart_key_file)} ({algorithm})"


def _private(file: Path | None) -> str:
    if file is not None and file.stat().st_mode & 0o077:
        raise Wrong(f"others may read {file}", f"run `chmod 600 {file}`")
    return str(file)


async def _disk(folder: Path) -> str:
    there = _existing(folder)
    free = shutil.disk_usage(there).free / GIB
    if free < FREE_GIB:
        raise Wrong(f"{free:.1f} GiB free at {there}", f"make room: the hub needs {FREE_GIB:g} GiB")
    return f"{free:.1f} GiB free at {there}"


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


async def _database(settings: Settings) -> str:
    database = _opened(settings)
    try:
        await check(database)
    finally:
        await database.close()
    return "answers, with the schema of this version"


async def _publisher(settings: Settings) -> str:
    database = _opened(settings)
    try:
        await check(database)
        async with database.work() as session:
            state = await queue_state(session)
    finally:
        await database.close()
    if state.lag_seconds > LAG_SECONDS:
        raise Wrong(
            f"{state.unpublished} tasks wait, since {state.lag_seconds:.0f} s", "start `hospital-hub publisher`"
        )
    return f"{state.unpublished} tasks wait, {state.under_way} are under way"


def _opened(settings: Settings) -> Database:
    if not settings.database_url:
        raise Wrong("HUB_DATABASE_URL is not set", "name your PostgreSQL there, or run `hospital-hub demo`")
    return Database.open(settings.database_url, pool_size=1)


async def _redis(settings: Settings) -> str:
    if not settings.redis_url:
        raise Wrong("HUB_REDIS_URL is not set", "name your Redis (7 or newer) there")
    try:
        async with Redis.from_url(
            settings.redis_url,
            socket_connect_timeout=REDIS_SECONDS,
            socket_timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as redis:
            told = await redis.info("server")
    except (RedisError, OSError) as gone:
        raise Wrong(f"does not answer ({type(gone).__name__})", "start it, or correct HUB_REDIS_URL") from gone
    version = str(told.get("redis_version", "0"))
    if int(version.split(".", maxsplit=1)[0]) < REDIS_MAJOR:
        raise Wrong(f"is version {version}", f"the hub needs Redis {REDIS_MAJOR} or Valkey")
    return f"answers, protocol version {version}"


async def _hub(settings: Settings, http: aiohttp.ClientSession) -> str:
    await fetch(http, f"{settings.worker_hub_url}/readyz", remedy="start `hospital-hub serve` and look at its log")
    return f"{settings.worker_hub_url} is ready"


async def _model(http: aiohttp.ClientSession, entry: TierEntry, *, url: str) -> str:
    remedy = "start the model server, or correct its URL in models.toml"
    await fetch(http, f"{url.removesuffix('/v1')}/health", remedy=remedy)
    listed = await fetch_object(http, f"{url}/models", remedy=remedy)
    name = entry.served_name
    if name not in _names(listed.get("data")):
        raise Wrong(f"{url} does not serve {name}", f"start it with --served-model-name {name}")
    return f"{url} serves {name}"


def _names(listed: object) -> set[str]:
    """Of OpenAI's list of models, with the aliases under which llama.cpp's server plays several tiers."""
    models = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {str(one.get("id")) for one in models} | {str(name) for one in models for name in one.get("aliases") or ()}
