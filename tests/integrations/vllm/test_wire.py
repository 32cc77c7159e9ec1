"""The wire to a model server. The same expectations are put to the fake and to the real small model."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from integrations.vllm.chat import Clocks, Content, Finished, Server, Thought, stream_chat
from integrations.vllm.errors import Fault, UpstreamFault
from integrations.vllm.state import parse_metrics, read_state
from tests.fakes.vllm import FakeVllm, Mode

PATIENT = Clocks(connect=2, first_token=60, between=30, total=120)
HASTY = Clocks(connect=1, first_token=0.3, between=0.3, total=5)
BODY = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 16, "temperature": 0.0}


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=["fake", pytest.param("small model", marks=pytest.mark.embedded)])
def model_url(request: pytest.FixtureRequest) -> str:
    if request.param == "fake":
        return request.getfixturevalue("fake_vllm").url
    return request.getfixturevalue("small_model_url")


async def whole(http: aiohttp.ClientSession, server: Server, *, clocks: Clocks = PATIENT) -> list[object]:
    return [chunk async for chunk in stream_chat(http, server, body=BODY, clocks=clocks)]


async def test_a_stream_is_content_and_then_its_end_with_usage(http: aiohttp.ClientSession, model_url: str) -> None:
    chunks = await whole(http, Server(model_url, "r1-70b"))
    assert any(isinstance(chunk, Content) and chunk.text for chunk in chunks)
    end = chunks[-1]
    assert isinstance(end, Finished)
    assert end.reason in {"stop", "length"}
    assert end.prompt_tokens > 0
    assert end.completion_tokens > 0


async def test_health_and_load_can_be_read(http: aiohttp.ClientSession, model_url: str) -> None:
    state = await read_state(http, model_url, timeout_seconds=5)
    assert state.running == 0
    assert state.waiting == 0


async def test_all_three_tiers_are_served(http: aiohttp.ClientSession, model_url: str) -> None:
    async with http.get(f"{model_url}/models") as response:
        listed = {entry["id"] for entry in (await response.json())["data"]}
        names = {name for entry in (await response.json())["data"] for name in (entry["id"], *entry.get("aliases", []))}
    assert listed
    assert names >= {"r1-32b", "r1-70b", "r1-671b"}


async def test_leaving_closes_the_stream(http: aiohttp.ClientSession, model_url: str) -> None:
    body = {**BODY, "messages": [{"role": "user", "content": "Count to one thousand."}], "max_tokens": 1000}
    stream = stream_chat(http, Server(model_url, "r1-32b"), body=body, clocks=PATIENT)
    await anext(stream)
    await stream.aclose()
    async with asyncio.timeout(5):
        while (await read_state(http, model_url, timeout_seconds=5)).running:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("mode", "fault"),
    [
        (Mode.ERROR, Fault.STATUS),
        (Mode.REJECT, Fault.STATUS),
        (Mode.HANG, Fault.SLOW),
        (Mode.STALL, Fault.SLOW),
        (Mode.CUT, Fault.CUT),
        (Mode.MALFORMED, Fault.MALFORMED),
        (Mode.BREAK, Fault.STATUS),
        (Mode.ABORT, Fault.CUT),
        (Mode.THINKING, Fault.EMPTY),
    ],
)
async def test_each_way_to_fail_has_its_name(
    http: aiohttp.ClientSession, fake_vllm: FakeVllm, *, mode: Mode, fault: Fault
) -> None:
    fake_vllm.mode = mode
    with pytest.raises(UpstreamFault) as caught:
        await whole(http, Server(fake_vllm.url, "r1-32b"), clocks=HASTY)
    assert caught.value.fault is fault
    assert caught.value.caller_is_wrong is (mode is Mode.REJECT)


async def test_nobody_there_is_refused(http: aiohttp.ClientSession) -> None:
    with pytest.raises(UpstreamFault) as caught:
        await whole(http, Server("http://127.0.0.1:1/v1", "r1-32b"))
    assert caught.value.fault is Fault.REFUSED


async def test_thinking_is_told_apart_under_both_names(http: aiohttp.ClientSession, fake_vllm: FakeVllm) -> None:
    for name in ("reasoning", "reasoning_content"):
        fake_vllm.reasoning_field = name
        chunks = await whole(http, Server(fake_vllm.url, "r1-32b"))
        assert Thought("Let me think.") in chunks


async def test_a_whole_answer_leaves_its_connection_for_the_next(
    http: aiohttp.ClientSession, fake_vllm: FakeVllm
) -> None:
    for whole in (False, True, False):
        body = {**BODY, "max_tokens": 50}
        server = Server(fake_vllm.url, "r1-32b")
        chunks = [chunk async for chunk in stream_chat(http, server, body=body, clocks=PATIENT, whole=whole)]
        assert isinstance(chunks[-1], Finished)
    assert len(set(fake_vllm.callers)) == 1


async def test_a_stop_word_closes_the_stream_to_the_server(http: aiohttp.ClientSession, fake_vllm: FakeVllm) -> None:
    fake_vllm.tokens, fake_vllm.gap = ["Please ", *["wait "] * 1000], 0.01
    body = {**BODY, "max_tokens": 1000, "stop": ["wait wait"]}
    chunks = [chunk async for chunk in stream_chat(http, Server(fake_vllm.url, "r1-32b"), body=body, clocks=PATIENT)]
    assert "stop" not in fake_vllm.asked[-1]
    assert isinstance(chunks[-1], Finished)
    assert (chunks[-1].reason, chunks[-1].completion_tokens > 0) == ("stop", True)
    async with asyncio.timeout(2):
        while fake_vllm.open:
            await asyncio.sleep(0.01)


async def test_an_unhealthy_server_says_so(http: aiohttp.ClientSession, fake_vllm: FakeVllm) -> None:
    fake_vllm.mode = Mode.UNHEALTHY
    with pytest.raises(UpstreamFault):
        await read_state(http, fake_vllm.url, timeout_seconds=5)


def test_gauges_of_several_engines_are_summed_and_missing_ones_stay_unknown() -> None:
    text = (
        "# TYPE vllm:num_requests_running gauge\n"
        'vllm:num_requests_running{engine="0"} 2\nvllm:num_requests_running{engine="1"} 3\n'
    )
    assert parse_metrics(text).running == 5
    assert parse_metrics(text).waiting is None
