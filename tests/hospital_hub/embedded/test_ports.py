"""Ports: the wanted one when free, else the next, never one that somebody listens on."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hospital_hub.embedded.ports import LOOPBACK, choose_ports, is_free, next_free_port
from hospital_hub.errors import WrongSetup


@contextmanager
def listening(host: str = LOOPBACK, port: int = 0) -> Iterator[int]:
    with socket.create_server((host, port)) as server:
        yield server.getsockname()[1]


def test_wanted_port_is_kept_when_free() -> None:
    with listening() as port:
        pass
    assert next_free_port(port) == port


def test_taken_port_gives_the_next_one() -> None:
    with listening() as port:
        assert next_free_port(port) > port


def test_listener_on_all_addresses_counts_as_taken() -> None:
    with listening("0.0.0.0") as port:  # noqa: S104 # the point of the test
        assert not is_free(port)


def test_closed_connections_of_the_last_run_do_not_move_the_port() -> None:
    with listening() as port:
        client = socket.create_connection((LOOPBACK, port))
        with socket.socket() as _:
            pass
    # The listener is gone and the server side of the connection closes first: TIME_WAIT on its port.
    client.close()
    assert is_free(port)


def test_two_parts_never_get_the_same_port() -> None:
    with listening() as port:
        chosen = choose_ports({"hub": port, "emr": port, "model": port + 1})
    assert len({*chosen.values(), port}) == 4


def test_no_port_left_says_what_to_do() -> None:
    with pytest.raises(WrongSetup, match="end a program"):
        next_free_port(50_000, taken=range(50_000, 50_100))
