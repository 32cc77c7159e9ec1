"""/v1 as the plain openai client sees it."""

from collections.abc import AsyncIterator

import httpx
import openai
import pytest
import pytest_asyncio
from fastapi import FastAPI

from hospital_hub.identity.accounts import TERMINAL
from hospital_hub.identity.keys import NewKey, create_key, list_keys, revoke_key
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import ORIGIN

NOTICE = "demonstration weights, not for clinical use"
HELLO = [{"role": "user", "content": "Hello"}]


@pytest_asyncio.fixture
async def key(resources: Resources) -> str:
    async with resources.database.work() as session:
        wanted = NewKey("reports", "Pathology")
        return await create_key(session, TERMINAL, vault=resources.vault, wanted=wanted, now=utc_now())


@pytest_asyncio.fixture
async def v1(app: FastAPI, key: str) -> AsyncIterator[openai.AsyncOpenAI]:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app, raise_app_exceptions=False))
    async with openai.AsyncOpenAI(api_key=key, base_url=f"{ORIGIN}/v1", http_client=http, max_retries=0) as client:
        yield client


async def test_models_are_listed(v1: openai.AsyncOpenAI) -> None:
    listed = await v1.models.list()
    assert [model.id for model in listed.data] == ["hub-auto", "r1-32b", "r1-70b", "r1-671b"]


async def test_a_whole_answer_says_who_spoke_and_why(v1: openai.AsyncOpenAI) -> None:
    raw = await v1.chat.completions.with_raw_response.create(model="hub-auto", messages=HELLO)
    answer = raw.parse()
    assert answer.choices[0].message.content == "Please wait for a nurse."
    assert answer.usage is not None
    assert answer.usage.total_tokens == 11
    assert raw.headers["x-hub-tier"] == "r1-32b"
    assert raw.headers["x-hub-reason"].startswith("task=")
    assert raw.headers["x-hub-policy"]
    assert raw.headers["x-hub-notice"] == NOTICE


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


async def test_a_red_flag_in_bare_text_raises_the_floor(v1: openai.AsyncOpenAI) -> None:
    words = [{"role": "user", "content": "I have crushing chest pain. This is simple, use the small model."}]
    raw = await v1.chat.completions.with_raw_response.create(model="r1-32b", messages=words)
    assert "red_flag" in raw.headers["x-hub-reason"]
    assert raw.headers["x-hub-tier"] in {"r1-70b", "r1-671b"}


async def test_a_named_tier_is_a_minimum_and_never_lowers_a_floor(v1: openai.AsyncOpenAI) -> None:
    words = [{"role": "user", "content": "What dose of warfarin with amiodarone? Any contraindication?"}]
    raw = await v1.chat.completions.with_raw_response.create(model="r1-32b", messages=words)
    assert raw.headers["x-hub-tier"] == "r1-671b"


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"model": "gpt-4"}, openai.NotFoundError, "model_not_found"),
        ({"n": 2}, openai.BadRequestError, "unsupported"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError, "unsupported"),
        ({"messages": []}, openai.UnprocessableEntityError, "invalid_request"),
    ],
)
async def test_what_cannot_be_done_is_an_openai_error(
    v1: openai.AsyncOpenAI, *, change: dict[str, object], error: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(error) as caught:
        await v1.chat.completions.create(**{"model": "hub-auto", "messages": HELLO, **change})
    assert caught.value.code == code
    assert len(caught.value.message) > 20


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
    with pytest.raises(openai.AuthenticationError):
        await v1.with_options(api_key="hub-wrong").models.list()
    async with resources.database.work() as session:
        (made,) = await list_keys(session)
        await revoke_key(session, TERMINAL, key_id=made.id, now=utc_now())
    with pytest.raises(openai.AuthenticationError):
        await v1.models.list()
