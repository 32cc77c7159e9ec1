"""Who may come in on /v1, and how much: the key, its scope, its limits a minute and its budget of the month."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import HTTPConnection

from hospital_hub.errors import Busy, NotAllowed, NotLoggedIn
from hospital_hub.identity.allowance import Allowances, Kind
from hospital_hub.identity.guard import BEARER, Guard
from hospital_hub.identity.key_ring import KeyRing
from hospital_hub.identity.keys import KeyHolder, Scope
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.models import Models
from hospital_hub.inference.stored_answers import StoredAnswers

LONGEST_WAIT_SECONDS: Final = 24 * 3600


@dataclass(frozen=True)
class Door:
    """What the routes of /v1 need of their process; opened by `main` as `app.state.door`."""

    models: Models
    ring: KeyRing
    allowances: Allowances
    answers: StoredAnswers

    async def holder(self, authorization: str, *, scope: Scope) -> KeyHolder:
        """Who is asking.

        Raises:
            NotLoggedIn: no key, or one that is unknown or revoked. NotAllowed: one that is for something else.
        """
        token = authorization[len(BEARER) :] if authorization[: len(BEARER)].title() == BEARER else ""
        holder = await self.ring.holder(token) if token else None
        if holder is None:
            raise NotLoggedIn("The API key is missing, wrong or revoked.", "Ask your administrator for a key.")
        if scope not in holder.scopes:
            raise NotAllowed("This API key is not for this.", "Ask your administrator for a key with this scope.")
        return holder

    async def admit(self, holder: KeyHolder, *, tokens: int, now: datetime) -> None:
        """Use one request and `tokens` (an estimate) of the holder's minute.

        Raises:
            Busy: the minute or the month is used up.
        """
        limits = holder.limits
        if limits.tokens_per_month is not None and holder.spent >= limits.tokens_per_month:
            raise Busy(
                "This key's tokens of the month are used up.",
                "Ask your administrator for more, or wait for the next month.",
                retry_after=min(_until_next_month(now), LONGEST_WAIT_SECONDS),
                code="insufficient_quota",
            )
        if limits.requests_per_minute is not None:
            await self.allowances.take(holder.id, Kind.REQUESTS, need=1, limit=limits.requests_per_minute)
        if limits.tokens_per_minute is not None:
            await self.allowances.take(holder.id, Kind.TOKENS, need=tokens, limit=limits.tokens_per_minute)

    def settle(self, holder: KeyHolder, *, estimated: int, used: int) -> None:
        """Give back what was estimated and not used; `used` is 0 where no answer came."""
        if holder.limits.tokens_per_minute is not None:
            self.allowances.give_back(holder.id, Kind.TOKENS, unused=estimated - used)


def door_of(connection: HTTPConnection) -> Door:
    """The door of the application that serves this request."""
    door = connection.app.state.door
    assert isinstance(door, Door)  # noqa: S101 - set by `main`
    return door


class KeyGuard(Guard):
    """A department's API key in the Authorization header."""

    def __init__(self, action: Action, *, scope: Scope) -> None:
        super().__init__(action)
        self.scope = scope

    async def _who(self, request: HTTPConnection) -> Principal | None:
        authorization = request.headers.get("authorization", "")
        return (await door_of(request).holder(authorization, scope=self.scope)).who


def _until_next_month(now: datetime) -> int:
    first = (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return max(1, int((first - now).total_seconds()))
