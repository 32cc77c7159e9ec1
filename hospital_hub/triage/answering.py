"""The order of an answer: claim the case, ask the model with no database session open, store, show.

A model is asked once for a case, by whichever stream comes first; it speaks on when that stream goes away, and a
later one is given the stored answer. Nothing here can change a level.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Final

from hospital_hub.errors import HubError
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ask import Models, ask
from hospital_hub.inference.question import Question
from hospital_hub.resources import Resources
from hospital_hub.triage.answer_store import Claimed, claim, store, stored
from hospital_hub.triage.prompting import Name, prompt_for
from hospital_hub.triage.reply import Draft, Reply, fixed_sentence, listen
from hospital_hub.triage.tables import AnswerOutcome, subject_of
from hospital_hub.web.problems import unforeseen
from routing import Lane, Task

ANSWER_TOKENS: Final = 768  # a reasoning model thinks before its one sentence
_SPEAKING: Final[set[asyncio.Task[None]]] = set()  # the loop itself keeps only weak references


@dataclass(frozen=True)
class Patience:
    """Seconds: for the model's reply, for the rest of its words, for another stream's answer, between two looks."""

    reply: float = 45.0
    rest: float = 5.0
    other: float = 60.0
    look: float = 0.5


@dataclass(frozen=True)
class Desk:
    """What answering needs of the process."""

    resources: Resources
    models: Models
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True)
class Sentence:
    """Checked words of the model."""

    text: str


@dataclass(frozen=True)
class Elsewhere:
    """Another stream is already asking; its answer is waited for."""


Heard = Sentence | Elsewhere | Reply
Channel = asyncio.Queue[Sentence | Reply]


async def follow(desk: Desk, who: Principal, *, case_id: uuid.UUID) -> AsyncGenerator[Heard]:
    """Sentences, then exactly one Reply, also when no model is there, too slow, or the case was answered before."""
    claimed = await claim(desk.resources, who, case_id=case_id)
    heard = _wait(desk, who, case_id=case_id) if claimed is None else _from(_start(desk, who, claimed=claimed))
    async with aclosing(heard):
        async for event in heard:
            yield event


def _start(desk: Desk, who: Principal, *, claimed: Claimed) -> Channel:
    channel: Channel = asyncio.Queue()
    speaking = asyncio.create_task(_speak(desk, who, claimed=claimed, channel=channel))
    _SPEAKING.add(speaking)
    speaking.add_done_callback(_SPEAKING.discard)
    return channel


async def settle(seconds: float) -> None:
    """Before the process ends: let answers under way be stored, then give up; they may be asked for again."""
    if not _SPEAKING:
        return
    _, late = await asyncio.wait(set(_SPEAKING), timeout=seconds)
    for speaking in late:
        speaking.cancel()
    await asyncio.gather(*late, return_exceptions=True)


async def _from(channel: Channel) -> AsyncGenerator[Heard]:
    event: Sentence | Reply | None = None
    while not isinstance(event, Reply):
        event = await channel.get()
        yield event


async def _speak(desk: Desk, who: Principal, *, claimed: Claimed, channel: Channel) -> None:
    """The boundary of the background task: whatever fails, the patient gets the fixed sentence."""
    try:
        await _ask_and_store(desk, who, claimed=claimed, channel=channel)
    except Exception as failure:  # noqa: BLE001 - nobody awaits this task
        unforeseen(failure)
        fallback = Reply(fixed_sentence(claimed.language), AnswerOutcome.BROKEN)
        channel.put_nowait(fallback)
        with suppress(HubError):
            await store(desk.resources, who, case_id=claimed.id, reply=fallback)


async def _ask_and_store(desk: Desk, who: Principal, *, claimed: Claimed, channel: Channel) -> None:
    question = _question(desk, who, claimed=claimed)
    draft = Draft(claimed.language, asking=not claimed.flags, prompt_version=question.prompt.version)

    def say(sentence: str) -> None:
        channel.put_nowait(Sentence(sentence))

    async with aclosing(ask(desk.models, question)) as events:
        reply = await listen(events, draft, say=say, patience=desk.patience.reply)
        await store(desk.resources, who, case_id=claimed.id, reply=reply)
        channel.put_nowait(reply)
        await _hear_out(events, desk.patience.rest)


async def _hear_out(events: AsyncGenerator[object], seconds: float) -> None:
    """Let the model finish, so that the usage row tells its cost; not for long."""
    try:
        async with asyncio.timeout(seconds):
            async for _ in events:
                pass
    except (TimeoutError, HubError):
        return


def _question(desk: Desk, who: Principal, *, claimed: Claimed) -> Question:
    subject = subject_of(claimed.id)
    name: Name = "handover" if claimed.flags else "opening"
    return Question(
        who=who,
        prompt=prompt_for(name, words=claimed.words, language=claimed.language),
        text=claimed.words,
        lane=Lane.KIOSK,
        entity=subject,
        answer_tokens=ANSWER_TOKENS,
        deadline=desk.patience.reply,
        surface=Task.TRIAGE,
        red_flags=claimed.flags,
        subject=desk.resources.vault.blind(subject),
    )


async def _wait(desk: Desk, who: Principal, *, case_id: uuid.UUID) -> AsyncGenerator[Heard]:
    """The stored answer, looked for until it is there; the fixed sentence when it stays away."""
    now = asyncio.get_running_loop().time
    until, said = now() + desk.patience.other, False
    while True:
        reply, language = await stored(desk.resources, who, case_id=case_id)
        if reply is not None:
            yield reply
            return
        if now() > until:
            yield Reply(fixed_sentence(language), AnswerOutcome.SLOW)
            return
        if not said:
            yield Elsewhere()
            said = True
        await asyncio.sleep(desk.patience.look)
