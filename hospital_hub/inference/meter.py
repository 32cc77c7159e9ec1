"""The figures of this process for a monitor: answers, seconds, tokens by tier and lane. Nothing of a person or a text.

Each process counts its own; a monitor adds the processes up. Fed by the ledger, so every door is counted alike.
"""

import asyncio
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from hospital_hub.inference.ledger_values import Closing

SECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 900.0)
THOUSAND: Final = 1000


@dataclass
class Meter:
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        by = ("tier", "lane")
        add = self.registry
        self.answers = Counter("hub_answers", "Questions by how they ended.", (*by, "outcome"), registry=add)
        self.attempts = Counter("hub_attempts", "Requests to model servers.", ("tier", "outcome"), registry=add)
        self.tokens = Counter("hub_tokens", "Tokens of all attempts.", (*by, "kind"), registry=add)
        self.first = Histogram(
            "hub_first_content_seconds", "From the question to its first content.", by, buckets=SECONDS, registry=add
        )
        self.total = Histogram("hub_answer_seconds", "Whole answers.", by, buckets=SECONDS, registry=add)
        self.queue = Histogram(
            "hub_admission_wait_seconds", "Waiting for room in the hub.", by, buckets=SECONDS, registry=add
        )
        self.under_way = Gauge("hub_answers_under_way", "Answers of this process.", ("lane",), registry=add)
        self.ledger_lag = Gauge("hub_ledger_waiting", "Ledger rows that are not stored yet.", registry=add)
        self.ledger_lost = Gauge("hub_ledger_lost", "Ledger rows that this process gave up.", registry=add)

        Gauge("hub_tasks", "Tasks of this process's event loop.", registry=add).set_function(_tasks)
        # Looking up labels is dear: each is looked up once.
        self._of_lane = cache(self._lane)
        self._answers, self._attempts = cache(self.answers.labels), cache(self.attempts.labels)
        self._under_way = cache(self.under_way.labels)

    def began(self, lane: str) -> None:
        self._under_way(lane).inc()

    def ended(self, closing: Closing, *, lane: str) -> None:
        tier, tally = closing.tier, closing.tally
        found = self._of_lane(tier, lane)
        self._under_way(lane).dec()
        self._answers(tier, lane, closing.outcome.value).inc()
        found.prompt.inc(tally.prompt_tokens)
        found.completion.inc(tally.completion_tokens)
        if tally.first_token_ms is not None:
            found.first.observe(tally.first_token_ms / THOUSAND)
        if tally.total_ms is not None:
            found.total.observe(tally.total_ms / THOUSAND)
        for one in closing.attempts:
            self._attempts(one.tier or tier, one.outcome.value).inc()
            self._of_lane(one.tier or tier, lane).queue.observe(one.queue_ms / THOUSAND)

    def _lane(self, tier: str, lane: str) -> "_Lane":
        by = (tier, lane)
        return _Lane(
            self.tokens.labels(*by, "prompt"),
            self.tokens.labels(*by, "completion"),
            self.first.labels(*by),
            self.total.labels(*by),
            self.queue.labels(*by),
        )


def _tasks() -> int:
    """0 where no loop runs."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


@dataclass(frozen=True)
class _Lane:
    prompt: Counter
    completion: Counter
    first: Histogram
    total: Histogram
    queue: Histogram
