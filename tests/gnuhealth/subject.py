"""One GNU Health under the tests, real or fake: whom it knows, and what people do in it past the hub."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from integrations.gnuhealth.client import Account, Server, Session, logged_in
from integrations.gnuhealth.evaluations import MODEL

HUB = Account("hospital-hub", "the-hub's-own-password")
DOCTOR = Account("cordara", "the-doctor's-own-password")
EVALUATIONS = "gnuhealth_patient_evaluation"


@dataclass(frozen=True)
class Subject:
    """`professional` is the doctor's id there; `rows` and `tamper` go to its database, past its own code."""

    base: str
    puid: str
    professional: int
    rows: Callable[[str], dict[str, Any]]
    tamper: Callable[[str, str], None]

    @property
    def server(self) -> Server:
        return Server(self.base)

    async def as_doctor(self, http: aiohttp.ClientSession, method: str, *params: object) -> None:
        """What the doctor does in the client of GNU Health, as the client says it."""
        async with logged_in(http, self.server, account=DOCTOR) as session:
            await session.call(MODEL, method, *params)

    async def sign(self, http: aiohttp.ClientSession, identifier: int) -> None:
        """Both steps of GNU Health's own workflow: discharge, which names the signer, and the digest."""
        await self.as_doctor(http, "end_evaluation", [identifier])
        await self.as_doctor(http, "sign_evaluation", [identifier])


async def only(session: Session, model: str, values: dict[str, object]) -> int:
    (identifier,) = await session.call(model, "create", [values])
    return int(identifier)
