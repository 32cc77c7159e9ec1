"""Keeps what people did with the cards that this client was shown. What a person wrote is sealed for the patient."""

import uuid
from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.cds.catalogue import Service
from hospital_hub.cds.clients import CdsClient
from hospital_hub.cds.tables import CdsCard, CdsFeedback
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.storage.vault import Place
from integrations.cds_hooks.feedback import Feedback


async def keep(
    resources: Resources, who: Principal, *, client: CdsClient, service: Service, given: Sequence[Feedback]
) -> list[int]:
    """The places in `given` of feedback on cards that this service never showed this client: none of it is kept."""
    async with resources.database.work() as session:
        cards = await _cards(session, client, service=service, given=given)
        unknown = []
        for number, one in enumerate(given):
            card = cards.get(one.card)
            if card is None:
                unknown.append(number)
                continue
            await _keep_one(session, resources, card=card, given=one)
            record(session, who, deed=Deed.UPDATE, entity=f"cds_card/{card.id}", subject=card.subject).detail = {
                "outcome": one.outcome.value
            }
    return unknown


async def _cards(
    session: AsyncSession, client: CdsClient, *, service: Service, given: Sequence[Feedback]
) -> dict[uuid.UUID, CdsCard]:
    found = await session.exec(
        select(CdsCard).where(
            col(CdsCard.id).in_({one.card for one in given}),
            col(CdsCard.client) == client.name,
            col(CdsCard.service) == service.id,
        )
    )
    return {card.id: card for card in found}


async def _keep_one(session: AsyncSession, resources: Resources, *, card: CdsCard, given: Feedback) -> None:
    suggestions = sorted(str(one) for one in given.suggestions)
    content = (given.outcome.value, given.at.isoformat(), *suggestions, given.reason_system, given.reason_code)
    identifier = uuid.uuid5(card.id, "|".join(content))
    comment = None
    if given.comment:
        place = Place("cds_feedback", "comment", str(identifier))
        comment = await resources.vault.seal(session, subject=card.subject, place=place, text=given.comment)
    await session.exec(
        insert(CdsFeedback)
        .values(
            id=identifier,
            card_id=card.id,
            outcome=given.outcome,
            at=given.at,
            suggestions=suggestions,
            reason_system=given.reason_system,
            reason_code=given.reason_code,
            comment=comment,
        )
        .on_conflict_do_nothing()
    )
