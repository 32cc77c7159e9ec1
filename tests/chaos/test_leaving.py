"""500 programs that leave /v1 in the middle of their stream: the model servers are let go at once."""

import asyncio
import time

import aiohttp
import pytest
from fastapi import FastAPI

from hospital_hub.resources import Resources
from tests.fakes.serving import served
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows
from tests.hospital_hub.inference.test_openai_api import new_key

pytestmark = pytest.mark.chaos
AT_ONCE, ROUNDS = 10, 50
BODY = {"model": "hub-auto", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}


async def leave(http: aiohttp.ClientSession, url: str, key: str) -> None:
    """After the first content, by closing the connection."""
    async with http.post(url, json=BODY, headers={"Authorization": f"Bearer {key}"}) as answer:
        assert answer.status == 200
        async for line in answer.content:
            if b'"content":"w' in line:
                break
        answer.close()


async def test_five_hundred_abandoned_streams_close_upstream_within_a_second(
    app: FastAPI, resources: Resources, fake_vllm: FakeVllm
) -> None:
    fake_vllm.tokens, fake_vllm.gap = ["word "] * 1000, 0.02
    key = await new_key(resources)
    async with served(app) as origin, aiohttp.ClientSession() as http:
        for _ in range(ROUNDS):
            await asyncio.gather(*(leave(http, f"{origin}/v1/chat/completions", key) for _ in range(AT_ONCE)))
            left = time.monotonic()
            while fake_vllm.open:
                assert time.monotonic() - left < 1.0
                await asyncio.sleep(0.01)
    assert len(fake_vllm.asked) == AT_ONCE * ROUNDS
    await app.state.models.ledger.settle()
    assert rows(resources.settings.database_url, "SELECT outcome, count(*) FROM model_attempt GROUP BY 1") == [
        ("ABANDONED", AT_ONCE * ROUNDS)
    ]
