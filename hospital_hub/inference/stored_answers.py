"""Idempotency keys: the same key with the same request gives the stored answer back, also after a restart, for a day.

Answers are sealed by the vault. An answer that was not whole is not kept, so that it can be asked again. Shaped after
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header (409 while under way, 422 for another body).
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.errors import BadInput, Conflict, Refused
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.sweep import DEAD_AFTER_SECONDS
from hospital_hub.inference.tables import HubProcess, StoredAnswer
from hospital_hub.storage.database import Database
from hospital_hub.storage.vault import Place, Vault

LONGEST_KEY: Final = 255
REPLAYED: Final = {"x-hub-replayed": "true"}


@dataclass(frozen=True)
class Kept:
    """`body` is the whole answer as it went out, JSON or server-sent events."""

    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Claim:
    """This request's right to answer under its key."""

    key: bytes
    subject: str

    @property
    def place(self) -> Place:
        return Place("stored_answer", "sealed", self.key.hex())


@dataclass(frozen=True)
class StoredAnswers:
    """`process` is the ledger's: a claim of a process that died is free again."""

    database: Database
    vault: Vault
    process: uuid.UUID
    kept_for: timedelta = timedelta(hours=24)

    async def claim(self, who: Principal, *, key: str, body: bytes) -> Claim | Kept:
        """The stored answer, or the right to make it.

        Raises:
            Conflict: the same request is being answered. Refused: the key was used for another one.
        """
        if not key.isprintable() or len(key) > LONGEST_KEY:
            raise BadInput(
                "The Idempotency-Key cannot be read.", "Send at most 255 printable characters.", place="Idempotency-Key"
            )
        claim = Claim(self.vault.blind(f"idempotency|{who.id}|{key}"), f"idempotency/{who.id}")
        asked = self.vault.blind("asked|" + body.hex())
        async with self.database.work() as session:
            await self._forget_stale(session, claim)
            row = StoredAnswer(key=claim.key, asked=asked, process=self.process).model_dump(exclude={"at"})
            made = await session.exec(
                insert(StoredAnswer).values(**row).on_conflict_do_nothing().returning(col(StoredAnswer.key))
            )
            return claim if made.first() is not None else await self._kept(session, claim, asked=asked)

    async def keep(self, claim: Claim, kept: Kept) -> None:
        """Store the whole answer; it is durable when this returns."""
        async with self.database.work() as session:
            sealed = await self.vault.seal(session, subject=claim.subject, place=claim.place, text=kept.body.decode())
            mine = col(StoredAnswer.key) == claim.key
            await session.exec(update(StoredAnswer).where(mine).values(sealed=sealed, headers=kept.headers))

    async def forget(self, claim: Claim) -> None:
        """Give the key back: there is no whole answer."""
        async with self.database.work() as session:
            await session.exec(
                delete(StoredAnswer).where(col(StoredAnswer.key) == claim.key, col(StoredAnswer.sealed).is_(None))
            )

    async def _kept(self, session: AsyncSession, claim: Claim, *, asked: bytes) -> Kept:
        row = await session.get_one(StoredAnswer, claim.key)
        if row.asked != asked:
            raise Refused(
                "This Idempotency-Key was used for another request.",
                "Use a new key for a new request.",
                code="idempotency_key_reused",
            )
        if row.sealed is None:
            raise Conflict(
                "The request with this Idempotency-Key is being answered.",
                "Wait for that answer, then send it again.",
                code="idempotency_in_flight",
            )
        text = await self.vault.open(session, subject=claim.subject, place=claim.place, sealed=row.sealed)
        return Kept({**row.headers, **REPLAYED}, text.encode())

    async def _forget_stale(self, session: AsyncSession, claim: Claim) -> None:
        """What is older than a day, and the claim of a process that no longer lives."""
        alive = select(HubProcess.id).where(
            col(HubProcess.seen_at) > func.now() - timedelta(seconds=DEAD_AFTER_SECONDS)
        )
        dead = col(StoredAnswer.sealed).is_(None) & col(StoredAnswer.process).not_in(alive)
        old = col(StoredAnswer.at) < func.now() - self.kept_for
        await session.exec(delete(StoredAnswer).where(col(StoredAnswer.key) == claim.key, dead | old))


async def purge(session: AsyncSession, *, before: datetime) -> int:
    """Delete what nobody may ask for any more; how many."""
    gone = await session.exec(delete(StoredAnswer).where(col(StoredAnswer.at) < before))
    return int(gone.rowcount)
