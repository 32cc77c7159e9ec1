"""The versions of one note as rows: a new one beside the one that it is to replace, and which there are."""

import json
import uuid
from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.notes.desk import Desk
from hospital_hub.notes.draft import Draft
from hospital_hub.notes.states import GONE
from hospital_hub.notes.store import Kept, add, facts_json, seal
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.storage.ids import new_id

# What a new version does not have in common with the one that it replaces; what is sealed, is sealed for it anew.
OF_ONE_VERSION = frozenset(
    {"id", "state", "revision", "edited_in", "edited_since", "version", "replaces", "replaced_sha256", "resource"}
    | {"signed_by", "signed_name", "signed_at", "signed_sha256", "confirmed_unsupported", "rules_version"}
    | {"withdrawn_by", "withdrawn_name", "withdrawn_at", "fault", "attempts", "created_at", "updated_at"}
)


async def create_version(session: AsyncSession, desk: Desk, *, of: Kept, draft: Draft, milliseconds: int) -> uuid.UUID:
    """A row for a new version of a note that is in the record, made by the same model from the same facts."""
    old, vault, identifier = of.row, desk.resources.vault, new_id(milliseconds)
    values = old.model_dump(exclude=set(OF_ONE_VERSION))
    row = NoteDraft(
        **{name: value for name, value in values.items() if not isinstance(value, bytes)},
        id=identifier,
        subject=old.subject,
        about=b"",
        replaces=old.id,
        version=draft.version,
        replaced_sha256=draft.replaced_sha256,
    )
    await add(session, vault, row=row, about=of.about)
    kept = Kept(row, of.about, Draft(), of.ai_text, of.facts, of.kind)
    row.ai_text = await seal(session, vault, kept=kept, column="ai_text", text=of.ai_text)
    row.facts = await seal(session, vault, kept=kept, column="facts", text=facts_json(of.facts))
    row.said = await seal(session, vault, kept=kept, column="said", text=of.said) if of.said else None
    row.settled = await seal(session, vault, kept=kept, column="settled", text=json.dumps(sorted(of.settled)))
    row.amended_because = await seal(session, vault, kept=kept, column="amended_because", text=draft.reason)
    row.text = await seal(session, vault, kept=kept, column="text", text=draft.text)
    row.state, row.revision = draft.state, draft.revision
    await session.flush()
    return identifier


async def versions(session: AsyncSession, desk: Desk, *, series: uuid.UUID) -> Sequence[NoteDraft]:
    """All versions of a note, the newest first; the rows stay sealed."""
    own = (col(NoteDraft.subject) == desk.subject) & (col(NoteDraft.author) == desk.who.id)
    found = await session.exec(
        select(NoteDraft).where(own, col(NoteDraft.series) == series).order_by(col(NoteDraft.version).desc())
    )
    return found.all()


async def successor(session: AsyncSession, identifier: uuid.UUID) -> NoteDraft | None:
    """The version that is to replace this one, or does; none that was discarded or withdrawn."""
    found = await session.exec(
        select(NoteDraft).where(col(NoteDraft.replaces) == identifier, col(NoteDraft.state).not_in(GONE))
    )
    return found.first()
