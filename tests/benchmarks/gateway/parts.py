"""The processes of the comparison: PostgreSQL and the upstream on the client's core, each gateway on the other."""

import asyncio
import base64
import os
import re
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from hospital_hub.embedded.postgres import embedded_postgres
from hospital_hub.embedded.process import Child, Program
from hospital_hub.identity.accounts import TERMINAL
from hospital_hub.identity.keys import Limits, NewKey, create_key
from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.schema import upgrade

ROOT = Path(__file__).resolve().parents[3]
GATEWAYS_CORE, CLIENTS_CORE = "0", "1"
READY_WITHIN = 90.0
PEER_KEY = "sk-bench-0123456789abcdef"


@dataclass(frozen=True)
class Hub:
    """`base` ends in /v1."""

    base: str
    key: str
    settings: Settings
    process: asyncio.subprocess.Process


@dataclass(frozen=True)
class Peers:
    """What is installed in the peers' own environment; an empty folder has none."""

    folder: Path

    def program(self, name: str) -> str | None:
        return shutil.which(name, path=str(self.folder / "bin"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def process(
    *argv: str, core: str, log: Path, env: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child pinned to a core, ended with the block."""
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            "taskset", "-c", core, *argv, stdout=output, stderr=output, env={"PATH": os.defpath, **(env or {})}
        )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), 20)
            except TimeoutError:
                child.kill()
                await child.wait()


async def answers(url: str, log: Path, *, headers: Mapping[str, str] | None = None) -> None:
    """Wait until something answers with 200 at this address."""
    async with aiohttp.ClientSession() as http:
        for _ in range(int(READY_WITHIN * 10)):
            try:
                async with http.get(url, headers=headers, timeout=aiohttp.ClientTimeout(total=5)) as found:
                    if found.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.1)
    raise RuntimeError(f"{url} does not answer: see {log}")


@asynccontextmanager
async def upstream(bench: Path, folder: Path, *options: str) -> AsyncIterator[str]:
    port = free_port()
    argv = (sys.executable, str(bench / "mock_upstream.py"), "--port", str(port), *options)
    async with process(*argv, core=CLIENTS_CORE, log=folder / "upstream.log"):
        await answers(f"http://127.0.0.1:{port}/health", folder / "upstream.log")
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[str]:
    """PostgreSQL as the demonstration runs it: durable, fsync on."""
    server = embedded_postgres(folder / "postgres", sockets=folder / "sockets")
    part = server.part()
    server.prepare()
    pinned = (shutil.which("taskset") or "taskset", "-c", CLIENTS_CORE, *part.program.argv)
    program = Program(argv=pinned, env={}, account=server.account)
    child = await Child.start(program, folder / "postgres.log")
    try:
        while not await part.ready.holds(child.log):
            if child.code is not None:
                raise RuntimeError(child.log.last_lines())
            await asyncio.sleep(0.05)
        upgrade(server.url())
        yield server.url()
    finally:
        await child.stop()


def models_file(folder: Path, *, upstream_url: str) -> Path:
    """The hub's own models.toml with every replica at the upstream, and room for all connections at once."""
    text = (ROOT / "deploy" / "models.toml").read_text(encoding="utf-8")
    text = re.sub(r'url = "[^"]+"', f'url = "{upstream_url}/v1"', text)
    text = re.sub(r"max_inflight = \d+", "max_inflight = 1024", text)
    path = folder / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


@asynccontextmanager
async def hub(folder: Path, *, database_url: str, upstream_url: str) -> AsyncIterator[Hub]:
    """One worker, everything on: the key has all three limits."""
    secret = folder / "master.key"
    secret.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    port = free_port()
    settings = Settings(
        _env_file=None,
        data_dir=folder,
        database_url=database_url,
        redis_url="redis://127.0.0.1:1/0",
        models_file=models_file(folder, upstream_url=upstream_url),
        public_url=f"http://127.0.0.1:{port}",
        secret_key_file=secret,
        log_format="json",
    )
    limits = Limits(10_000_000, 1_000_000_000, 1_000_000_000_000)
    async with open_resources(settings) as resources, resources.database.work() as session:
        wanted = NewKey("bench", "Bench", limits=limits)
        key = await create_key(session, TERMINAL, vault=resources.vault, wanted=wanted, now=utc_now())
    env = {
        "PYTHONPATH": str(ROOT),
        **{
            f"HUB_{name.upper()}": str(value)
            for name, value in settings.model_dump(mode="json", exclude_none=True).items()
            if value != ""
        },
    }
    argv = (sys.executable, "-m", "hospital_hub.cli", "serve", "--port", str(port))
    async with process(*argv, core=GATEWAYS_CORE, log=folder / "hub.log", env=env) as child:
        base = f"http://127.0.0.1:{port}/v1"
        await answers(f"http://127.0.0.1:{port}/readyz", folder / "hub.log")
        yield Hub(base, key, settings, child)


@asynccontextmanager
async def litellm(peers: Peers, folder: Path, *, bench: Path, upstream_url: str) -> AsyncIterator[str | None]:
    program = peers.program("litellm")
    if program is None:
        yield None
        return
    config = folder / "litellm.yaml"
    config.write_text((bench / "litellm.yaml").read_text().replace("http://127.0.0.1:9100", upstream_url))
    port = free_port()
    argv = (program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1")
    env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "HOME": str(folder)}
    env["PATH"] = f"{peers.folder / 'bin'}:{os.defpath}"
    async with process(*argv, core=GATEWAYS_CORE, log=folder / "litellm.log", env=env):
        headers = {"Authorization": f"Bearer {PEER_KEY}"}
        await answers(f"http://127.0.0.1:{port}/v1/models", folder / "litellm.log", headers=headers)
        yield f"http://127.0.0.1:{port}/v1"


@asynccontextmanager
async def vllm_router(peers: Peers, folder: Path, *, upstream_url: str) -> AsyncIterator[str | None]:
    program = peers.program("vllm-router")
    if program is None:
        yield None
        return
    port = free_port()
    argv = (program, "--worker-urls", upstream_url, "--host", "127.0.0.1", "--port", str(port))
    argv += ("--policy", "round_robin", "--prometheus-port", str(free_port()))
    async with process(*argv, core=GATEWAYS_CORE, log=folder / "router.log", env={"HOME": str(folder)}):
        await answers(f"http://127.0.0.1:{port}/health", folder / "router.log")
        yield f"http://127.0.0.1:{port}/v1"


@asynccontextmanager
async def everything(bench: Path, peers: Peers, *options: str) -> AsyncIterator[tuple[Path, str, Hub, dict[str, str]]]:
    """Folder, upstream, hub, and the peers that are installed by name."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-gateway-")))
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 - the database's account passes through
        up = await stack.enter_async_context(upstream(bench, folder, *options))
        url = await stack.enter_async_context(database(folder))
        mine = await stack.enter_async_context(hub(folder, database_url=url, upstream_url=up))
        found = {
            "litellm": await stack.enter_async_context(litellm(peers, folder, bench=bench, upstream_url=up)),
            "vllm-router": await stack.enter_async_context(vllm_router(peers, folder, upstream_url=up)),
        }
        yield folder, up, mine, {name: base for name, base in found.items() if base}
