"""The gate as a process of its own, for hubs of several processes: each place lives as long as the connection with it.

A hub process that is killed frees its places at once; one that stays silent is taken for dead. After a restart the
gate waits for a moment in which the hub processes claim what they hold, before it gives out anything new.
"""

import asyncio
import fcntl
import hmac
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from hospital_hub.errors import WrongSetup
from hospital_hub.inference import gate_wire as wire
from hospital_hub.inference.admission import Full, Grant, Want
from hospital_hub.inference.gate import LocalGate
from hospital_hub.inference.servers import Pulse, Verdict
from routing import Lane

CLAIM_SECONDS: Final = 0.5
SHOW_SECONDS: Final = 0.1
SILENT_SECONDS: Final = 5.0
log = structlog.get_logger()


@asynccontextmanager
async def gate_served(gate: LocalGate, *, address: str, token: str) -> AsyncIterator[None]:
    """Serve this gate at `unix:/path` or `tcp://host:port`.

    Raises:
        WrongSetup: the address cannot be had.
    """
    loop = asyncio.get_running_loop()
    broker = Broker(gate, token, open_at=loop.time() + CLAIM_SECONDS)
    with ExitStack() as while_open:
        listener = _listener(address, while_open)
        create = loop.create_unix_server if listener.family == socket.AF_UNIX else loop.create_server
        server = await create(lambda: _Hub(broker), sock=listener)
        watching = asyncio.create_task(broker.watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            server.close()
            broker.hang_up()
            await server.wait_closed()


@dataclass
class Broker:
    """`open_at` by the loop's clock: until then places are claimed, not given out."""

    gate: LocalGate
    token: str
    open_at: float
    hubs: "set[_Hub]" = field(default_factory=set)

    def picture(self) -> wire.Message:
        fleet, now = self.gate.fleet, asyncio.get_running_loop().time()
        return {
            "polled": None if fleet.polled_at is None else now - fleet.polled_at,
            "replicas": {
                label: {one.name: wire.replica_json(fleet.replica(label, one, now=now)) for one in entry.replicas}
                for label, entry in fleet.registry.tiers.items()
            },
            "rows": self.gate.rows(),
            "waiting": {lane.value: waiting for lane, waiting in self.gate.waiting().items()},
            "worth_waiting": [lane.value for lane in Lane if self.gate.worth_waiting(lane)],
        }

    def registry(self) -> wire.Message:
        return self.gate.fleet.registry.model_dump(mode="json")

    async def watch(self) -> None:
        """Show all hub processes how the fleet is, and hang up on who is silent."""
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(SHOW_SECONDS)
            picture = self.picture() if self.hubs else {}
            for hub in tuple(self.hubs):
                if now() - hub.heard_at > SILENT_SECONDS:
                    hub.hang_up()
                hub.send({"picture": picture})

    def hang_up(self) -> None:
        for hub in tuple(self.hubs):
            hub.hang_up()


class _Hub(wire.Framed):
    """The connection of one hub process, with the places that it holds and what it waits for, by its own numbers."""

    def __init__(self, broker: Broker) -> None:
        super().__init__()
        self._broker = broker
        self._gate = broker.gate
        self._known = False
        self._held: dict[int, Grant] = {}
        self._waiting: dict[int, asyncio.Task[None]] = {}
        self.heard_at = _now()

    def on_message(self, message: wire.Message) -> None:
        self.heard_at = _now()
        if not self._known:
            self._greet(str(message["hello"]))
        elif "enter" in message:
            self._enter(int(message["enter"]), wire.want_of(message["want"]))
        elif "leave" in message:
            self._leave(int(message["leave"]), Verdict(message["verdict"]), rest=message["rest"])
        elif "give_up" in message:
            self._give_up(int(message["give_up"]))
        else:
            self._on_rare(message)

    def connection_lost(self, exc: Exception | None) -> None:
        self._broker.hubs.discard(self)
        for task in self._waiting.values():
            task.cancel()
        for grant in self._held.values():
            self._gate.leave(grant, Verdict.NEITHER)
        self._held.clear()
        if self._known:
            log.info("hub_process_gone", broken=exc is not None)

    def _greet(self, token: str) -> None:
        if not hmac.compare_digest(token.encode(), self._broker.token.encode()):
            self.hang_up()
            return
        self._known = True
        self._broker.hubs.add(self)
        self.send({"registry": self._broker.registry()})
        self.send({"picture": self._broker.picture()})

    def _on_rare(self, message: wire.Message) -> None:
        if "claim" in message:
            number = int(message["claim"])
            grant = wire.grant_of(message["grant"], number=number, at=_now(), pulse=Pulse())
            self._held[number] = grant
            self._gate.claim(grant)
        elif "spoke" in message and message["spoke"] in self._held:
            self._gate.spoke(self._held[message["spoke"]])
        elif "heard" in message:
            for url, chunks in message["heard"].items():
                self._gate.fleet.server(url).pulse.heard += int(chunks)
        elif "reload" in message:
            self._start(int(message["reload"]), self._reload(int(message["reload"])))

    def _enter(self, number: int, want: Want) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if _now() < self._broker.open_at:
            asyncio.get_running_loop().call_at(self._broker.open_at, self._enter, number, want)
            return
        found = self._gate.take(want)
        if found is None:
            self._start(number, self._wait(number, want))
        else:
            self._tell(number, found)

    async def _wait(self, number: int, want: Want) -> None:
        found = await self._gate.wait(want)
        self._tell(number, found)

    def _tell(self, number: int, found: Grant | Full) -> None:
        if isinstance(found, Full):
            self.send({"full": number, **wire.full_json(found)})
        elif self.transport is None or self.transport.is_closing():
            self._gate.leave(found, Verdict.NEITHER)
        else:
            self._held[number] = found
            self.send({"granted": number, "grant": wire.grant_json(found)})

    def _leave(self, number: int, verdict: Verdict, *, rest: float | None) -> None:
        grant = self._held.pop(number, None)
        if grant is not None:
            self._gate.leave(grant, verdict, rest=rest)

    def _give_up(self, number: int) -> None:
        """The caller left while it waited; its place may be on the way to it."""
        task = self._waiting.get(number)
        if task is not None:
            task.cancel()
        self._leave(number, Verdict.NEITHER, rest=None)

    async def _reload(self, number: int) -> None:
        wrong = ""
        try:
            await self._gate.reload()
        except WrongSetup as error:
            wrong = str(error)
        for hub in tuple(self._broker.hubs):
            hub.send({"registry": self._broker.registry()})
        self.send({"reloaded": number, "wrong": wrong})

    def _start(self, number: int, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._waiting[number] = task
        task.add_done_callback(lambda _: self._waiting.pop(number, None))


def _listener(address: str, while_open: ExitStack) -> socket.socket:
    kind, host, port = wire.address_of(address)
    try:
        if kind == "tcp":
            return socket.create_server((host, port))
        _alone(Path(host), while_open)
        return _own_socket(Path(host))
    except OSError as taken:
        raise WrongSetup(f"HUB_GATE={address} cannot be listened at: {taken.strerror}") from taken


def _alone(path: Path, while_open: ExitStack) -> None:
    """Nobody else's gate is behind this socket: the lock beside it lasts as long as this process has it open."""
    lock = while_open.enter_context(path.with_name(f"{path.name}.lock").open("w"))
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _own_socket(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    return listener


def _now() -> float:
    return asyncio.get_running_loop().time()
