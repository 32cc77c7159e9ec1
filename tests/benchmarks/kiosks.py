"""200 people at as many kiosks, one after another, on a machine with two cores: `make bench-kiosks`.

Everything is real but the people and the model: PostgreSQL with fsync, the hub as `hospital-hub serve` starts it,
pages over HTTP with their streams and beats, a nurse's board that listens. People take a few seconds to answer.
Prints errors, times by kind of request, what the model was asked and the hub's memory; ends with 1 on any error.
"""

import argparse
import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np
import psutil

from hospital_hub.identity.guard import COOKIE
from hospital_hub.identity.logins import begin
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import open_resources
from hospital_hub.storage.clock import utc_now
from tests.benchmarks.gateway.parts import Hub, database, hub
from tests.fakes.breakable import Breakable, serving

COMPLAINTS = (
    "膝盖疼了三天",
    "咳嗽一周",
    "肚子有点疼",
    "My back hurts",
    "I have had a cough since Monday",
    "胸口疼，喘不上气",
)
ASKED = {
    "onset": ("是从什么时候开始的？", "When did it begin?"),
    "severity": ("现在有多难受？", "How bad is it now?"),
    "course": ("和刚开始比有什么变化？", "How has it changed since it began?"),
    "history": ("以前得过什么病吗？", "Which illnesses have you had before?"),
    "medicines": ("最近在吃什么药吗？", "Are you taking any medicines?"),
    "allergies": ("对什么东西过敏吗？", "Are you allergic to anything?"),
}
ANSWER = re.compile(r'action="([^"]*/answers/\d+)"')
TAPPED = re.compile(r'name="tapped" value="([^"]*)"')
BEAT = 15.0
MOST_FAILURES = 5


def model(question: str) -> str:
    """A fit question about the first topic that is still needed."""
    chinese = "还需" in question
    topic = next((name for name in ASKED if re.search(rf"\b{name}", question)), "course")
    values = {
        "topic": topic,
        "kind": "text",
        "question": ASKED[topic][0 if chinese else 1],
        "options": [],
        "still_needed": [],
        "enough": False,
    }
    return json.dumps(values, ensure_ascii=False)


@dataclass
class Load:
    """What the people saw. `seconds` by kind of request, until its last byte."""

    origin: str
    until: float
    pause: tuple[float, float]
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: Counter[str] = field(default_factory=Counter)
    finished: Counter[str] = field(default_factory=Counter)


@dataclass
class Person:
    load: Load
    http: aiohttp.ClientSession
    dice: random.Random

    async def ask(self, kind: str, path: str, data: dict[str, str] | None = None) -> tuple[str, str]:
        """The page and where it stands, after redirections."""
        began = time.perf_counter()
        method = "GET" if data is None else "POST"
        headers = {"Origin": self.load.origin, "Accept": "text/html"}
        async with self.http.request(method, self.load.origin + path, data=data, headers=headers) as answer:
            text = await answer.text()
        self.load.seconds[kind].append(time.perf_counter() - began)
        if answer.status >= 400:
            self.load.wrong[f"{kind}: HTTP {answer.status}"] += 1
        return text, answer.url.path

    async def think(self) -> None:
        await asyncio.sleep(self.dice.uniform(*self.load.pause))

    async def visit(self) -> str:
        """A whole interview; how it ended."""
        await self.ask("first page", "/kiosk")
        await self.ask("complaint page", "/kiosk/question")
        await self.think()
        ai = self.dice.choice(("yes", "yes", "no"))
        text, place = await self.ask("complaint", "/kiosk/cases", {"complaint": self.dice.choice(COMPLAINTS), "ai": ai})
        case = "/".join(place.split("/")[:4])
        while True:
            if found := ANSWER.search(text):
                await self.think()
                options = TAPPED.findall(text)
                # Nearly always the second, which is "no" where a danger is asked for: most visits go to their end.
                tapped = options[1 if self.dice.random() < 0.95 else 0] if len(options) > 1 else ""
                data = {"tapped": tapped} if tapped else {"words": "没有"}
                text, place = await self.ask("answer", found.group(1), data)
            elif "hx-sse:connect" in text and "/events" in text:
                stream, _ = await self.ask("next question", f"{case}/events")
                if "event: done" not in stream:
                    self.load.wrong["stream without its end"] += 1
                text, place = await self.ask("question page", case)
            else:
                break
        await self.think()
        await self.ask("leave", "/kiosk/leave", {})
        return "ticket" if place.endswith("/ticket") else "hand-over"

    async def beats(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            await self.ask("beat", "/kiosk/alive", {})


async def kiosk(load: Load, number: int) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as http:
        person = Person(load, http, random.Random(number))  # noqa: S311 - a load that can be repeated
        await asyncio.sleep(person.dice.uniform(0, load.pause[1]))  # nobody presses at the same moment
        while time.perf_counter() < load.until:
            beating = asyncio.create_task(person.beats())
            try:
                load.finished[await person.visit()] += 1
            except (aiohttp.ClientError, TimeoutError) as failure:
                load.wrong[type(failure).__name__] += 1
            finally:
                beating.cancel()


async def board(load: Load, cookies: str, events: Counter[str]) -> None:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http,
        http.get(f"{load.origin}/board/events", headers={"Cookie": cookies}, allow_redirects=False) as answer,
    ):
        if answer.status != 200:
            load.wrong[f"board: HTTP {answer.status}"] += 1
        async for line in answer.content:
            events["updates"] += line.strip() == b""  # an empty line ends an event


async def nurse(mine: Hub) -> str:
    who = Principal(id="bench-nurse", role=Role.NURSE, display_name="Nurse")
    async with open_resources(mine.settings) as resources, resources.database.work() as session:
        token, _ = await begin(session, vault=resources.vault, who=who, now=utc_now())
    return f"{COOKIE}={token}"


def report(load: Load, *, events: Counter[str], asked: int, megabytes: float) -> None:
    say = sys.stdout.write
    say(f"interviews: {dict(load.finished)}; errors: {dict(load.wrong) or 'none'}\n")
    for kind, seconds in load.seconds.items():
        p50, p95, p99 = np.quantile(np.array(seconds) * 1000, [0.5, 0.95, 0.99])
        say(f"  {kind:<15} {len(seconds):>6}  p50 {p50:7.1f}  p95 {p95:7.1f}  p99 {p99:7.1f} ms\n")
    say(f"the model was asked {asked} times; the board heard {dict(events)}; the hub holds {megabytes:.0f} MB\n")


async def main(asked: argparse.Namespace) -> int:
    server = Breakable(ttft=0.5, gap=0.02, answer=model)
    with tempfile.TemporaryDirectory(prefix="hub-kiosks-") as name:
        folder = Path(name)
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 - the database's account passes through
        async with serving(server), database(folder) as url:
            upstream = server.url.removesuffix("/v1")
            async with hub(folder, database_url=url, upstream_url=upstream) as mine:
                origin = mine.settings.public_url
                load = Load(origin, time.perf_counter() + asked.seconds, (asked.least, asked.most))
                events: Counter[str] = Counter()
                watching = asyncio.create_task(board(load, await nurse(mine), events))
                await asyncio.gather(*(kiosk(load, number) for number in range(asked.kiosks)))
                watching.cancel()
                memory = psutil.Process(mine.process.pid).memory_full_info().uss / 1e6
        failures = [line for line in (folder / "hub.log").read_text().splitlines() if '"level":"error"' in line]
    report(load, events=events, asked=server.asked, megabytes=memory)
    sys.stdout.writelines(f"{line}\n" for line in failures[:MOST_FAILURES])
    return 1 if load.wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kiosks", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--least", type=float, default=2.0, help="shortest time for an answer, seconds")
    parser.add_argument("--most", type=float, default=8.0, help="longest time for an answer, seconds")
    sys.exit(asyncio.run(main(parser.parse_args())))
