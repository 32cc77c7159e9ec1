"""What a clinician's log-in carries of the EMR: its tokens and whom they are for, sealed in the log-in's row."""

import json
from dataclasses import asdict, dataclass, field, replace

from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.emr import subject_of
from hospital_hub.identity.logins import living
from hospital_hub.identity.principal import Principal
from hospital_hub.identity.tables import Login
from hospital_hub.notes.emr import LaunchEnded
from hospital_hub.resources import Resources
from hospital_hub.storage.vault import Place, Vault
from integrations.smart.renewal import Renewed

# A token is renewed this long before its end, and a short one after three quarters of its life.
EARLY_SECONDS = 120


@dataclass(frozen=True)
class LaunchContext:
    """`until` and `renew_at` in seconds since 1970; without a refresh token the launch ends with its token."""

    issuer: str
    access_token: str = field(repr=False)
    until: int
    patient: str
    encounter: str
    fhir_user: str
    need_patient_banner: bool
    scope: str = ""
    refresh_token: str = field(default="", repr=False)
    renew_at: int = 0

    @property
    def subject(self) -> str:
        return subject_of(self.issuer, self.patient)

    def due(self, now: int) -> bool:
        return bool(self.refresh_token) and now >= self.renew_at

    def with_token(self, renewed: Renewed, *, now: int) -> "LaunchContext":
        return replace(
            self,
            access_token=renewed.access_token,
            until=now + renewed.seconds,
            scope=renewed.scope,
            refresh_token=renewed.refresh_token,
            renew_at=renew_at(now, renewed.seconds),
        )


def renew_at(now: int, seconds: int) -> int:
    return now + seconds - min(EARLY_SECONDS, seconds // 4)


async def context_of(session: AsyncSession, resources: Resources, *, who: Principal) -> LaunchContext:
    """The launch behind a log-in, its token living or not.

    Raises:
        LaunchEnded: there is none.
    """
    login = await living(session, who=who)
    if login.context is None:
        raise LaunchEnded
    opened = await resources.vault.open(session, subject=login.principal_id, place=_place(login), sealed=login.context)
    return LaunchContext(**json.loads(opened))


async def keep_context(session: AsyncSession, vault: Vault, *, login: Login, context: LaunchContext) -> None:
    login.context = await vault.seal(
        session, subject=login.principal_id, place=_place(login), text=json.dumps(asdict(context))
    )
    session.add(login)


def _place(login: Login) -> Place:
    return Place("login", "context", str(login.id))
