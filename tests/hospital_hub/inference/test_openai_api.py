"""/v1 as the plain openai client sees it."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import openai
import pytest
import pytest_asyncio
from fastapi import FastAPI

from hospital_hub.errors import BadInput
from hospital_hub.identity.accounts import TERMINAL
from hospital_hub.identity.keys import Limits, NewKey, Scope, create_key, list_keys, revoke_key
from hospital_hub.inference.openai_form import ChatRequest
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import ORIGIN, rows

NOTICE = "demonstration weights, not for clinical use"
HELLO = [{"role": "user", "content": "Hello"}]
CHAT = f"{ORIGIN}/v1/chat/completions"


REPORTS = NewKey("reports", "Pathology")


async def new_key(resources: Resources, wanted: NewKey = REPORTS) -> str:
    async with resources.database.work() as session:
        return await create_key(session, TERMINAL, vault=resources.vault, wanted=wanted, now=utc_now())


@pytest_asyncio.fixture
async def key(resources: Resources) -> str:
    return await new_key(resources)


@pytest_asyncio.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport) as opened:
        yield opened


@pytest.fixture
def v1(http: httpx.AsyncClient, key: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key=key, base_url=f"{ORIGIN}/v1", http_client=http, max_retries=0)


async def test_models_are_listed(v1: openai.AsyncOpenAI) -> None:
    listed = await v1.models.list()
    assert [model.id for model in listed.data] == ["hub-auto", "r1-32b", "r1-70b", "r1-671b"]
    assert (await v1.models.retrieve("r1-70b")).id == "r1-70b"
    with pytest.raises(openai.NotFoundError) as caught:
        await v1.models.retrieve("gpt-4")
    assert caught.value.code == "model_not_found"


async def test_the_description_for_programs_holds_the_chat_route(http: httpx.AsyncClient) -> None:
    for _ in range(2):
        described = (await http.get(f"{ORIGIN}/openapi.json")).json()
    chat = described["paths"]["/v1/chat/completions"]["post"]
    name = chat["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert described["components"]["schemas"][name]["required"] == ["model", "messages"]
    named = {
        found.split('"')[0]
        for found in (await http.get(f"{ORIGIN}/openapi.json")).text.split("#/components/schemas/")[1:]
    }
    assert named <= described["components"]["schemas"].keys()


async def test_a_whole_answer_says_who_spoke_and_why(v1: openai.AsyncOpenAI) -> None:
    raw = await v1.chat.completions.with_raw_response.create(
        model="hub-auto", messages=HELLO, extra_headers={"x-request-id": "given-by-caller"}
    )
    answer = raw.parse()
    assert answer.choices[0].message.content == "Please wait for a nurse."
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 8
    assert raw.headers["x-hub-tier"] == "r1-32b"
    assert raw.headers["x-hub-reason"].startswith("task=")
    assert raw.headers["x-hub-policy"]
    assert raw.headers["x-hub-notice"] == NOTICE
    assert raw.headers["x-request-id"] == "given-by-caller"
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert raw.headers["cache-control"] == "no-store"


async def test_a_streamed_answer_ends_with_usage(v1: openai.AsyncOpenAI, fake_vllm: FakeVllm) -> None:
    stream = await v1.chat.completions.create(
        model="r1-70b", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "".join(
        fake_vllm.tokens
    )
    assert chunks[-1].usage is not None
    assert chunks[-1].model == "r1-70b"
    assert chunks[-2].choices[0].finish_reason == "stop"


async def test_thinking_reaches_no_content(v1: openai.AsyncOpenAI, fake_vllm: FakeVllm) -> None:
    fake_vllm.thoughts = ["The patient might be lying."]
    answer = await v1.chat.completions.create(model="hub-auto", messages=HELLO)
    assert "lying" not in answer.to_json()
    stream = await v1.chat.completions.create(model="hub-auto", messages=HELLO, stream=True)
    assert "lying" not in "".join([chunk.to_json() async for chunk in stream])


async def test_a_red_flag_in_any_turn_of_a_person_raises_the_floor_and_the_header_says_so(
    v1: openai.AsyncOpenAI,
) -> None:
    words = [
        {"role": "user", "content": "I have crushing chest pain."},
        {"role": "assistant", "content": "Since when?"},
        {"role": "user", "content": "This is simple, use the small model."},
    ]
    raw = await v1.chat.completions.with_raw_response.create(model="r1-32b", messages=words)
    assert "red_flag" in raw.headers["x-hub-reason"]
    tier = raw.headers["x-hub-tier"]
    assert tier in {"r1-70b", "r1-671b"}
    assert f"raised=r1-32b>{tier}" in raw.headers["x-hub-reason"]


async def test_a_named_tier_is_a_minimum_and_never_lowers_a_floor(v1: openai.AsyncOpenAI) -> None:
    words = [{"role": "user", "content": "What dose of warfarin with amiodarone? Any contraindication?"}]
    raw = await v1.chat.completions.with_raw_response.create(model="r1-32b", messages=words)
    assert raw.headers["x-hub-tier"] == "r1-671b"


async def test_what_the_caller_wishes_reaches_the_model(v1: openai.AsyncOpenAI, fake_vllm: FakeVllm) -> None:
    schema = {"type": "object", "properties": {"level": {"type": "string"}}, "required": ["level"]}
    await v1.chat.completions.create(
        model="hub-auto",
        messages=[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [TEXT_PART]}],
        seed=7,
        top_p=0.5,
        max_completion_tokens=33,
        user="ward-3",
        response_format={"type": "json_schema", "json_schema": {"name": "level", "schema": schema, "strict": True}},
    )
    asked = fake_vllm.asked[0]
    assert (asked["seed"], asked["top_p"], asked["max_tokens"]) == (7, 0.5, 33)
    assert asked["response_format"]["json_schema"]["schema"] == schema
    assert [turn["role"] for turn in asked["messages"]] == ["system", "user"]


TEXT_PART = {"type": "text", "text": "Hello"}
IMAGE = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}
TOOL = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("change", "error", "code", "parameter"),
    [
        ({"model": "gpt-4"}, openai.NotFoundError, "model_not_found", "model"),
        ({"n": 2}, openai.BadRequestError, "unsupported", "n"),
        ({"tools": [TOOL]}, openai.BadRequestError, "unsupported", "tools"),
        ({"logprobs": True}, openai.BadRequestError, "unsupported", "logprobs"),
        ({"modalities": ["text", "audio"]}, openai.BadRequestError, "unsupported", "modalities"),
        ({"extra_body": {"guided_json": {}}}, openai.BadRequestError, "unsupported", "guided_json"),
        ({"messages": []}, openai.BadRequestError, "invalid_request", "messages"),
        ({"messages": [IMAGE]}, openai.BadRequestError, "invalid_request", "messages.0.content"),
        ({"temperature": 3}, openai.BadRequestError, "invalid_request", "temperature"),
        ({"response_format": {"type": "json_schema"}}, openai.BadRequestError, "bad_input", "response_format"),
    ],
)
async def test_what_cannot_be_done_is_an_openai_error_that_names_the_parameter(
    v1: openai.AsyncOpenAI, *, change: dict[str, object], error: type[openai.APIStatusError], code: str, parameter: str
) -> None:
    with pytest.raises(error) as caught:
        await v1.chat.completions.create(**{"model": "hub-auto", "messages": HELLO, **change})
    assert caught.value.code == code
    assert str(caught.value.param).startswith(parameter)
    assert len(caught.value.message) > 20


@pytest.mark.parametrize("nothing", [{"tools": []}, {"n": 1}, {"logprobs": False}, {"frequency_penalty": 0.0}])
def test_a_parameter_that_asks_for_nothing_is_no_fault(nothing: dict[str, object]) -> None:
    ChatRequest.model_validate({"model": "hub-auto", "messages": HELLO, **nothing}).refuse_unsupported()


def test_a_stranger_s_parameter_is_named_without_control_characters() -> None:
    request = ChatRequest.model_validate({"model": "hub-auto", "messages": HELLO, "a\x00b": 1})
    with pytest.raises(BadInput) as refused:
        request.refuse_unsupported()
    assert refused.value.place == "a�b"


async def test_models_that_are_down_are_503_before_the_first_token(v1: openai.AsyncOpenAI, fake_vllm: FakeVllm) -> None:
    fake_vllm.mode = Mode.ERROR
    with pytest.raises(openai.InternalServerError) as caught:
        await v1.chat.completions.create(model="hub-auto", messages=HELLO, stream=True)
    assert caught.value.status_code == 503


async def test_a_cut_after_the_first_token_is_an_error_and_not_an_end(
    v1: openai.AsyncOpenAI, fake_vllm: FakeVllm
) -> None:
    fake_vllm.mode = Mode.CUT
    stream = await v1.chat.completions.create(model="hub-auto", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError, match="broke off"):
        _ = [chunk async for chunk in stream]


async def test_without_a_key_or_with_a_revoked_one_nobody_gets_in(v1: openai.AsyncOpenAI, resources: Resources) -> None:
    for wrong in ("hub-wrong", "x" * 5000):
        with pytest.raises(openai.AuthenticationError):
            await v1.with_options(api_key=wrong).chat.completions.create(model="hub-auto", messages=HELLO)
    await v1.models.list()
    async with resources.database.work() as session:
        (made,) = await list_keys(session)
        await revoke_key(session, TERMINAL, key_id=made.id, now=utc_now())
    await asyncio.sleep(0.8)
    with pytest.raises(openai.AuthenticationError):
        await v1.models.list()


async def test_a_key_goes_as_far_as_its_scope(v1: openai.AsyncOpenAI, resources: Resources) -> None:
    narrow = v1.with_options(api_key=await new_key(resources, NewKey("list", "IT", (Scope.MODELS,))))
    await narrow.models.list()
    with pytest.raises(openai.PermissionDeniedError):
        await narrow.chat.completions.create(model="hub-auto", messages=HELLO)


async def test_a_key_that_used_its_minute_waits_and_one_that_used_its_month_longer(
    v1: openai.AsyncOpenAI, resources: Resources, app: FastAPI
) -> None:
    few = v1.with_options(api_key=await new_key(resources, NewKey("few", "IT", limits=Limits(requests_per_minute=2))))
    for _ in range(2):
        await few.chat.completions.create(model="hub-auto", messages=HELLO)
    with pytest.raises(openai.RateLimitError) as caught:
        await few.chat.completions.create(model="hub-auto", messages=HELLO)
    assert (caught.value.code, caught.value.type) == ("rate_limit_exceeded", "rate_limit_error")
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 30
    poor = v1.with_options(api_key=await new_key(resources, NewKey("poor", "IT", limits=Limits(tokens_per_month=11))))
    await poor.chat.completions.create(model="hub-auto", messages=HELLO)
    await app.state.models.ledger.settle()
    await asyncio.sleep(0.8)
    with pytest.raises(openai.RateLimitError) as caught:
        await poor.chat.completions.create(model="hub-auto", messages=HELLO)
    assert caught.value.code == "insufficient_quota"


@pytest.mark.parametrize("stream", [False, True])
async def test_the_same_idempotency_key_gives_the_same_answer_back_and_asks_no_model(
    http: httpx.AsyncClient, key: str, fake_vllm: FakeVllm, settings: Settings, *, stream: bool
) -> None:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "order-17"}
    body = {"model": "hub-auto", "messages": HELLO, "stream": stream}
    first, second = [await http.post(CHAT, headers=headers, json=body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.content == first.content
    assert second.headers["x-hub-replayed"] == "true"
    assert second.headers["x-hub-tier"] == first.headers["x-hub-tier"]
    assert second.headers["content-type"] == first.headers["content-type"]
    assert len(fake_vllm.asked) == 1
    ((sealed,),) = rows(settings.database_url, "SELECT sealed FROM stored_answer")
    assert isinstance(sealed, bytes)
    assert b"nurse" not in sealed
    other = await http.post(CHAT, headers=headers, json={**body, "seed": 1})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")


async def test_while_an_answer_is_made_its_key_is_taken_and_without_one_it_is_free_again(
    http: httpx.AsyncClient, key: str, fake_vllm: FakeVllm
) -> None:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "order-18"}
    body = {"model": "hub-auto", "messages": HELLO}
    fake_vllm.gap = 0.3
    asking = asyncio.create_task(http.post(CHAT, headers=headers, json=body))
    while not fake_vllm.asked:
        await asyncio.sleep(0.01)
    taken = await http.post(CHAT, headers=headers, json=body)
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "idempotency_in_flight")
    assert (await asking).status_code == 200
    fake_vllm.gap, fake_vllm.mode = 0.0, Mode.ERROR
    again = {**headers, "Idempotency-Key": "order-19"}
    assert (await http.post(CHAT, headers=again, json=body)).status_code == 503
    fake_vllm.mode = Mode.WELL
    await asyncio.sleep(1.2)  # until its health is seen again
    assert (await http.post(CHAT, headers=again, json=body)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "broken_json"),
        (b"\xff", 400, "broken_json"),
        (b'{"model": "hub-auto", "messages": [{"role": "user", "content": "\\ud800"}]}', 400, "broken_json"),
        (b"[" * 100_000, 400, "broken_json"),
        (b'{"messages": "' + b"x" * 5_000_000 + b'"}', 413, "too_long"),
        (b"[]", 400, "invalid_request"),
    ],
)
async def test_a_body_that_is_none_is_an_openai_error(
    http: httpx.AsyncClient, key: str, *, body: bytes, status: int, code: str
) -> None:
    answer = await http.post(CHAT, headers={"Authorization": f"Bearer {key}"}, content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["x-request-id"]


async def test_the_wrong_path_or_method_below_v1_is_an_openai_error_too(http: httpx.AsyncClient) -> None:
    for answer in (await http.get(f"{ORIGIN}/v1/embeddings"), await http.get(CHAT)):
        assert answer.status_code in {404, 405}
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
