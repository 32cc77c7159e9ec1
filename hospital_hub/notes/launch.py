"""From the EMR's launch to a log-in of the hub: one registered issuer, one use of each state, ten minutes.

The verifier and the nonce are derived from the state by the vault's key, so that the table keeps hashes alone.
"""

import base64
import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from sqlalchemy import delete, func, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.emr import issuer_of, subject_of
from hospital_hub.errors import BadInput, NotAllowed
from hospital_hub.identity.logins import begin, end, living
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.identity.tables import Login
from hospital_hub.notes.emr import LaunchEnded, from_smart, panel_client
from hospital_hub.notes.opening import Opening, opening_of
from hospital_hub.notes.tables import SmartLaunch
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from hospital_hub.storage.vault import Place, Vault
from integrations.smart.discovery import Configuration, discover
from integrations.smart.errors import SmartFault
from integrations.smart.id_token import Expected, Person, verify_id_token
from integrations.smart.launch import Attempt, Exchange, LaunchToken, authorization_url, exchange_code

MINUTES = 10


@dataclass(frozen=True)
class LaunchContext:
    """What a clinician's log-in carries: the EMR's token and whom it is for. `until` in seconds since 1970."""

    issuer: str
    access_token: str = field(repr=False)
    until: int
    patient: str
    encounter: str
    fhir_user: str
    need_patient_banner: bool

    @property
    def subject(self) -> str:
        return subject_of(self.issuer, self.patient)


@dataclass(frozen=True)
class Callback:
    """What the EMR's redirect brings, and the browser that brings it."""

    code: str = field(repr=False)
    state: str = field(repr=False)
    browser: str = field(repr=False)


@dataclass(frozen=True)
class Arrival:
    """The value of the log-in's cookie, and what the panel is to open."""

    cookie: str = field(repr=False)
    opening: Opening


async def start(resources: Resources, *, iss: str, launch: str, browser: str) -> str:
    """The URL to send the browser to.

    Raises:
        BadInput: another issuer than the registered one. UpstreamFailed: its log-in service does not answer.
    """
    issuer = issuer_of(resources)
    if iss.rstrip("/") != issuer:
        raise BadInput(
            "This EMR is not registered with the hub.",
            "Open the panel from your hospital's own EMR.",
            code="wrong_issuer",
        )
    configuration = await _configuration(resources)
    state = new_token()
    async with resources.database.work() as session:
        stale = func.now() - text(f"interval '{MINUTES} minutes'")
        await session.exec(delete(SmartLaunch).where(col(SmartLaunch.created_at) < stale))
        session.add(
            SmartLaunch(
                state_hash=resources.vault.blind("smart-state|" + state),
                browser_hash=resources.vault.blind("smart-browser|" + browser),
            )
        )
    attempt = _attempt(resources.vault, state)
    return authorization_url(configuration, panel_client(resources), attempt=attempt, launch=launch)


async def finish(resources: Resources, callback: Callback, *, before: Principal | None, now: datetime) -> Arrival:
    """A new log-in; the log-in `before` of this browser ends with it.

    Raises:
        NotAllowed: the state is unknown, spent, too old or another browser's; or the EMR did not allow the launch.
    """
    await _spend(resources, callback)
    configuration = await _configuration(resources)
    attempt = _attempt(resources.vault, callback.state)
    client = panel_client(resources)
    seconds = int(now.timestamp())
    exchange = Exchange(callback.code, attempt.verifier, jti=new_token(), now=seconds)
    expected = Expected(client.client_id, attempt.nonce, seconds)
    try:
        token = await exchange_code(resources.http, configuration, client=client, exchange=exchange)
        person = await verify_id_token(resources.http, configuration, token=token.id_token, expected=expected)
    except SmartFault as fault:
        raise from_smart(fault) from fault
    if not token.patient:
        raise BadInput("The EMR named no patient.", "Open the panel from a patient's page.", code="no_patient")
    who, context = _launched(resources, token, person=person, now=now)
    cookie = await _log_in(resources, who, context=context, before=before)
    return Arrival(cookie, opening_of(token.app_context))


async def context_of(session: AsyncSession, resources: Resources, *, who: Principal, now: datetime) -> LaunchContext:
    """The launch behind a log-in.

    Raises:
        LaunchEnded: there is none, or its token has run out.
    """
    login = await living(session, who=who)
    if login.context is None:
        raise LaunchEnded
    place = _place(login)
    opened = await resources.vault.open(session, subject=login.principal_id, place=place, sealed=login.context)
    context = LaunchContext(**json.loads(opened))
    if now.timestamp() >= context.until:
        raise LaunchEnded
    return context


async def _spend(resources: Resources, callback: Callback) -> None:
    """Delete the state's row; only the one request that deletes it goes on."""
    young = func.now() - text(f"interval '{MINUTES} minutes'")
    async with resources.database.work() as session:
        found = await session.exec(
            delete(SmartLaunch)
            .where(
                col(SmartLaunch.state_hash) == resources.vault.blind("smart-state|" + callback.state),
                col(SmartLaunch.browser_hash) == resources.vault.blind("smart-browser|" + callback.browser),
                col(SmartLaunch.created_at) >= young,
            )
            .returning(col(SmartLaunch.state_hash))
        )
        if found.first() is None:
            raise NotAllowed(
                "This launch is not known, was used already, or took too long.",
                "Open the panel again from the patient's page.",
                code="launch_unknown",
            )


async def _configuration(resources: Resources) -> Configuration:
    try:
        return await discover(resources.http, issuer_of(resources))
    except SmartFault as fault:
        raise from_smart(fault) from fault


def _attempt(vault: Vault, state: str) -> Attempt:
    return Attempt(
        state, nonce=_derived(vault, "nonce", state=state), verifier=_derived(vault, "verifier", state=state)
    )


def _derived(vault: Vault, purpose: str, *, state: str) -> str:
    """43 URL-safe characters (RFC 7636, 4.1) that nobody without the master key can make from the state."""
    return base64.urlsafe_b64encode(vault.blind(f"smart-{purpose}|{state}")).rstrip(b"=").decode("ascii")


def _launched(
    resources: Resources, token: LaunchToken, *, person: Person, now: datetime
) -> tuple[Principal, LaunchContext]:
    issuer = issuer_of(resources)
    fhir_user = "/".join(person.fhir_user.split("/")[-2:])  # also where it is an absolute URL
    who = Principal(
        id=f"{issuer}|{person.subject}",
        role=Role.CLINICIAN,
        display_name=person.name or fhir_user or person.subject,
    )
    context = LaunchContext(
        issuer=issuer,
        access_token=token.access_token,
        until=int(now.timestamp()) + token.seconds,
        patient=token.patient,
        encounter=token.encounter,
        fhir_user=fhir_user,
        need_patient_banner=token.need_patient_banner,
    )
    return who, context


async def _log_in(resources: Resources, who: Principal, *, context: LaunchContext, before: Principal | None) -> str:
    now = utc_now()
    vault = resources.vault
    async with resources.database.work() as session:
        if before is not None:
            await end(session, who=before, now=now)
            record(session, before, deed=Deed.LOGOUT, entity=f"login/{before.session_id}")
        cookie, login = await begin(session, vault=vault, who=who, now=now)
        login.context = await vault.seal(session, subject=who.id, place=_place(login), text=json.dumps(asdict(context)))
        session.add(login)
        who = replace(who, session_id=login.id)
        record(session, who, deed=Deed.LOGIN, entity=f"login/{login.id}", subject=vault.blind(context.subject))
    return cookie


def _place(login: Login) -> Place:
    return Place("login", "context", str(login.id))
