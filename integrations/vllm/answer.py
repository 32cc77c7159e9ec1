"""The chunks of one answer, and how they are read out of server-sent events. Bytes in, chunks out, no I/O.

Events that came in one piece of the network become one chunk: under load the hub does less work a token, and
nobody waits for it. White space before the first word is dropped: DeepSeek-R1 sends blank lines after its thinking.
Source: vLLM OpenAI-compatible server, chat completions; WHATWG server-sent events.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from integrations.vllm.errors import Fault, UpstreamFault
from integrations.vllm.stop_words import StopWords

LINE_BYTES = 1 << 20
DONE_BYTES = 16
# vLLM's word for an answer that its engine gave up, by failing or by being shut down: not an end.
BROKEN_ENDS = frozenset({"", "abort", "error"})
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Thought:
    """`pieces` are the tokens in it where the server counts them, else its events, about a token each."""

    text: str
    pieces: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Content:
    """`pieces` are the tokens in it where the server counts them, else its events, about a token each."""

    text: str
    pieces: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """`reason` is stop, length, or vLLM's `repetition`; counts are the server's own, 0 where it told none."""

    reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0


Chunk = Thought | Content | Finished


class Reading:
    """What has come so far of one streamed answer; `done` when it has ended, well or not."""

    __slots__ = (
        "_count",
        "_fault",
        "_owed",
        "_reason",
        "_rest",
        "_stop",
        "_thought",
        "_told",
        "_usage",
        "done",
        "spoke",
        "stopped",
    )

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._rest, self._reason = b"", ""
        self._stop = StopWords(stop)
        self._told = self._thought = self._count = self._owed = 0
        self._usage: dict[str, Any] = {}
        self._fault: UpstreamFault | None = None
        self.done = self.spoke = self.stopped = False

    def feed(self, data: bytes) -> list[Thought | Content]:
        """The chunks that `data` completes, at most one of a kind; a fault in it comes out of `finished`."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        thoughts: list[str] = []
        words: list[str] = []
        try:
            for line in lines:
                if line[:5] == b"data:":
                    self._event(line[5:], thoughts=thoughts, words=words)
        except UpstreamFault as fault:
            self._fault = fault
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError):
            self._fault = UpstreamFault(Fault.MALFORMED, "not a chat completion chunk")
        if len(self._rest) > LINE_BYTES:
            self._fault = UpstreamFault(Fault.MALFORMED, "an endless line")
        self.done = self.done or self._fault is not None
        return self._chunks(thoughts, words)

    def finished(self) -> Finished:
        """The end of the answer, once `done`.

        Raises:
            UpstreamFault: the server said so, wrote what is not the protocol, or ended without content or finish.
        """
        if self._fault is not None and not self.stopped:
            raise self._fault
        reason = "stop" if self.stopped else self._reason
        if reason in BROKEN_ENDS:
            raise UpstreamFault(Fault.CUT, reason or "no finish_reason")
        if not self.spoke:
            raise UpstreamFault(Fault.EMPTY, reason)
        return _finished(reason, self._usage, thought=self._thought, count=self._count)

    def _event(self, data: bytes, *, thoughts: list[str], words: list[str]) -> None:
        if len(data) < DONE_BYTES and data.strip() == b"[DONE]":
            self.done = True
            return
        event = orjson.loads(data)
        if choices := event.get("choices"):
            choice = choices[0]
            delta = choice["delta"]
            if text := delta.get("content"):
                words.append("" + text)  # an error where it is no text
            if thought := delta.get("reasoning") or delta.get("reasoning_content"):
                thoughts.append("" + thought)
            if reason := choice.get("finish_reason"):
                self._reason = reason
        elif "error" in event:
            raise UpstreamFault(Fault.STATUS, "error event", status=_code(event["error"]))
        if usage := event.get("usage"):
            self._usage = usage

    def _chunks(self, thoughts: list[str], words: list[str]) -> list[Thought | Content]:
        said = len(thoughts) + len(words)
        if told := self._usage.get("completion_tokens"):
            said, self._told = told - self._told, told
        self._count += said
        chunks: list[Thought | Content] = []
        if thoughts:
            pieces = len(thoughts) if words else said
            said -= pieces
            self._thought += pieces
            chunks.append(Thought("".join(thoughts), pieces))
        self._owed += said
        if text := self._shown("".join(words)):
            chunks.append(Content(text, self._owed))
            self._owed = 0
        return chunks

    def _shown(self, text: str) -> str:
        if text:
            text = self._stop.let_through(text)
            self.stopped = self._stop.found
        if self.done and not self.stopped:
            text += self._stop.rest()
        self.done = self.done or self.stopped
        if not self.spoke:
            text = text.lstrip()
            self.spoke = bool(text)
        return text


def error_parameter(body: bytes) -> str:
    """The name of the field that an OpenAI error object calls wrong, or an empty string."""
    try:
        parameter = orjson.loads(body)["error"]["param"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return parameter if isinstance(parameter, str) else ""


def _finished(reason: str, usage: dict[str, Any], *, thought: int, count: int) -> Finished:
    """`thought` as counted here: vLLM 0.32 says 0 where the chat template opened the thinking, as R1's does.

    `count` stands in where an answer was stopped before a server told its tokens.
    """
    details = usage.get("completion_tokens_details") or {}
    return Finished(
        reason,
        int(usage.get("prompt_tokens") or 0),
        int(usage.get("completion_tokens") or 0) or count,
        int(details.get("reasoning_tokens") or 0) or thought,
        int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0),
    )


def _code(error: object) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) else SERVER_ERROR
