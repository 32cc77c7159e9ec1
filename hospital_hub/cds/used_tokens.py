"""That each token is used once, by all processes together: one row a token until it ends, in PostgreSQL.

Not in the cache: that may forget everything at any time, and a forgotten token could be used again. Tokens that come at
the same moment are stored by one statement, so that a burst of hooks is no burst of transactions.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson
import psycopg

from hospital_hub.storage.database import Database
from hospital_hub.storage.group_commit import Connection, GroupCommit, Wire
from integrations.cds_hooks.client_token import Verified

# Ended ones go a few at a time, past those that another process takes away just now.
_STORE: Final = """
WITH ended AS (
    SELECT digest FROM cds_token WHERE until < now() ORDER BY until LIMIT 100 FOR UPDATE SKIP LOCKED),
gone AS (DELETE FROM cds_token USING ended WHERE cds_token.digest = ended.digest)
INSERT INTO cds_token (digest, until, use)
SELECT decode(r.digest, 'hex'), to_timestamp(r.until), r.use
FROM jsonb_to_recordset(%s::jsonb) AS r(digest text, until double precision, use uuid)
ORDER BY r.digest
ON CONFLICT DO NOTHING
"""
_WHOSE: Final = "SELECT digest, use FROM cds_token WHERE digest = ANY(%s)"


@dataclass
class _Use:
    """One attempt to use a token; `use` tells it from another one with the same token."""

    digest: bytes
    until: int
    use: uuid.UUID
    first: bool = False


class UsedTokens:
    """One a process."""

    def __init__(self, database: Database) -> None:
        self._uses = GroupCommit[_Use](Wire(database), _store)

    async def use_once(self, *, issuer: str, token: Verified) -> bool:
        """Whether this token was not used before.

        Raises:
            Unavailable: the database does not answer; the token then counts as not used.
        """
        digest = hashlib.sha256(f"{len(issuer)}|{issuer}|{token.jti}".encode()).digest()
        use = _Use(digest, token.until, uuid.uuid4())
        await self._uses.put(use)
        return use.first

    async def stop(self) -> None:
        await self._uses.stop()


async def _store(connection: Connection, uses: Sequence[_Use]) -> None:
    """Sent twice, it stores once: whose use a row holds is read back, not concluded from the insertion."""
    rows = [{"digest": one.digest.hex(), "until": one.until, "use": str(one.use)} for one in uses]
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(_STORE, [orjson.dumps(rows).decode()])
        await cursor.execute(_WHOSE, [[one.digest for one in uses]])
        holders = {bytes(digest): use for digest, use in await _all(cursor)}
    for one in uses:
        one.first = holders.get(one.digest) == one.use


async def _all(cursor: psycopg.AsyncCursor[tuple[object, ...]]) -> list[tuple[bytes, uuid.UUID]]:
    return [(digest, use) for digest, use in await cursor.fetchall()]  # type: ignore[misc]
