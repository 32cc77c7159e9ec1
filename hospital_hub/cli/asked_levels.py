"""Levels that a hub's model suggests for the cases of a file, asked through /v1 with an API key.

A failure is a sentence in the case's place, never an end; only a key that the hub does not take ends everything.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from hospital_hub.cli.hub_client import HubClient
from hospital_hub.clinical.levels import Level
from hospital_hub.errors import Busy, HubError, NotLoggedIn, Unavailable
from hospital_hub.inference.question import AUTO, Prompt
from hospital_hub.triage.level_suggestion import Unreadable, level_prompt, read_suggestion

CHAT: Final = "/v1/chat/completions"
ANSWER_TOKENS: Final = 320  # of the JSON; a reasoning model's thinking comes on top
ANSWER_SECONDS: Final = 180  # a large model thinks before it writes
LONGEST_PAUSE: Final = 60  # seconds that are waited where the hub has no room
TRIES: Final = 3
AWAY: Final = 5  # failures in a row, then nothing more is asked
SPENT: Final = "insufficient_quota"
NOT_TAKEN: Final = "not_allowed"
NOT_ASKED: Final = "Not asked: the hub has not answered several times in a row."
UNREADABLE: Final = "The model's answer is no level with a reason."


@dataclass(frozen=True)
class Told:
    """What a model said of one case. `failure` says why it said nothing; without it a missing level is "unknown"."""

    level: Level | None = None
    reason: str = ""
    model: str = ""
    prompt: str = ""
    failure: str = ""


@dataclass
class AskedLevels:
    """`key` is the text of an API key; `pause` waits so many seconds."""

    hub: HubClient
    key: str = field(repr=False)
    pause: Callable[[float], None] = time.sleep
    _failed: int = 0

    def of(self, texts: Sequence[str], *, at_once: int) -> Iterator[Told]:
        """In the order of the texts.

        Raises:
            NotLoggedIn: the hub does not take the key. HubError: the key is for something else.
        """
        pool = ThreadPoolExecutor(at_once)
        try:
            yield from pool.map(self._told, texts)
        finally:
            pool.shutdown(cancel_futures=True)

    def _told(self, text: str) -> Told:
        prompt = level_prompt(text)
        if self._failed >= AWAY:
            return Told(prompt=prompt.version, failure=NOT_ASKED)
        try:
            completion = self._asked(prompt)
        except HubError as failure:
            if isinstance(failure, NotLoggedIn) or failure.code == NOT_TAKEN:
                raise
            spent = failure.code == SPENT
            self._failed = AWAY if spent else self._failed + isinstance(failure, Unavailable)
            return Told(prompt=prompt.version, failure=f"{failure.message} {failure.next_step}".strip())
        self._failed = 0
        found = read_suggestion(str(completion["choices"][0]["message"]["content"] or ""))
        if isinstance(found, Unreadable):
            return Told(model=completion["model"], prompt=prompt.version, failure=UNREADABLE)
        return Told(found.suggested, found.reason, completion["model"], prompt.version)

    def _asked(self, prompt: Prompt) -> dict[str, Any]:
        """One answer; where the hub has no room, its own pause is kept before the next try."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        for left in reversed(range(TRIES)):
            try:
                return dict(self.hub.post(CHAT, _body(prompt), headers=headers).json())
            except Busy as busy:
                if not left or busy.code == SPENT:
                    raise
                self.pause(min(busy.retry_after, LONGEST_PAUSE))
        raise AssertionError


def _body(prompt: Prompt) -> bytes:
    schema = {"name": "level", "schema": prompt.schema}
    return json.dumps(
        {
            "model": AUTO,
            "messages": [{"role": one.role, "content": one.content} for one in prompt.messages],
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_completion_tokens": ANSWER_TOKENS,
        }
    ).encode()
