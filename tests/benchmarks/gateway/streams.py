"""500 streams at once through the hub, each compared with the upstream's own answer, and the ledger with its counts."""

import argparse
import asyncio
import sys
from pathlib import Path

import aiohttp
import orjson
import psycopg

from tests.benchmarks.gateway.parts import Hub, Peers, everything
from tests.benchmarks.gateway.side_by_side import BENCH, NO_BENCH

WITHIN = 120.0
LEDGER = "SELECT count(*), coalesce(sum(completion_tokens), 0), count(*) FILTER (WHERE outcome = 'ANSWERED')"


async def one(http: aiohttp.ClientSession, hub: Hub, *, number: int, tokens: int) -> str:
    body = {
        "model": "hub-auto",
        "stream": True,
        "max_tokens": tokens,
        "messages": [{"role": "user", "content": f"[{number}] Summarise the admission of today."}],
    }
    headers = {"Authorization": f"Bearer {hub.key}"}
    said = []
    async with http.post(f"{hub.base}/chat/completions", json=body, headers=headers) as answer:
        if answer.status != 200:
            raise RuntimeError(f"HTTP {answer.status}")
        whole = await answer.read()
    for line in whole.split(b"\n"):
        if line.startswith(b"data: {"):
            event = orjson.loads(line[6:])
            if "error" in event:
                raise RuntimeError(event["error"]["code"])
            said += [choice["delta"].get("content") or "" for choice in event["choices"]]
    if not whole.endswith(b"data: [DONE]\n\n"):
        raise RuntimeError("it ended without [DONE]")
    return "".join(said)


async def main(asked: argparse.Namespace) -> int:
    if not (asked.bench / "mock_upstream.py").is_file():
        sys.stdout.write(f"skipped: {asked.bench} is not there (give its place by --bench)\n")
        return NO_BENCH
    options = ("--ttft", "200", "--gap", "20", "--tokens", "50")
    expected = "".join(f"w{number} " for number in range(50))
    async with everything(asked.bench, Peers(Path("/nowhere")), *options) as (_, upstream, hub, _):
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=WITHIN)) as http:
            asking = (one(http, hub, number=number, tokens=50) for number in range(asked.streams))
            found = await asyncio.gather(*asking, return_exceptions=True)
            await asyncio.sleep(1.0)  # the ledger closes off the callers' path
            async with http.get(f"{upstream}/_stats") as answer:
                stats = orjson.loads(await answer.read())
        async with await psycopg.AsyncConnection.connect(
            hub.settings.database_url.replace("+psycopg", "")
        ) as connection:
            row = await (await connection.execute(f"{LEDGER} FROM model_attempt".encode())).fetchone()
    whole = sum(said == expected for said in found)
    wrong = {str(said)[:80] for said in found if said != expected}
    sys.stdout.write(f"{whole} of {asked.streams} streams whole; {wrong or 'no errors'}\n")
    sys.stdout.write(
        f"upstream: {stats['chat']} asked, {stats['words']} words; ledger: attempts, tokens, answered {row}\n"
    )
    same = row == (stats["chat"], stats["words"], stats["finished"])
    return 0 if whole == asked.streams and same else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--streams", type=int, default=500)
    sys.exit(asyncio.run(main(parser.parse_args())))
