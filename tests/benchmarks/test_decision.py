"""How long one decision takes on one core, over the whole text. Limits are of the design; the medians are printed."""

import time

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from routing import Decision, Lane, Request, decide, load_policy
from tests.routing.test_decide import fleet

POLICY = load_policy()
SENTENCE = (
    "A {n}-year-old woman with known heart failure comes to the clinic because of swelling of both legs; she takes "
    "furosemide {n} mg, has no fever, and her potassium was {n} mmol/l. What should be changed first? "
)
CHARACTERS_A_TOKEN = 4.4


def asked(tokens: int) -> Request:
    text = "".join(SENTENCE.format(n=number) for number in range(40, 400))[: round(tokens * CHARACTERS_A_TOKEN)]
    return Request(text=text, lane=Lane.STAFF, context_tokens=tokens, answer_tokens=500, deadline=60)


@pytest.mark.parametrize(
    ("tokens", "median_ms", "p99_ms"), [(500, 0.6, 2.0), (8_000, 10.0, 40.0)], ids=["500 tokens", "8000 tokens"]
)
def test_decision(benchmark: BenchmarkFixture, tokens: int, median_ms: float, p99_ms: float) -> None:
    request, idle = asked(tokens), fleet()
    outcome = benchmark.pedantic(
        decide, args=(request, idle), kwargs={"policy": POLICY}, rounds=300, warmup_rounds=20, iterations=1
    )
    assert isinstance(outcome, Decision)
    times = np.sort(np.array(benchmark.stats.stats.data)) * 1000 if benchmark.stats else np.array([_once(request)])
    benchmark.extra_info.update(p50_ms=round(float(np.median(times)), 3), p99_ms=round(float(times[-3:][0]), 3))
    assert np.median(times) <= median_ms, times[len(times) // 2]
    assert np.quantile(times, 0.99) <= p99_ms


def _once(request: Request) -> float:
    started = time.perf_counter()
    decide(request, fleet(), policy=POLICY)
    return (time.perf_counter() - started) * 1000
