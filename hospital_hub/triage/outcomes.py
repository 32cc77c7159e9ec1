"""What a case shows of the model's answer in it: whether its words were fit, and whether a nurse kept the level."""

import uuid
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.inference.feedback import Seen, keep, withdraw
from hospital_hub.inference.routing_outcome import OutcomeKind
from hospital_hub.triage.tables import AnswerOutcome, TriageCase

# What came of the words themselves; a model that was away, slow or cut off says nothing about whether it was fit.
CHECKED: Final = frozenset({AnswerOutcome.ANSWERED, AnswerOutcome.BLOCKED, AnswerOutcome.FOREIGN, AnswerOutcome.UNFIT})


async def keep_check(session: AsyncSession, outcome: AnswerOutcome, *, rule: str, call: uuid.UUID | None) -> None:
    """The check of a model's question, failed or passed."""
    if outcome in CHECKED:
        passed = outcome is AnswerOutcome.ANSWERED
        detail = ":".join(filter(None, (outcome.value, rule)))
        await keep(session, Seen(OutcomeKind.FAILED_CHECK, float(passed), detail), call=call)


async def keep_override(session: AsyncSession, case: TriageCase, *, call: uuid.UUID | None) -> None:
    """The nurse's level against the automatic one, as it stands now. No level of either is no verdict."""
    if case.automatic_level is None or case.final_level is None:
        await withdraw(session, OutcomeKind.OVERRIDE, call=call)
        return
    same = case.final_level == case.automatic_level
    detail = f"{case.automatic_level}>{case.final_level}"
    await keep(session, Seen(OutcomeKind.OVERRIDE, float(same), detail), call=call)
