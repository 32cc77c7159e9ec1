"""Asking a model for the next question: listen, check, store, tell; whatever fails, the tree's question stands.

No database session is open while the model is asked.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass

from hospital_hub.errors import HubError, UpstreamFailed
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ask import ask
from hospital_hub.inference.question import Decided, Event, Question, Token
from hospital_hub.triage.answering import Desk
from hospital_hub.triage.interview_store import Claimed, Next, Proposal, store
from hospital_hub.triage.prompting import interview_prompt
from hospital_hub.triage.question_checks import Unfit, check
from hospital_hub.triage.question_tree import load_tree
from hospital_hub.triage.tables import AnswerOutcome, Interview, subject_of
from hospital_hub.web.problems import unforeseen
from routing import Lane, Task

ANSWER_TOKENS = 320  # of the JSON; a reasoning model's thinking comes on top
LONGEST_HEARD = 4000  # characters; what is longer will never be fit


@dataclass
class _Heard:
    """What came of the stream."""

    text: str = ""
    model_call: uuid.UUID | None = None
    failure: AnswerOutcome | None = None


async def speak_for(desk: Desk, who: Principal, *, claimed: Claimed, channel: asyncio.Queue[Next]) -> None:
    """The boundary of the background task: whatever fails, a question comes."""
    try:
        await _ask_and_store(desk, who, claimed=claimed, channel=channel)
    except Exception as failure:  # noqa: BLE001 - nobody awaits this task
        unforeseen(failure)
        stood = Next(Interview.ASKING)
        with suppress(HubError):
            stood = await store(desk.resources, who, claimed=claimed, proposal=Proposal(AnswerOutcome.BROKEN))
        channel.put_nowait(stood)


async def _ask_and_store(desk: Desk, who: Principal, *, claimed: Claimed, channel: asyncio.Queue[Next]) -> None:
    question = _question(desk, who, claimed=claimed)
    async with aclosing(ask(desk.models, question)) as events:
        heard = await _listen(events, patience=desk.patience.reply)
        proposal = _proposal(heard, claimed=claimed, prompt_version=question.prompt.version)
        channel.put_nowait(await store(desk.resources, who, claimed=claimed, proposal=proposal))
        await _hear_out(events, desk.patience.rest)


async def _listen(events: AsyncGenerator[Event], *, patience: float) -> _Heard:
    """Until the JSON is whole. `patience` in seconds."""
    heard = _Heard()
    try:
        async with asyncio.timeout(patience):
            async for event in events:
                if isinstance(event, Decided):
                    heard.model_call = uuid.UUID(event.call_id)
                elif isinstance(event, Token):
                    heard.text += event.text
                    if _whole(heard.text) or len(heard.text) > LONGEST_HEARD:
                        return heard
    except TimeoutError:
        heard.failure = AnswerOutcome.SLOW
    except UpstreamFailed:
        heard.failure = AnswerOutcome.BROKEN
    except HubError:
        heard.failure = AnswerOutcome.DOWN
    return heard


def _whole(text: str) -> bool:
    if not text.rstrip().endswith("}"):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _proposal(heard: _Heard, *, claimed: Claimed, prompt_version: str) -> Proposal:
    if heard.failure is not None:
        return Proposal(heard.failure, prompt_version=prompt_version, model_call=heard.model_call)
    judged = check(heard.text, claimed.history, plan=claimed.plan, tree=load_tree())
    if isinstance(judged, Unfit):
        return Proposal(
            judged.outcome,
            judged.rule,
            level=judged.level,
            prompt_version=prompt_version,
            model_call=heard.model_call,
        )
    return Proposal(
        AnswerOutcome.ANSWERED,
        text=judged.text,
        form=judged.form,
        enough=judged.enough,
        level=judged.level,
        department=judged.department,
        prompt_version=prompt_version,
        model_call=heard.model_call,
    )


async def _hear_out(events: AsyncGenerator[object], seconds: float) -> None:
    """Let the model finish, so that the usage row tells its cost; not for long."""
    try:
        async with asyncio.timeout(seconds):
            async for _ in events:
                pass
    except (TimeoutError, HubError):
        return


def _question(desk: Desk, who: Principal, *, claimed: Claimed) -> Question:
    subject, history = subject_of(claimed.id), claimed.history
    last = history.answers[-1].answer or "" if history.answers else ""
    return Question(
        who=who,
        prompt=interview_prompt(history, plan=claimed.plan, tree=load_tree()),
        text="\n".join(filter(None, [history.complaint, last])),
        lane=Lane.KIOSK,
        entity=subject,
        answer_tokens=ANSWER_TOKENS,
        deadline=desk.patience.reply,
        surface=Task.TRIAGE,
        subject=desk.resources.vault.blind(subject),
    )
