"""One call of a service: check whose chart it may be, read it, run the rules, keep what was shown, answer.

Never asks a model. The answer goes out after the audit event is committed.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.cds.catalogue import Service, catalogue
from hospital_hub.cds.clients import CdsClient
from hospital_hub.cds.errors import ChartMissing, ForeignServer, OtherPatient, sentence
from hospital_hub.cds.finding import Draft, Situation
from hospital_hub.cds.office import Office
from hospital_hub.cds.reading import Read, Reader, read
from hospital_hub.cds.rules.registry import RULES
from hospital_hub.cds.wording import Setting, Shown, by_urgency, cards_of, partial
from hospital_hub.emr import subject_of
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.storage.vault import Vault
from hospital_hub.web.languages import Language
from integrations.cds_hooks.cards import answer
from integrations.cds_hooks.request import HookRequest

EXTENSION: Final = "org.hospital-hub.reading"
KEEP_UNHEARD_DAYS: Final = 30
# What was shown is needed for the feedback; cards of which nobody told anything go a few at a time.
_KEEP: Final = text(f"""
WITH old AS (
    SELECT id FROM cds_card c WHERE at < now() - interval '{KEEP_UNHEARD_DAYS} days'
    AND NOT EXISTS (SELECT 1 FROM cds_feedback f WHERE f.card_id = c.id) ORDER BY at LIMIT 20 FOR UPDATE SKIP LOCKED),
gone AS (DELETE FROM cds_card USING old WHERE cds_card.id = old.id)
INSERT INTO cds_card (id, client, service, rule, indicator, subject)
SELECT r.id, :client, :service, r.rule, r.indicator, :subject
FROM jsonb_to_recordset(CAST(:cards AS jsonb)) AS r(id uuid, rule text, indicator text)
ON CONFLICT DO NOTHING
""")  # noqa: S608 - a constant of this module


@dataclass(frozen=True)
class Caller:
    """Who calls, in which language the answer is, and when the call came (wall clock and the event loop's)."""

    who: Principal
    client: CdsClient
    language: Language
    request_id: str
    now: datetime
    began: float


@dataclass(frozen=True)
class _Desk:
    """Where drafts are asked for."""

    session: AsyncSession
    vault: Vault
    office: Office


@dataclass(frozen=True)
class _Judged:
    shown: list[Shown]
    skipped: list[str]
    ran: bool


async def call(
    resources: Resources, office: Office, *, caller: Caller, service: Service, request: HookRequest
) -> dict[str, Any]:
    """The answer's JSON.

    Raises:
        ForeignServer, OtherPatient: the caller may not have this chart read. ChartMissing: there is none.
    """
    _require_own(request, caller.client)
    book = catalogue()
    if not request.context.for_staff:  # these cards are written for staff; a patient's own view gets none
        return answer([])
    reader = Reader(resources.http, office.reads, caller.began + office.read_seconds)
    found = await read(reader, request, templates=service.prefetch)
    subject = resources.vault.blind(subject_of(caller.client.fhir_server, request.context.patient))
    setting = Setting(book, service, request.instance, caller.language, resources.settings.public_url.rstrip("/"))
    async with office.writes, resources.database.work() as session:
        desk = _Desk(session, resources.vault, office)
        drafts = await _drafts(desk, subject, user=request.context.user) if _leads_to_drafts(setting) else ()
        judged = _judged(setting, Situation(found.chart, request.context, drafts, caller.now, book.parameters))
        if not judged.ran and not _slow(found):
            raise ChartMissing(found.faults)
        cards = by_urgency([*judged.shown, *partial(setting, found.chart.unread, skipped=judged.skipped)])
        await _keep(session, cards, caller=caller, service=service, subject=subject)
        event = record(session, caller.who, deed=Deed.READ, entity=f"cds/{service.id}", subject=subject)
        event.request_id = caller.request_id
        event.detail = {"instance": str(request.instance), "user": request.context.user, "cards": len(cards)}
    return answer([one.card for one in cards], extension=_extension(found, caller.language))


def _require_own(request: HookRequest, client: CdsClient) -> None:
    """A server that is not registered for this caller is asked nothing, whatever token came along."""
    if request.fhir_server and request.fhir_server != client.fhir_server:
        raise ForeignServer
    bound = request.authorization.patient if request.authorization else ""
    if bound and bound != request.context.patient:
        raise OtherPatient


async def _drafts(desk: _Desk, subject: bytes, *, user: str) -> tuple[Draft, ...]:
    """The caller's own: nobody else can open them, and nobody else's are told of."""
    found = await desk.office.open_drafts(desk.session, desk.vault, subject=subject, practitioner=user)
    return tuple(Draft(str(one.id), one.created_at.date().isoformat()) for one in found)


def _leads_to_drafts(setting: Setting) -> bool:
    return any(setting.catalogue.rule[name].link for name in setting.service.rules)


def _judged(setting: Setting, situation: Situation) -> _Judged:
    """`ran` is false where not one rule that looks at the chart could be run."""
    shown: list[Shown] = []
    skipped: list[str] = []
    ran = False
    draft = situation.drafts[0].id if situation.drafts else ""
    for name in setting.service.rules:
        needs = setting.catalogue.rule[name].needs
        if any(part not in situation.chart.parts for part in needs):
            skipped.append(name)
            continue
        ran = ran or bool(needs)
        shown += cards_of(setting, name, found=RULES[name](situation), draft=draft)
    return _Judged(shown, skipped, ran)


def _slow(found: Read) -> bool:
    """The server exists and may answer the next call: that is no lack of data, only of time."""
    return any(reason.value == "slow" for reason in found.chart.unread.values())


async def _keep(session: AsyncSession, cards: list[Shown], *, caller: Caller, service: Service, subject: bytes) -> None:
    """A call that is repeated shows the same cards, which are kept once."""
    shown = [{"id": str(one.card.uuid), "rule": one.rule, "indicator": one.card.indicator.value} for one in cards]
    named = {"client": caller.client.name, "service": service.id, "subject": subject, "cards": json.dumps(shown)}
    await session.exec(_KEEP, params=named)  # type: ignore[call-overload]


def _extension(found: Read, language: Language) -> dict[str, Any]:
    """For the EMR's engineers: what was not read and what was sent wrongly, by name."""
    unread = [{"key": key, "reason": reason.value} for key, reason in sorted(found.chart.unread.items())]
    faults = [
        {"place": fault.place, "code": fault.code.value, "message": sentence(fault, language)} for fault in found.faults
    ]
    told = {**({"unread": unread} if unread else {}), **({"faults": faults} if faults else {})}
    return {EXTENSION: told} if told else {}
