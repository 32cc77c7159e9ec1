"""A hub process's side of the shared gate: the same questions as to a gate of its own, over one connection.

What it holds is claimed again when the gate was restarted. While no gate answers, new work is refused within a
moment, not guessed at; answers under way go on.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from hospital_hub.errors import Unavailable, WrongSetup
from hospital_hub.inference import gate_wire as wire
from hospital_hub.inference.admission import Full, Grant, Want
from hospital_hub.inference.picture import Look, seen
from hospital_hub.inference.servers import Pulse, Verdict
from hospital_hub.registry import Registry, ReplicaEntry
from routing import Fleet, Lane, Replica

MOMENT_SECONDS: Final = 1.5
AGAIN_SECONDS: Final = 0.1
BEAT_SECONDS: Final = 1.0
NOBODY: Final = Full("no_gate", 2)
log = structlog.get_logger()


@dataclass
class Mirror:
    """The gate's picture as it was last shown; `at` by this loop's clock."""

    registry: Registry
    shown: wire.Message = field(default_factory=dict)
    at: float = 0.0

    @property
    def polled_at(self) -> float | None:
        polled = self.shown.get("polled")
        return None if polled is None else self.at - float(polled)

    def snapshot(self, now: float, *, patient: bool = False, idle: bool = False) -> Fleet:
        """See Picture."""
        replicas = self.shown.get("replicas", {})

        def of(label: str, replica: ReplicaEntry) -> Replica:
            told = replicas.get(label, {}).get(replica.name)
            return wire.replica_of(told, older=now - self.at) if told else Replica(replica.name, healthy=False)

        return seen(self.registry, of, look=Look(patient=patient, idle=idle))


@dataclass
class GateClient:
    """Open it with `run` as a task; one for a hub process."""

    address: str
    token: str = field(repr=False)
    registry: Registry
    _line: "_Line | None" = None
    _up: asyncio.Event = field(default_factory=asyncio.Event)
    _number: int = 0
    _held: dict[int, Grant] = field(default_factory=dict)
    _asked: "dict[int, asyncio.Future[Grant | Full]]" = field(default_factory=dict)
    _reloading: dict[int, asyncio.Future[str]] = field(default_factory=dict)
    _pulses: dict[str, Pulse] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fleet = Mirror(self.registry)

    async def run(self) -> None:
        """Keep the connection, for ever; say once a second which servers were heard."""
        while True:
            line = await self._connect()
            if line is None:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            while not line.ended.is_set():
                line.send({"heard": self._heard()})
                try:
                    async with asyncio.timeout(BEAT_SECONDS):
                        await line.ended.wait()
                except TimeoutError:
                    continue
            self._lost()
            await asyncio.sleep(AGAIN_SECONDS)  # a gate that hangs up at once is not called without a pause

    async def enter(self, want: Want) -> Grant | Full:
        for _ in range(2):  # once more when the gate was restarted meanwhile
            if not await self._there():
                return NOBODY
            found = await self._ask(want)
            if found is not NOBODY:
                return found
        return NOBODY

    def leave(self, grant: Grant, verdict: Verdict, *, rest: float | None = None) -> None:
        self._held.pop(grant.number, None)
        self._say({"leave": grant.number, "verdict": verdict.value, "rest": rest})

    def spoke(self, grant: Grant) -> None:
        if grant.probe:
            self._say({"spoke": grant.number})

    def worth_waiting(self, lane: Lane) -> bool:
        return lane.value in self.fleet.shown.get("worth_waiting", ())

    def waiting(self) -> Mapping[Lane, int]:
        return {Lane(lane): waiting for lane, waiting in self.fleet.shown.get("waiting", {}).items()}

    def rows(self) -> Sequence[Mapping[str, object]]:
        found: Sequence[Mapping[str, object]] = self.fleet.shown.get("rows", ())
        return found

    async def reload(self) -> None:
        if not await self._there():
            raise Unavailable("The gate does not answer.", "Start it: `hospital-hub gate`.", code="no_gate")
        self._number += 1
        told = self._reloading[self._number] = asyncio.get_running_loop().create_future()
        self._say({"reload": self._number})
        if wrong := await told:
            raise WrongSetup(wrong)

    def on_message(self, message: wire.Message) -> None:
        if "granted" in message:
            self._granted(int(message["granted"]), message["grant"])
        elif "full" in message:
            self._settle(int(message["full"]), Full(message["code"], int(message["retry_after"])))
        elif "picture" in message:
            self.fleet.shown, self.fleet.at = message["picture"], asyncio.get_running_loop().time()
            self._up.set()
        elif "registry" in message:
            self.fleet.registry = Registry.model_validate(message["registry"])
        elif "reloaded" in message:
            told = self._reloading.pop(int(message["reloaded"]), None)
            if told is not None and not told.done():
                told.set_result(str(message["wrong"]))

    async def _connect(self) -> "_Line | None":
        loop = asyncio.get_running_loop()
        kind, host, port = wire.address_of(self.address)
        try:
            if kind == "tcp":
                _, line = await loop.create_connection(lambda: _Line(self), host, port)
            else:
                _, line = await loop.create_unix_connection(lambda: _Line(self), host)
        except OSError:
            return None
        line.send({"hello": self.token})
        for number, grant in self._held.items():
            line.send({"claim": number, "grant": wire.grant_json(grant)})
        self._line = line
        log.info("gate_reached", held=len(self._held))
        return line

    def _lost(self) -> None:
        self._line = None
        self._up.clear()
        log.warning("gate_lost", held=len(self._held))
        for number in tuple(self._asked):
            self._settle(number, NOBODY)
        for told in self._reloading.values():
            if not told.done():
                told.set_result("The gate went away while it read models.toml again.")
        self._reloading.clear()

    async def _there(self) -> bool:
        if self._up.is_set():
            return True
        try:
            async with asyncio.timeout(MOMENT_SECONDS):
                return await self._up.wait()
        except TimeoutError:
            return False

    async def _ask(self, want: Want) -> Grant | Full:
        self._number += 1
        number = self._number
        place: asyncio.Future[Grant | Full] = asyncio.get_running_loop().create_future()
        self._asked[number] = place
        self._say({"enter": number, "want": wire.want_json(want)})
        try:
            return await place
        except asyncio.CancelledError:
            self._asked.pop(number, None)
            self._held.pop(number, None)
            self._say({"give_up": number})
            raise

    def _granted(self, number: int, told: wire.Message) -> None:
        pulse = self._pulses.setdefault(str(told["url"]), Pulse())
        grant = wire.grant_of(told, number=number, at=asyncio.get_running_loop().time(), pulse=pulse)
        if number in self._asked:
            self._held[number] = grant
            self._settle(number, grant)
        else:
            self._say({"leave": number, "verdict": Verdict.NEITHER.value, "rest": None})

    def _settle(self, number: int, found: Grant | Full) -> None:
        place = self._asked.pop(number, None)
        if place is not None and not place.done():
            place.set_result(found)

    def _say(self, message: wire.Message) -> None:
        if self._line is not None:
            self._line.send(message)

    def _heard(self) -> dict[str, int]:
        heard = {url: pulse.heard for url, pulse in self._pulses.items() if pulse.heard}
        for url in heard:
            self._pulses[url].heard = 0
        return heard


class _Line(wire.Framed):
    def __init__(self, client: GateClient) -> None:
        super().__init__()
        self._client = client
        self.ended = asyncio.Event()

    def on_message(self, message: wire.Message) -> None:
        self._client.on_message(message)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own
        self.ended.set()
