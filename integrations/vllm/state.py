"""What a model server says of itself: `/health` and the gauges of `/metrics` that routing needs."""

from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from integrations.vllm.errors import Fault, UpstreamFault

OK = 200
# The same fact under the names of vLLM (>= 0.10) and of the llama.cpp server that plays it on one machine.
RUNNING = frozenset({"vllm:num_requests_running", "llamacpp:requests_processing"})
WAITING = frozenset({"vllm:num_requests_waiting", "llamacpp:requests_deferred"})
KV_USE = frozenset({"vllm:kv_cache_usage_perc", "llamacpp:kv_cache_usage_ratio"})
GENERATED = frozenset({"vllm:generation_tokens_total", "llamacpp:tokens_predicted_total"})


@dataclass(frozen=True)
class ServerState:
    """None where the server does not tell. `kv_use` is 0 to 1, `generated` a counter of tokens."""

    running: int | None
    waiting: int | None
    kv_use: float | None
    generated: float | None


async def read_state(http: aiohttp.ClientSession, url: str, *, timeout_seconds: float) -> ServerState:
    """State of the server whose OpenAI base URL is `url`.

    Raises:
        UpstreamFault: it is not there, not healthy, or too slow to say so.
    """
    root = url.removesuffix("/v1")
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    try:
        async with http.get(f"{root}/health", timeout=timeout) as health:
            if health.status != OK:
                raise UpstreamFault(Fault.STATUS, "health", status=health.status)
        async with http.get(f"{root}/metrics", timeout=timeout) as metrics:
            text = await metrics.text() if metrics.status == OK else ""
    except TimeoutError as slow:
        raise UpstreamFault(Fault.SLOW, "health") from slow
    except aiohttp.ClientError as gone:
        raise UpstreamFault(Fault.REFUSED, type(gone).__name__) from gone
    return parse_metrics(text)


def parse_metrics(text: str) -> ServerState:
    """Sum each gauge over the server's engines."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    running, waiting = _pick(sums, RUNNING), _pick(sums, WAITING)
    return ServerState(
        running=None if running is None else int(running),
        waiting=None if waiting is None else int(waiting),
        kv_use=_pick(sums, KV_USE),
        generated=_pick(sums, GENERATED),
    )


def _pick(sums: dict[str, float], names: frozenset[str]) -> float | None:
    return next((sums[name] for name in names if name in sums), None)
