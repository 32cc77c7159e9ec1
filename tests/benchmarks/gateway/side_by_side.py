"""Measures the hub beside litellm and vllm-router in one run: `python -m tests.benchmarks.gateway.side_by_side`."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from tests.benchmarks.gateway.parts import CLIENTS_CORE, PEER_KEY, ROOT, Hub, Peers, everything

BENCH = ROOT.parent / "shared" / "bench" / "gateway"
PEERS = ROOT / ".venv-gateway-peers"
NO_BENCH = 77


async def compare(bench: Path, targets: list[str], *options: str) -> int:
    argv = ("taskset", "-c", CLIENTS_CORE, sys.executable, str(bench / "compare.py"), *options)
    for target in targets:
        argv += ("--target", target)
    child = await asyncio.create_subprocess_exec(*argv)
    return await child.wait()


def targets_of(upstream: str, hub: Hub, peers: dict[str, str]) -> list[str]:
    keys = {"litellm": f",authorization=Bearer {PEER_KEY}"}
    return [
        f"direct={upstream}/v1",
        f"hub={hub.base},authorization=Bearer {hub.key}",
        *(f"{name}={base}{keys.get(name, '')}" for name, base in peers.items()),
    ]


async def main(asked: argparse.Namespace) -> int:
    if not (asked.bench / "compare.py").is_file():
        sys.stdout.write(f"skipped: {asked.bench} is not there (give its place by --bench)\n")
        return NO_BENCH
    counts = ("--rounds", str(asked.rounds), "--requests", str(asked.requests))
    worst = 0
    async with everything(asked.bench, Peers(asked.peers)) as (_, upstream, hub, peers):
        for mode in ((), ("--stream",)):
            result = Path(asked.json).with_suffix(".stream.json" if mode else ".json")
            code = await compare(asked.bench, targets_of(upstream, hub, peers), *counts, *mode, "--json", str(result))
            worst = max(worst, code)
            if "litellm" in peers:
                sys.stdout.write(verdict(json.loads(result.read_text())) + "\n")
    return worst


def verdict(rows: dict[str, dict[str, list[float]]]) -> str:
    """The hub's ratios to litellm: answers a second, and added median."""

    def median(values: list[float]) -> float:
        return sorted(values)[len(values) // 2]

    def added(name: str) -> float:
        return median([mine - base for mine, base in zip(rows[name]["p50"], rows["direct"]["p50"], strict=True)])

    times = median(rows["hub"]["rps"]) / median(rows["litellm"]["rps"])
    share = added("litellm") / added("hub")
    return f"hub / litellm: {times:.1f} times the answers a second, 1/{share:.1f} of the added p50"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--peers", type=Path, default=PEERS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--json", default="/tmp/gateway.json")  # noqa: S108 - a figure, not a secret
    sys.exit(asyncio.run(main(parser.parse_args())))
