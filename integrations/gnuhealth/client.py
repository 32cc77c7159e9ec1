"""A log-in at a Tryton server and calls of its models' methods. Retries nothing; the caller knows what may be repeated.

Source: trytond 7.0, protocols/dispatcher.py and wrappers.py (`common.db.login`, `Authorization: Session`).
"""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from integrations.gnuhealth.errors import Fault, GnuHealthFault
from integrations.gnuhealth.wire import Values, post

LANGUAGE = "en"


@dataclass(frozen=True)
class Server:
    """`base` is where one database is served, e.g. https://his.example/health, without a slash at its end."""

    base: str

    @property
    def endpoint(self) -> str:
        return f"{self.base}/"


@dataclass(frozen=True)
class Account:
    login: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Session:
    """One log-in. `authorization` is a secret."""

    http: aiohttp.ClientSession
    server: Server
    authorization: str = field(repr=False)

    async def call(
        self,
        model: str,
        method: str,
        *params: object,
        context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - JSON as received
        """`method` of a model. Tryton takes the context as the last parameter of each call."""
        body = {"id": 0, "method": f"model.{model}.{method}", "params": [*params, dict(context or {})]}
        return await post(self.http, self.server.endpoint, body=body, authorization=self.authorization)

    async def records(self, model: str, domain: Sequence[object], *, fields: Sequence[str]) -> list[Values]:
        """At most two: every search here is for one record, and a second one is an error of the caller's key."""
        found = await self.call(model, "search_read", domain, 0, 2, None, fields)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise GnuHealthFault(Fault.MALFORMED, "not records")
        return found


@asynccontextmanager
async def logged_in(http: aiohttp.ClientSession, server: Server, *, account: Account) -> AsyncIterator[Session]:
    """A log-in for the length of a block.

    Raises:
        GnuHealthFault: LOGIN for a wrong name or password, BUSY after too many of them.
    """
    parameters = [account.login, {"password": account.password}, LANGUAGE]
    body = {"id": 0, "method": "common.db.login", "params": parameters}
    session = Session(http, server, _authorization(account.login, await post(http, server.endpoint, body=body)))
    try:
        yield session
    finally:
        with suppress(GnuHealthFault):  # it ends by itself
            body = {"id": 0, "method": "common.db.logout", "params": []}
            await post(http, server.endpoint, body=body, authorization=session.authorization)


def _authorization(login: str, answer: object) -> str:
    match answer:
        case [int(user), str(key)]:
            token = base64.b64encode(f"{login}:{user}:{key}".encode()).decode("ascii")
            return f"Session {token}"
    raise GnuHealthFault(Fault.MALFORMED, "log-in")
