"""A case that is bound to a patient goes to the outbox for filing; any other case stays where it is.

The row of `TriageFiling` exists once a nurse has bound the case where filing is on. It is locked here and where a
worker settles, so that a change during a filing is never lost and at most one message of a case is alive.
"""

from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.storage.outbox import OutboxRow, enqueue
from hospital_hub.triage.nurse_tables import FilingState, TriageFiling
from hospital_hub.triage.tables import TriageCase

TASK: Final = "triage.file"
QUEUE: Final = "files"


async def refile(session: AsyncSession, case: TriageCase) -> None:
    """Called in the transaction that changed the case."""
    filing = await session.get(TriageFiling, case.id, with_for_update=True)
    if filing is None:
        return
    filing.state, filing.fault, filing.attempts = FilingState.WAITING, "", 0
    session.add(filing)
    alive = select(OutboxRow.id).where(
        OutboxRow.task == TASK, OutboxRow.subject_id == case.id, col(OutboxRow.done_at).is_(None)
    )
    if (await session.exec(alive)).first() is None:
        enqueue(session, task=TASK, subject_id=case.id, queue=QUEUE)


async def begin_filing(session: AsyncSession, case: TriageCase) -> None:
    """The case has just been bound, in this transaction."""
    if await session.get(TriageFiling, case.id) is None:
        session.add(TriageFiling(case_id=case.id, state=FilingState.WAITING))
        await session.flush()
    await refile(session, case)
