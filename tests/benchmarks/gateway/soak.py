"""Memory, tasks and sockets of one hub process over many answers, some of them left in the middle.

The slope is that of a straight line through the samples after the first third, in MB per 100,000 requests.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from hospital_hub.identity.guard import metrics_token
from hospital_hub.storage.vault import Vault
from tests.benchmarks.gateway.parts import Hub, Peers, everything
from tests.benchmarks.gateway.side_by_side import BENCH, NO_BENCH

AT_ONCE = 32
MB = 1 << 20
PER = 100_000
MOST_MB = 1.0
SETTLED_SECONDS = 5.0


@dataclass(frozen=True)
class Sample:
    requests: int
    memory: float
    tasks: int
    sockets: int


async def sample(http: aiohttp.ClientSession, hub: Hub, *, requests: int) -> Sample:
    process = psutil.Process(hub.process.pid)
    token = metrics_token(Vault(hub.settings.master_key()))
    url = hub.base.removesuffix("/v1") + "/metrics"
    async with http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
        lines = (await answer.text()).splitlines()
    tasks = next(int(float(line.split()[1])) for line in lines if line.startswith("hub_tasks "))
    return Sample(requests, process.memory_info().rss / MB, tasks, len(process.net_connections(kind="tcp")))


async def ask(http: aiohttp.ClientSession, hub: Hub, *, number: int) -> None:
    """Every second one is streamed, every eighth is left after its first piece."""
    body = {
        "model": "hub-auto",
        "stream": number % 2 == 0,
        "max_tokens": 32,
        "messages": [{"role": "user", "content": f"[{number}] 患者咳嗽三天。Summarise in one line."}],
    }
    headers = {"Authorization": f"Bearer {hub.key}"}
    async with http.post(f"{hub.base}/chat/completions", json=body, headers=headers) as answer:
        answer.raise_for_status()
        if number % 8 == 0:
            await answer.content.readany()
            answer.close()
        else:
            await answer.read()


async def load(http: aiohttp.ClientSession, hub: Hub, numbers: Iterator[int]) -> None:
    async def worker() -> None:
        for number in numbers:
            await ask(http, hub, number=number)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


async def main(asked: argparse.Namespace) -> int:
    if not (asked.bench / "mock_upstream.py").is_file():
        sys.stdout.write(f"skipped: {asked.bench} is not there (give its place by --bench)\n")
        return NO_BENCH
    step = asked.requests // asked.samples
    async with everything(asked.bench, Peers(Path("/nowhere"))) as (_, _, hub, _), aiohttp.ClientSession() as http:
        await load(http, hub, iter(range(step)))
        await asyncio.sleep(SETTLED_SECONDS)
        base, samples = await sample(http, hub, requests=0), []
        for done in range(1, asked.samples + 1):
            await load(http, hub, iter(range(step)))
            samples.append(await sample(http, hub, requests=done * step))
            sys.stdout.write(f"{samples[-1]}\n")
        await asyncio.sleep(SETTLED_SECONDS)
        end = await sample(http, hub, requests=asked.requests)
    later = samples[len(samples) // 3 :]
    slope = statistics.linear_regression([one.requests for one in later], [one.memory for one in later]).slope * PER
    sys.stdout.write(f"before {base}\nafter  {end}\n{slope:.2f} MB per {PER} requests\n")
    return 0 if slope <= MOST_MB and end.tasks <= base.tasks + 1 and end.sockets <= base.sockets + AT_ONCE else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--requests", type=int, default=60_000)
    parser.add_argument("--samples", type=int, default=12)
    sys.exit(asyncio.run(main(parser.parse_args())))
