"""A researcher with a browser, a batch, and a worker's resources that reach a hub on a real port."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from hospital_hub.identity.permissions import Role
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings
from tests.fakes.serving import served
from tests.fixtures.hub import LogIn, rows

BATCHES = "/api/research/batches"
HandIn = Callable[..., Awaitable[dict[str, Any]]]


def jsonl(questions: Sequence[Mapping[str, object]]) -> bytes:
    return b"\n".join(json.dumps(question, ensure_ascii=False).encode() for question in questions)


def questions(count: int) -> bytes:
    return jsonl([{"id": f"q{number}", "question": f"Question {number}?"} for number in range(1, count + 1)])


@pytest_asyncio.fixture
async def researcher(client: httpx.AsyncClient, log_in: LogIn) -> httpx.AsyncClient:
    client.cookies.update(await log_in(Role.RESEARCHER))
    return client


@pytest.fixture
def hand_in(researcher: httpx.AsyncClient) -> HandIn:
    async def one(body: bytes, **headers: str) -> dict[str, Any]:
        answer = await researcher.post(BATCHES, content=body, headers={"content-type": "application/jsonl", **headers})
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    return one


@pytest_asyncio.fixture
async def hub_origin(app: FastAPI, settings: Settings) -> AsyncIterator[str]:
    """The same application on a loopback port, as workers reach it; answers nobody waits for come to their end."""
    async with served(app) as origin:
        yield origin
        async with asyncio.timeout(10):
            while rows(settings.database_url, "SELECT 1 FROM model_call WHERE outcome = 'OPEN'"):
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def worker_resources(settings: Settings, hub_origin: str) -> AsyncIterator[Resources]:
    async with open_resources(settings.model_copy(update={"internal_url": hub_origin})) as opened:
        yield opened
