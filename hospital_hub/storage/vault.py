"""Field encryption with one data key a subject (patient or kiosk case), so that erasing the key erases the text.

AES-256-GCM (NIST SP 800-38D); the data key is wrapped by the installation's master key. The additional data binds
a ciphertext to its table, column and row, so that it cannot be moved. Does not decide who may read.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import DateTime, LargeBinary, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.errors import NotFound, Unavailable

NONCE_BYTES = 12
KEY_BYTES = 32
MASTER_VERSION = 1


class DataKey(SQLModel, table=True):
    """One wrapped key a subject; `subject` is a keyed hash, so the table names no patient."""

    __tablename__ = "data_key"

    subject: bytes = Field(primary_key=True, sa_type=LargeBinary)
    wrapped: bytes | None = Field(default=None, sa_type=LargeBinary, description="empty after erasure")
    master_version: int = MASTER_VERSION
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


@dataclass(frozen=True)
class Place:
    """Where a ciphertext lives; part of its additional authenticated data."""

    table: str
    column: str
    row: str

    def bound(self) -> bytes:
        return f"{self.table}|{self.column}|{self.row}|{MASTER_VERSION}".encode()


@dataclass(frozen=True)
class Vault:
    master: bytes

    def __repr__(self) -> str:
        return "Vault()"

    def blind(self, text: str) -> bytes:
        """A keyed hash by which a row can be found without storing the identifier in the clear."""
        return hmac.new(self.master, b"blind|" + text.encode(), hashlib.sha256).digest()

    def secret(self, purpose: str) -> bytes:
        """A key for one purpose, derived from the master key."""
        return hmac.new(self.master, b"derive|" + purpose.encode(), hashlib.sha256).digest()

    async def seal(self, session: AsyncSession, *, subject: str | bytes, place: Place, text: str) -> bytes:
        """`subject` by name, or by its keyed hash where only that is known."""
        key = await self._key(session, subject, create=True)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, text.encode(), place.bound())

    async def open(self, session: AsyncSession, *, subject: str | bytes, place: Place, sealed: bytes) -> str:
        key = await self._key(session, subject, create=False)
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.bound()).decode()
        except InvalidTag as wrong:
            raise Unavailable("A stored text does not match its key.", "Tell operations.") from wrong

    async def erase(self, session: AsyncSession, *, subject: str) -> None:
        """Forget the subject's key; every text sealed for it is unreadable from now on."""
        row = await session.get(DataKey, self.blind(subject))
        if row is not None:
            row.wrapped = None

    async def _key(self, session: AsyncSession, subject: str | bytes, *, create: bool) -> bytes:
        blind = subject if isinstance(subject, bytes) else self.blind(subject)
        row = await session.get(DataKey, blind)
        if row is None and create:
            await session.exec(
                insert(DataKey)
                .values(subject=blind, wrapped=self._wrap(blind, secrets.token_bytes(KEY_BYTES)))
                .on_conflict_do_nothing()
            )
            row = await session.get(DataKey, blind)
        session.info[blind] = row  # a session itself holds weakly: the key would be read again for every text
        if row is None or row.wrapped is None:
            raise NotFound("This text has been erased.", "It cannot be brought back.", code="erased")
        return AESGCM(self.master).decrypt(row.wrapped[:NONCE_BYTES], row.wrapped[NONCE_BYTES:], blind)

    def _wrap(self, blind: bytes, key: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.master).encrypt(nonce, key, blind)
