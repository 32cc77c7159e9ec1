"""From a launch, the EMR's or a standalone one, to a log-in of the hub: one use of each state, ten minutes.

The verifier and the nonce are derived from the state by the vault's key, so that the table keeps hashes alone.
The state is tied to the browser and to the EMR that was asked: an answer is taken to no other EMR.
"""

import base64
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import delete, func, text
from sqlmodel import col

from hospital_hub.audit.events import Deed, record
from hospital_hub.emr import discovered, emr_of
from hospital_hub.emr_registry import Emr
from hospital_hub.errors import BadInput, NotAllowed
from hospital_hub.identity.logins import begin, end
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.notes.emr import from_smart, panel_client
from hospital_hub.notes.launch_context import LaunchContext, keep_context, renew_at
from hospital_hub.notes.opening import Opening as Shown
from hospital_hub.notes.opening import opening_of
from hospital_hub.notes.tables import SmartLaunch
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from hospital_hub.storage.vault import Vault
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.id_token import Expected, Person, verify_id_token
from integrations.smart.launch import (
    Attempt,
    Client,
    Exchange,
    LaunchToken,
    authorization_url,
    exchange_code,
    require_sender,
)

MINUTES = 10
PATIENT_SIDE = ("Patient/", "RelatedPerson/")


@dataclass(frozen=True)
class Opening:
    """What begins a launch: `launch` is the EMR's opaque word, empty where the hub begins by itself."""

    emr: Emr
    browser: str = field(repr=False)
    launch: str = field(default="", repr=False)


@dataclass(frozen=True)
class Callback:
    """What the redirect brings, and the browser that brings it. `emr` is the name in the path, `iss` of RFC 9207."""

    code: str = field(repr=False)
    state: str = field(repr=False)
    browser: str = field(repr=False)
    emr: str = ""
    iss: str = ""


@dataclass(frozen=True)
class Arrival:
    """The value of the log-in's cookie, and what the panel is to open."""

    cookie: str = field(repr=False)
    opening: Shown


def registered(resources: Resources, iss: str) -> Emr:
    """The EMR that says it launches the hub.

    Raises:
        BadInput: no such EMR is registered; it is not asked for anything.
    """
    emr = resources.emrs.of(iss)
    if emr is None:
        raise BadInput(
            "This EMR is not registered with the hub.",
            "Open the panel from your hospital's own EMR.",
            code="wrong_issuer",
        )
    return emr


async def start(resources: Resources, opening: Opening) -> str:
    """The URL to send the browser to.

    Raises:
        NotAllowed: a standalone launch where the EMR has none. UpstreamFailed: its log-in service cannot be used.
    """
    emr, standalone = opening.emr, not opening.launch
    if standalone and not emr.panel.standalone:
        raise NotAllowed(
            "This EMR opens the panel from a patient's page only.", "Open it there.", code="no_standalone_launch"
        )
    try:
        configuration = await discovered(resources, emr)
    except SmartFault as fault:
        raise from_smart(fault) from fault
    client = panel_client(resources, emr, configuration=configuration, standalone=standalone)
    state = new_token()
    async with resources.database.work() as session:
        stale = func.now() - text(f"interval '{MINUTES} minutes'")
        await session.exec(delete(SmartLaunch).where(col(SmartLaunch.created_at) < stale))
        session.add(
            SmartLaunch(
                state_hash=resources.vault.blind("smart-state|" + state),
                browser_hash=resources.vault.blind("smart-browser|" + opening.browser),
                issuer=emr.issuer,
            )
        )
    return authorization_url(configuration, client, attempt=_attempt(resources.vault, state), launch=opening.launch)


async def finish(resources: Resources, callback: Callback, *, before: Principal | None, now: datetime) -> Arrival:
    """A new log-in; the log-in `before` of this browser ends with it.

    Raises:
        NotAllowed: the state is unknown, spent, too old or another browser's; or the EMR did not allow the launch.
    """
    emr = emr_of(resources, await _spend(resources, callback))
    try:
        client, token, person = await _granted(resources, emr, callback=callback, now=int(now.timestamp()))
        who = _person(emr, person)
    except SmartFault as fault:
        raise from_smart(fault) from fault
    if not token.patient:
        raise BadInput("The EMR named no patient.", "Open the panel from a patient's page.", code="no_patient")
    context = _context(emr, token, person=person, now=int(now.timestamp()))
    if "online_access" not in client.scope and "offline_access" not in client.scope:
        context = replace(context, refresh_token="")  # not asked for, so not kept
    cookie = await _log_in(resources, who, context=context, before=before)
    return Arrival(cookie, opening_of(token.app_context))


async def _granted(
    resources: Resources, emr: Emr, *, callback: Callback, now: int
) -> tuple[Client, LaunchToken, Person]:
    if callback.emr and resources.emrs.blocks.get(callback.emr) != emr:
        raise SmartFault(Fault.MIXED_UP)
    configuration = await discovered(resources, emr)
    require_sender(configuration, callback.iss)
    attempt = _attempt(resources.vault, callback.state)
    client = panel_client(resources, emr, configuration=configuration, standalone=False)
    exchange = Exchange(callback.code, attempt.verifier, jti=new_token(), now=now)
    expected = Expected(client.client_id, attempt.nonce, now)
    token = await exchange_code(resources.http, configuration, client=client, exchange=exchange)
    person = await verify_id_token(resources.http, configuration, token=token.id_token, expected=expected)
    return client, token, person


async def _spend(resources: Resources, callback: Callback) -> str:
    """Delete the state's row; only the one request that deletes it goes on. The EMR that was asked."""
    if not callback.browser:
        raise NotAllowed(
            "This browser keeps no cookie for the panel inside the EMR's page.",
            "Open the panel again from the patient's page, in a window of its own.",
            code="cookies_blocked",
        )
    young = func.now() - text(f"interval '{MINUTES} minutes'")
    async with resources.database.work() as session:
        found = await session.exec(
            delete(SmartLaunch)
            .where(
                col(SmartLaunch.state_hash) == resources.vault.blind("smart-state|" + callback.state),
                col(SmartLaunch.browser_hash) == resources.vault.blind("smart-browser|" + callback.browser),
                col(SmartLaunch.created_at) >= young,
            )
            .returning(col(SmartLaunch.issuer))
        )
        row = found.first()
    if row is None:
        raise NotAllowed(
            "This launch is not known, was used already, or took too long.",
            "Open the panel again from the patient's page.",
            code="launch_unknown",
        )
    return str(row[0])


def _attempt(vault: Vault, state: str) -> Attempt:
    return Attempt(
        state, nonce=_derived(vault, "nonce", state=state), verifier=_derived(vault, "verifier", state=state)
    )


def _derived(vault: Vault, purpose: str, *, state: str) -> str:
    """43 URL-safe characters (RFC 7636, 4.1) that nobody without the master key can make from the state."""
    return base64.urlsafe_b64encode(vault.blind(f"smart-{purpose}|{state}")).rstrip(b"=").decode("ascii")


def _person(emr: Emr, person: Person) -> Principal:
    """A clinician of this EMR: nobody of another server, and no patient."""
    fhir_user = person.fhir_user.removeprefix(emr.issuer + "/")
    if "://" in fhir_user:
        raise SmartFault(Fault.ID_TOKEN, "fhirUser of another server")
    if fhir_user.startswith(PATIENT_SIDE):
        raise NotAllowed("The panel is for clinicians.", "Log in to the EMR as one.", code="not_a_clinician")
    return Principal(
        id=f"{emr.issuer}|{person.subject}",
        role=Role.CLINICIAN,
        display_name=person.name or fhir_user or person.subject,
    )


def _context(emr: Emr, token: LaunchToken, *, person: Person, now: int) -> LaunchContext:
    return LaunchContext(
        issuer=emr.issuer,
        access_token=token.access_token,
        until=now + token.seconds,
        patient=token.patient,
        encounter=token.encounter,
        fhir_user=person.fhir_user.removeprefix(emr.issuer + "/"),
        need_patient_banner=token.need_patient_banner,
        scope=token.scope,
        refresh_token=token.refresh_token,
        renew_at=renew_at(now, token.seconds),
    )


async def _log_in(resources: Resources, who: Principal, *, context: LaunchContext, before: Principal | None) -> str:
    now = utc_now()
    vault = resources.vault
    async with resources.database.work() as session:
        if before is not None:
            await end(session, who=before, now=now)
            record(session, before, deed=Deed.LOGOUT, entity=f"login/{before.session_id}")
        cookie, login = await begin(session, vault=vault, who=who, now=now)
        await keep_context(session, vault, login=login, context=context)
        who = replace(who, session_id=login.id)
        record(session, who, deed=Deed.LOGIN, entity=f"login/{login.id}", subject=vault.blind(context.subject))
    return cookie
