"""Finds free loopback ports: the wanted one, or the next that nobody listens on."""

import socket
from collections.abc import Collection, Mapping

from hospital_hub.errors import WrongSetup

LOOPBACK = "127.0.0.1"
TRIES = 100


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Without this option the closed connections of the last run (TIME_WAIT) would move every page to
        # another port at a quick second start; a port that someone listens on is refused all the same.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def next_free_port(wanted: int, taken: Collection[int] = ()) -> int:
    for port in range(wanted, min(wanted + TRIES, 65_536)):
        if port not in taken and is_free(port):
            return port
    raise WrongSetup(
        f"No port from {wanted} to {wanted + TRIES - 1} is free on {LOOPBACK}: end a program or ask for other ports"
    )


def choose_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """All ports at once, so that two parts never get the same one."""
    chosen: dict[str, int] = {}
    for name, port in wanted.items():
        chosen[name] = next_free_port(port, chosen.values())
    return chosen
