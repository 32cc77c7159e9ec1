"""How long a launch takes of the hub's own time: from the EMR's call to the panel's page, without the EMR's answers.

The limit is one second. p50, p95 and the whole time with the EMR's answers are in the extra_info. Database and EMR are
on the same machine; the time in which the EMR (a strict fake) works is measured in it and taken off.
"""

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from starlette.types import ASGIApp, Receive, Scope, Send

from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from integrations.smart.keys import ClientKey
from tests.fakes.authority import Authority
from tests.fakes.serving import served

LAUNCHES, WARM = 40, 3
LIMIT_SECONDS = 1.0


@dataclass
class Timed:
    """Adds up the time in which the application behind it works on a request."""

    app: ASGIApp
    seconds: float = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        await self.app(scope, receive, send)
        self.seconds += time.perf_counter() - started


@dataclass
class Times:
    own: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


async def launch(client: httpx.AsyncClient, emr: Authority, *, outside: httpx.AsyncClient) -> None:
    started = await client.get("/notes/launch", params={"iss": emr.base, "launch": "l1"})
    assert started.status_code == 303, started.text
    back = urlsplit((await outside.get(started.headers["location"])).headers["location"])
    arrived = await client.get(f"{back.path}?{back.query}")
    assert arrived.headers["location"] == "/notes/panel"
    assert (await client.get("/notes/panel")).status_code == 200


async def many(settings: Settings, times: Times) -> None:
    emr = Authority(redirect_uris={f"{settings.public_url}/notes/callback"})
    emr.client_jwks = ClientKey(settings.smart_key()).public_jwks()
    timed = Timed(emr.app())
    async with served(timed) as emr.origin:
        app = create_app(settings.model_copy(update={"emr_issuer": emr.base}))
        async with app.router.lifespan_context(app), httpx.AsyncClient() as outside:
            transport = httpx.ASGITransport(app=app)
            for number in range(WARM + LAUNCHES):
                async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
                    timed.seconds, started = 0.0, time.perf_counter()
                    await launch(client, emr, outside=outside)
                    whole = time.perf_counter() - started
                if number >= WARM:
                    times.whole.append(whole)
                    times.own.append(whole - timed.seconds)


@pytest.mark.usefixtures("fake_vllm")
def test_a_launch(benchmark: BenchmarkFixture, settings: Settings) -> None:
    times = Times()
    benchmark.pedantic(lambda: asyncio.run(many(settings, times)), rounds=1)  # type: ignore[no-untyped-call]
    own, whole = np.array(times.own) * 1000, np.array(times.whole) * 1000
    p50, p95 = np.quantile(own, [0.5, 0.95])
    benchmark.extra_info.update(
        launches=len(own),
        own_p50_ms=round(float(p50), 1),
        own_p95_ms=round(float(p95), 1),
        own_most_ms=round(float(own.max()), 1),
        whole_p95_ms=round(float(np.quantile(whole, 0.95)), 1),
    )
    assert p95 < LIMIT_SECONDS * 1000
