"""How long one decision takes on one core, over the whole text, in English and in Chinese.

Limits are of the design (red flags apart). Least, p50 and p99 are in the extra_info, and p99 of the processor time too:
on a machine that is shared, p99 by the clock is what the neighbours add.
"""

import itertools
import os
import time
from collections.abc import Iterator

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from routing import Decision, Fleet, Lane, Request, decide, load_policy
from tests.routing.test_decide import fleet

POLICY = load_policy()
SENTENCES = {
    "English": (
        "A {n}-year-old woman with known heart failure comes to the clinic because of swelling of both legs; she takes "
        "furosemide {n} mg, has no fever, and her potassium was {n} mmol/l. What should be changed first? "
    ),
    "Chinese": (
        "患者{n}岁，女，因双下肢水肿{n}天来门诊，既往有慢性心力衰竭，口服呋塞米{n}毫克，无发热，血钾{n}毫摩尔每升，"
        "血压一百三十，心率{n}次每分，双肺呼吸音清。请问首先应调整哪种药物？"
    ),
}
CHARACTERS_A_TOKEN = {"English": 4.4, "Chinese": 1.6}
TEXTS = 40
ROUNDS = {500: 3_000, 8_000: 400}


def asked(tokens: int, language: str) -> Iterator[Request]:
    """The same requests in turn, no two neighbours alike."""
    length = round(tokens * CHARACTERS_A_TOKEN[language])
    made = []
    for first in range(TEXTS):
        text = ""
        for number in itertools.count(first):
            text += SENTENCES[language].format(n=number)
            if len(text) >= length:
                break
        made.append(Request(text=text[:length], lane=Lane.STAFF, context_tokens=tokens, answer_tokens=500, deadline=60))
    return itertools.cycle(made)


@pytest.fixture
def one_core() -> Iterator[None]:
    """This process on a single core, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize(
    ("tokens", "median_ms", "p99_ms"), [(500, 0.6, 2.0), (8_000, 10.0, 40.0)], ids=["500 tokens", "8000 tokens"]
)
@pytest.mark.usefixtures("one_core")
def test_decision(benchmark: BenchmarkFixture, tokens: int, median_ms: float, p99_ms: float, language: str) -> None:
    requests, idle = asked(tokens, language), fleet()

    def another() -> tuple[tuple[Request, Fleet], dict[str, object]]:
        return (next(requests), idle), {"policy": POLICY}

    outcome = benchmark.pedantic(decide, setup=another, rounds=ROUNDS[tokens], warmup_rounds=20)
    assert isinstance(outcome, Decision)
    if benchmark.stats is None:
        return
    times = np.array(benchmark.stats.stats.data) * 1000
    p50, p99 = np.quantile(times, [0.5, 0.99])
    benchmark.extra_info.update(
        least_ms=round(float(times.min()), 3), p50_ms=round(float(p50), 3), p99_ms=round(float(p99), 3)
    )
    own = [_processor_time(*another()[0]) for _ in range(ROUNDS[tokens])]
    benchmark.extra_info.update(processor_p99_ms=round(float(np.quantile(own, 0.99)), 3))
    assert p50 <= median_ms
    assert p99 <= p99_ms


def _processor_time(request: Request, picture: Fleet) -> float:
    """In ms, without the time in which other programs had the core."""
    started = time.thread_time()
    decide(request, picture, policy=POLICY)
    return (time.thread_time() - started) * 1000
