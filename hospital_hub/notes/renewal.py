"""Keeps a launch alive: its token is renewed before it ends, by one request at a time, else the log-in ends.

A refresh token may be good for one use only. Two requests that used it together would end the launch for both.
"""

import asyncio
import uuid
from typing import Final

import structlog
from sqlalchemy import delete, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from hospital_hub.audit.events import Deed, record
from hospital_hub.emr import discovered, emr_of
from hospital_hub.errors import UpstreamFailed
from hospital_hub.identity.logins import end, living
from hospital_hub.identity.principal import Principal
from hospital_hub.notes.emr import LaunchEnded, from_smart, panel_client
from hospital_hub.notes.launch_context import LaunchContext, context_of, keep_context
from hospital_hub.notes.tables import SmartRenewal
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from integrations.smart.authentication import Moment
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.renewal import Held, Renewed, renew

# Longer than the two calls that a renewal makes can take; then somebody else may try.
LEASE_SECONDS = 25
WAIT_SECONDS, LOOK_SECONDS = 12.0, 0.1
OVER: Final = frozenset({Fault.WIDENED, Fault.OTHER_PATIENT, Fault.FOREIGN})
log = structlog.get_logger()


async def living_context(resources: Resources, *, who: Principal, now: int) -> LaunchContext:
    """The launch behind a log-in with a token that lives, renewed where that is due; `now` in seconds since 1970.

    Raises:
        LaunchEnded: there is none, or the EMR gives no further token.
        UpstreamFailed: the token has ended and the EMR does not answer.
    """
    context = await _read(resources, who)
    if context.due(now) and who.session_id is not None:
        context = await _renewed(resources, who, login=who.session_id, now=now)
    if now >= context.until:
        raise LaunchEnded
    return context


async def _renewed(resources: Resources, who: Principal, *, login: uuid.UUID, now: int) -> LaunchContext:
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while not await _take(resources, login):
        await asyncio.sleep(LOOK_SECONDS)
        context = await _read(resources, who)
        if not context.due(now) or now < context.until:  # renewed by now, or good for this request
            return context
        if asyncio.get_running_loop().time() > deadline:
            raise UpstreamFailed("The EMR's log-in service does not answer.", "Try again in a minute.", code="emr_away")
    try:
        context = await _read(resources, who)  # another request may have been faster
        return await _ask(resources, who, context=context, now=now) if context.due(now) else context
    finally:
        async with resources.database.work() as session:
            await session.exec(delete(SmartRenewal).where(col(SmartRenewal.login) == login))


async def _ask(resources: Resources, who: Principal, *, context: LaunchContext, now: int) -> LaunchContext:
    emr = emr_of(resources, context.issuer)
    held = Held(context.refresh_token, context.scope, context.patient)
    try:
        configuration = await discovered(resources, emr)
        client = panel_client(resources, emr, configuration=configuration, standalone=False)
        moment = Moment(new_token(), now)
        renewed = await renew(resources.http, configuration, client=client, held=held, moment=moment)
    except SmartFault as fault:
        return await _refused(resources, who, context=context, fault=fault, now=now)
    return await _keep(resources, who, renewed=renewed, now=now)


async def _keep(resources: Resources, who: Principal, *, renewed: Renewed, now: int) -> LaunchContext:
    async with resources.database.work() as session:
        login = await living(session, who=who)
        context = (await context_of(session, resources, who=who)).with_token(renewed, now=now)
        await keep_context(session, resources.vault, login=login, context=context)
    return context


async def _refused(
    resources: Resources, who: Principal, *, context: LaunchContext, fault: SmartFault, now: int
) -> LaunchContext:
    """What the EMR refuses is over at once; what only failed goes on for as long as the token still lives."""
    log.info("launch_not_renewed", fault=fault.oauth_code or fault.fault.value)
    over = fault.fault in OVER or fault.oauth_code == "invalid_grant"
    if not over and now < context.until:
        return context
    if not over and fault.passing:
        raise from_smart(fault) from fault
    async with resources.database.work() as session:
        await end(session, who=who, now=utc_now())
        event = record(
            session,
            who,
            deed=Deed.LOGOUT,
            entity=f"login/{who.session_id}",
            subject=resources.vault.blind(context.subject),
        )
        event.detail = {"fault": fault.oauth_code or fault.fault.value}
    raise LaunchEnded from fault


async def _read(resources: Resources, who: Principal) -> LaunchContext:
    async with resources.database.work() as session:
        return await context_of(session, resources, who=who)


async def _take(resources: Resources, login: uuid.UUID) -> bool:
    """Whether the renewal is this request's; a lease that its holder left behind is taken over."""
    old = func.now() - text(f"interval '{LEASE_SECONDS} seconds'")
    mine = insert(SmartRenewal).values(login=login)
    mine = mine.on_conflict_do_update(
        index_elements=["login"], set_={"taken_at": func.now()}, where=col(SmartRenewal.taken_at) < old
    )
    async with resources.database.work() as session:
        found = await session.exec(mine.returning(col(SmartRenewal.login)))
        return found.first() is not None
