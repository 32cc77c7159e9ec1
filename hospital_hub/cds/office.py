"""What the services need for as long as a process runs: registrations, keys, and how to learn of open drafts."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, cast

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import HTTPConnection

from hospital_hub.cds.catalogue import catalogue
from hospital_hub.cds.client_keys import ClientKeys
from hospital_hub.cds.clients import CdsClients, read_clients
from hospital_hub.cds.used_tokens import UsedTokens
from hospital_hub.resources import Resources
from hospital_hub.storage.database import POOL_SIZE
from hospital_hub.storage.vault import Vault

# A FHIR server that hangs may hold this many of the process's connections, and no more.
MOST_READS: Final = 64
# Hooks come in bursts: they wait for each other rather than have the pool open and close connections beside its own.
MOST_WRITES: Final = POOL_SIZE


class OpenDraft(Protocol):
    """A note that nobody has signed yet."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def created_at(self) -> datetime: ...


class OpenDrafts(Protocol):
    """Those of one patient (by keyed hash) and one author (by FHIR reference), newest first."""

    async def __call__(
        self, session: AsyncSession, vault: Vault, *, subject: bytes, practitioner: str
    ) -> Sequence[OpenDraft]: ...


@dataclass(frozen=True)
class Office:
    """`open_drafts` comes from the slice that keeps the drafts; `read_seconds` are for all reads of one call."""

    clients: CdsClients
    keys: ClientKeys
    tokens: UsedTokens
    open_drafts: OpenDrafts
    read_seconds: float = field(default_factory=lambda: catalogue().parameters.read_milliseconds / 1000)
    reads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_READS))
    writes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_WRITES))


@asynccontextmanager
async def open_office(resources: Resources, open_drafts: OpenDrafts) -> AsyncIterator[Office]:
    """Raises WrongSetup where the file of clients is unusable."""
    clients, tokens = read_clients(resources.settings.cds_clients), UsedTokens(resources.database)
    try:
        yield Office(clients, ClientKeys(resources.http), tokens, open_drafts)
    finally:
        await tokens.stop()


def office_of(connection: HTTPConnection) -> Office:
    return cast("Office", connection.app.state.cds)
