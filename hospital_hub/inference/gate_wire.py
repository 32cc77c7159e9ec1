"""The tiny protocol between hub processes and their gate: a length of four bytes, then JSON. And what passes as values.

The first message proves the hub's key. Unknown messages are dropped, so that versions may differ during a restart.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, cast
from urllib.parse import urlsplit

import orjson

from hospital_hub.errors import WrongSetup
from hospital_hub.inference.admission import Full, Grant, Want
from hospital_hub.inference.servers import Pulse
from routing import Lane, Replica, Tier

LENGTH_BYTES: Final = 4
MOST_BYTES: Final = 4 * 1024 * 1024
SOCKET_PATH_BYTES: Final = 100  # of the 108 that Linux gives a unix socket's address
PURPOSE: Final = "gate"  # of the secret derived from the master key
Message = Mapping[str, Any]


class Framed(asyncio.Protocol, ABC):
    """One connection. Subclasses say what a message does and what its end does."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # the server's loop has a class of its own

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._received[:LENGTH_BYTES])
            if end > MOST_BYTES:
                self.hang_up()
                return
            if len(self._received) < end:
                return
            message = bytes(self._received[LENGTH_BYTES:end])
            del self._received[:end]
            self._read(message)

    def send(self, message: Message) -> None:
        if self.transport is not None and not self.transport.is_closing():
            body = orjson.dumps(message)
            self.transport.write(len(body).to_bytes(LENGTH_BYTES) + body)

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()

    @abstractmethod
    def on_message(self, message: Message) -> None:
        """A broken message may raise KeyError, TypeError or ValueError; the connection is then closed."""

    def _read(self, body: bytes) -> None:
        try:
            self.on_message(orjson.loads(body))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            self.hang_up()


def address_of(text: str) -> tuple[str, str, int]:
    """The kind, host or path, and port of `unix:/path` or `tcp://host:port`.

    Raises:
        WrongSetup: it is neither.
    """
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if path and len(path.encode()) <= SOCKET_PATH_BYTES:
            return "unix", path, 0
        raise WrongSetup(f"HUB_GATE: the socket's path must have 1 to {SOCKET_PATH_BYTES} bytes")
    parts = urlsplit(text)
    if parts.scheme == "tcp" and parts.hostname and parts.port:
        return "tcp", parts.hostname, parts.port
    raise WrongSetup("HUB_GATE must read unix:/path/of/socket or tcp://host:port")


def want_json(want: Want) -> Message:
    return {
        "lane": want.lane.value,
        "tiers": [tier.label for tier in want.tiers],
        "wait": want.wait,
        "patient": want.patient,
        "affinity": want.affinity.hex() if want.affinity else "",
        "tried": list(want.tried),
        "failed": want.failed,
    }


def want_of(message: Message) -> Want:
    return Want(
        lane=Lane(message["lane"]),
        tiers=tuple(Tier.of(label) for label in message["tiers"]),
        wait=float(message["wait"]),
        patient=bool(message["patient"]),
        affinity=bytes.fromhex(message["affinity"]) or None,
        tried=frozenset(message["tried"]),
        failed=str(message["failed"]),
    )


def grant_json(grant: Grant) -> Message:
    return {
        "lane": grant.lane.value,
        "tier": grant.tier,
        "replica": grant.replica,
        "url": grant.url,
        "probe": grant.probe,
        "waited": grant.waited,
    }


def grant_of(message: Message, *, number: int, at: float, pulse: Pulse) -> Grant:
    return Grant(
        number=number,
        lane=Lane(message["lane"]),
        tier=str(message["tier"]),
        replica=str(message["replica"]),
        url=str(message["url"]),
        probe=bool(message["probe"]),
        at=at,
        waited=float(message["waited"]),
        pulse=pulse,
    )


def full_json(full: Full) -> Message:
    return {"code": full.code, "retry_after": full.retry_after}


def replica_json(replica: Replica) -> Message:
    return asdict(replica)


def replica_of(message: Message, *, older: float) -> Replica:
    """`older`: seconds since it was sent."""
    age = message["age"]
    return Replica(**{**message, "age": None if age is None else age + older})
