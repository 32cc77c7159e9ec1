"""The keys as one process remembers them: a look-up holds for less than a second, so a revoked key ends within one.

Asking the database again is simpler to trust than being told: a lost notification would leave a key open.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from hospital_hub.identity.keys import KeyHolder, hash_of, holder_of, month_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.database import Database
from hospital_hub.storage.vault import Vault

REMEMBERED_SECONDS: Final = 0.75
MOST_REMEMBERED: Final = 2048
LONGEST_KEY: Final = 200


@dataclass
class _Known:
    holder: KeyHolder | None
    until: float


@dataclass
class KeyRing:
    """`until` by the event loop's clock, from before the database was asked."""

    database: Database
    vault: Vault
    remembered_seconds: float = REMEMBERED_SECONDS
    _known: OrderedDict[str, _Known] = field(default_factory=OrderedDict)
    _asking: dict[str, asyncio.Task[KeyHolder | None]] = field(default_factory=dict)

    async def holder(self, token: str) -> KeyHolder | None:
        """Who holds this key; None for an unknown or revoked one.

        Raises:
            Unavailable: the database does not answer.
        """
        if len(token) > LONGEST_KEY:
            return None
        known = self._known.get(token)
        if known is not None and known.until > asyncio.get_running_loop().time():
            return known.holder
        asking = self._asking.get(token)
        if asking is None:
            asking = self._asking[token] = asyncio.create_task(self._ask(token))
            asking.add_done_callback(lambda _done: self._asking.pop(token, None))
        return await asyncio.shield(asking)

    async def _ask(self, token: str) -> KeyHolder | None:
        until = asyncio.get_running_loop().time() + self.remembered_seconds
        async with self.database.work() as session:
            holder = await holder_of(session, hash_of(self.vault, token), month=month_of(utc_now()))
        self._known[token] = _Known(holder, until)
        self._known.move_to_end(token)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return holder
