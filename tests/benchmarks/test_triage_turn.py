"""How long one turn of an interview takes: everything but the model, with the database on the same machine.

The aim is a p95 of 30 ms on a machine with two cores. Nothing is asserted here; p50, p95 and p99 are in the extra_info.
"""

import asyncio
import itertools
import time
import uuid
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import interview_service, service
from hospital_hub.triage.service import Complaint

INTERVIEWS = 30
COMPLAINTS = ("膝盖疼", "咳嗽", "肚子疼", "My back hurts", "I have had a cough since Monday")
Turn = Callable[[], Awaitable[object]]


async def interview(resources: Resources, words: str, *, times: list[float]) -> None:
    """From the complaint to the end; every turn is timed, and looked at once as its page does."""
    login = uuid.uuid4()
    who = Principal(id=f"kiosk|{login}", role=Role.KIOSK, display_name="Kiosk", session_id=login)

    async def timed(turn: Turn) -> object:
        started = time.perf_counter()
        result = await turn()
        times.append(time.perf_counter() - started)
        return result

    complaint = Complaint(words, with_ai=False, page_language="zh-CN")
    told = await service.tell(resources, who, complaint=complaint, now=utc_now())
    while True:
        standing = await interview_service.standing(resources, who, case_id=told.id)
        asked = standing.asked
        if asked is None:
            return
        tapped = asked.options[1] if len(asked.options) > 1 else "40"
        await timed(
            lambda ordinal=asked.ordinal, tapped=tapped: interview_service.answer(  # type: ignore[misc]
                resources, who, case_id=told.id, ordinal=ordinal, words=tapped, now=utc_now()
            )
        )


async def many(settings: Settings, times: list[float]) -> None:
    words = itertools.cycle(COMPLAINTS)
    async with open_resources(settings) as resources:
        await interview(resources, next(words), times=[])
        for _ in range(INTERVIEWS):
            await interview(resources, next(words), times=times)


@pytest.mark.usefixtures("fake_vllm")
def test_a_turn_of_an_interview(benchmark: BenchmarkFixture, settings: Settings) -> None:
    times: list[float] = []
    benchmark.pedantic(lambda: asyncio.run(many(settings, times)), rounds=1)  # type: ignore[no-untyped-call]
    assert times
    p50, p95, p99 = np.quantile(np.array(times) * 1000, [0.5, 0.95, 0.99])
    benchmark.extra_info.update(
        turns=len(times), p50_ms=round(float(p50), 2), p95_ms=round(float(p95), 2), p99_ms=round(float(p99), 2)
    )
