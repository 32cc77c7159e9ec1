"""What a model server says of itself: `/health`, the gauges of `/metrics` that routing needs, `/v1/models`."""

from dataclasses import dataclass, replace

import aiohttp
import orjson
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
    """None where the server does not tell. `kv_use` is 0 to 1, `generated` a counter of tokens, thinking included.

    `models` are the served names.
    """

    running: int | None
    waiting: int | None
    kv_use: float | None
    generated: float | None
    models: frozenset[str] | None = None


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
        async with http.get(f"{root}/v1/models", timeout=timeout) as listed:
            models = parse_models(await listed.read()) if listed.status == OK else None
    except TimeoutError as slow:
        raise UpstreamFault(Fault.SLOW, "health") from slow
    except aiohttp.ClientError as gone:
        raise UpstreamFault(Fault.REFUSED, type(gone).__name__) from gone
    return replace(parse_metrics(text), models=models)


def parse_models(body: bytes) -> frozenset[str] | None:
    try:
        return frozenset(str(model["id"]) for model in orjson.loads(body)["data"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


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
