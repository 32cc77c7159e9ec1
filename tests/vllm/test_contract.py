"""What the hub relies on of vLLM. The same questions go to the fake of all other tests, so that it cannot lie.

`make test` asks the fake, `make test-vllm` the real server with small weights: they think until a budget stops them,
and what they say does not matter.
"""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from hospital_hub.inference.question import Message, Prompt, Wishes
from hospital_hub.inference.request_body import Manner, chat_body
from hospital_hub.registry import Registry
from hospital_hub.settings import Settings
from integrations.vllm.chat import Content, Server, Thought, stream_chat
from integrations.vllm.errors import Fault, UpstreamFault
from routing import Lane
from tests.vllm.subject import CONTEXT, PATIENT, Subject

pytestmark = pytest.mark.timeout(300, func_only=True)  # the start of a real server is not counted
BUDGET = 6
SCHEMA = {
    "type": "object",
    "properties": {"urgent": {"type": "boolean"}},
    "required": ["urgent"],
    "additionalProperties": False,
}


def asking(text: str = "Tell me about water.", *, budget: int | None = BUDGET, **fields: object) -> dict[str, Any]:
    body = {"messages": [{"role": "user", "content": text}], "max_tokens": 24, "temperature": 0.0, "min_tokens": 16}
    return {**body, **({} if budget is None else {"thinking_token_budget": budget}), **fields}


async def test_a_plain_answer_has_its_thinking_beside_it(http: aiohttp.ClientSession, subject: Subject) -> None:
    status, answer = await subject.plain(http, asking())
    (choice,) = answer["choices"]
    assert status == 200
    assert choice["message"]["content"].strip()
    assert choice["message"]["reasoning"]
    assert "</think>" not in choice["message"]["content"] + choice["message"]["reasoning"]
    assert choice["finish_reason"] in {"stop", "length"}
    assert answer["usage"]["completion_tokens"] > BUDGET


async def test_a_stream_is_thoughts_then_words_then_its_end(http: aiohttp.ClientSession, subject: Subject) -> None:
    whole = await subject.stream(http, asking())
    kinds = [type(chunk) for chunk in whole.chunks]
    assert kinds.index(Content) > kinds.index(Thought)
    assert whole.text(Content).strip()
    assert whole.end.prompt_tokens > 0
    # The server says 0: it does not count a thinking that the chat template opened.
    assert BUDGET - 1 <= whole.end.reasoning_tokens <= BUDGET + 2
    assert whole.pieces(Thought) + whole.pieces(Content) <= whole.end.completion_tokens <= 24


async def test_streamed_and_plain_say_the_same(http: aiohttp.ClientSession, subject: Subject) -> None:
    whole = await subject.stream(http, asking())
    _, answer = await subject.plain(http, asking())
    assert whole.text(Content) == answer["choices"][0]["message"]["content"].lstrip()


async def test_thinking_that_never_closes_is_no_answer(http: aiohttp.ClientSession, subject: Subject) -> None:
    _, answer = await subject.plain(http, asking(budget=None))
    assert answer["choices"][0]["message"]["content"] is None
    with pytest.raises(UpstreamFault) as caught:
        await subject.stream(http, asking(budget=None))
    assert caught.value.fault is Fault.EMPTY


async def test_a_schema_binds_the_answer_and_not_the_thinking(http: aiohttp.ClientSession, subject: Subject) -> None:
    subject.says('{"urgent": true}')
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
    whole = await subject.stream(http, asking("Is it urgent?", max_tokens=200, response_format=wanted, min_tokens=0))
    assert isinstance(json.loads(whole.text(Content))["urgent"], bool)
    assert whole.text(Thought)


async def test_a_schema_must_be_there(http: aiohttp.ClientSession, subject: Subject) -> None:
    with pytest.raises(UpstreamFault) as caught:
        await subject.stream(http, asking(response_format={"type": "json_schema"}))
    assert caught.value.status == 400


@pytest.mark.parametrize("lane", list(Lane))
async def test_everything_the_hub_sends_is_taken(http: aiohttp.ClientSession, subject: Subject, lane: Lane) -> None:
    """The whole body of a real tier: priority, budget, salt, repetition, stop, seed."""
    entry = Registry.parse(Settings().models_document()).tiers["r1-32b"]
    prompt = Prompt("contract@1", (Message("system", "Be short."), Message("user", "Hello.")))
    manner = Manner(lane, Wishes(seed=7, stop=("\x00",)), cache_salt="x" * 43, whole=True)
    body = chat_body(entry, prompt, answer_tokens=8, manner=manner)
    assert (body.get("priority", 0) > 0) is (lane is not Lane.KIOSK)
    whole = await subject.stream(http, {**body, "max_tokens": 24, "thinking_token_budget": 4, "min_tokens": 16})
    assert whole.text(Content)


async def test_a_priority_is_a_number(http: aiohttp.ClientSession, subject: Subject) -> None:
    status, answer = await subject.plain(http, asking(priority="first"))
    assert status == 400
    assert answer["error"]["code"] == 400


async def test_fewer_events_say_the_same(http: aiohttp.ClientSession, subject: Subject) -> None:
    each = await subject.stream(http, asking())
    few = await subject.stream(http, asking(stream_interval=8))
    assert few.text(Content) == each.text(Content)
    assert len(few.chunks) < len(each.chunks)
    assert few.pieces(Content) + few.pieces(Thought) >= 16


async def test_a_stop_word_ends_the_answer(http: aiohttp.ClientSession, subject: Subject) -> None:
    before = (await subject.stream(http, asking())).text(Content)
    word = before.split()[2]
    after = await subject.stream(http, asking(stop=[word]))
    assert after.text(Content).rstrip() == before.partition(word)[0].rstrip()
    assert after.end.reason == "stop"


async def test_the_server_looks_for_stop_words_in_the_thinking_too(
    http: aiohttp.ClientSession, subject: Subject
) -> None:
    """Why the hub looks for them itself."""
    thought = (await subject.stream(http, asking())).text(Thought)
    _, answer = await subject.plain(http, asking(stop=[thought.split()[0]], min_tokens=0))
    assert answer["choices"][0]["message"]["content"] is None


@pytest.mark.parametrize("words", [10, CONTEXT * 2])
async def test_what_does_not_fit_is_refused_with_a_reason(
    http: aiohttp.ClientSession, subject: Subject, words: int
) -> None:
    with pytest.raises(UpstreamFault) as caught:
        await subject.stream(http, asking("water " * words, max_tokens=16 if words > CONTEXT else CONTEXT * 2))
    assert caught.value.status == 400
    assert caught.value.caller_is_wrong
    assert caught.value.too_long


async def test_an_unknown_name_is_not_the_callers_fault(http: aiohttp.ClientSession, subject: Subject) -> None:
    with pytest.raises(UpstreamFault) as caught:
        await subject.stream(http, asking(), model="r1-9b")
    assert caught.value.status == 404
    assert not caught.value.caller_is_wrong


async def test_all_three_tiers_are_served(http: aiohttp.ClientSession, subject: Subject) -> None:
    state = await subject.state(http)
    assert state.models is not None
    assert state.models >= {"r1-32b", "r1-70b", "r1-671b"}


async def test_the_metrics_have_the_names_that_routing_reads(http: aiohttp.ClientSession, subject: Subject) -> None:
    before = await subject.state(http)
    whole = await subject.stream(http, asking())
    after = await subject.state(http)
    assert (after.running, after.waiting) == (0, 0)
    assert before.generated is not None
    assert after.generated is not None
    assert after.generated - before.generated == whole.end.completion_tokens
    assert after.kv_use is not None
    assert 0 <= after.kv_use <= 1


async def test_leaving_ends_the_work_of_the_server(http: aiohttp.ClientSession, subject: Subject) -> None:
    body = asking(max_tokens=1500, min_tokens=1500)
    stream = stream_chat(http, Server(subject.url, "r1-32b"), body=body, clocks=PATIENT)
    await anext(stream)
    assert (await subject.state(http)).running == 1
    await stream.aclose()
    async with asyncio.timeout(5):
        while (await subject.state(http)).running:
            await asyncio.sleep(0.05)
    generated = (await subject.state(http)).generated
    await asyncio.sleep(0.5)
    assert (await subject.state(http)).generated == generated
