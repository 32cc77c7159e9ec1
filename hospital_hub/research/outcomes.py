"""What the check of a batch's answer shows: one that ends at its length limit has not said what it was asked for."""

import uuid
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.inference.feedback import Seen, keep
from hospital_hub.inference.routing_outcome import OutcomeKind
from hospital_hub.research.tables import JobResult

CUT_AT_LIMIT: Final = "length"


async def keep_check(session: AsyncSession, result: JobResult) -> None:
    """Only the failure: that an answer ends by itself does not show that it is good."""
    if result.call_id and result.finish_reason == CUT_AT_LIMIT:
        seen = Seen(OutcomeKind.FAILED_CHECK, 0.0, CUT_AT_LIMIT)
        await keep(session, seen, call=uuid.UUID(result.call_id))
