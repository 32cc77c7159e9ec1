"""The watch over the tests' connections itself works."""

import socket

import pytest

from tests.fixtures.loopback import OUTSIDE, ReachedOutside, is_local, nothing_outside

# RFC 5737: an address that belongs to nobody.
DOCUMENTATION = ("192.0.2.1", 9)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        (("127.0.0.1", 80), True),
        (("127.8.8.8", 80), True),
        (("::1", 80, 0, 0), True),
        (("localhost", 80), True),
        ("/tmp/.s.PGSQL.5432", True),  # noqa: S108 - a name, no file
        (DOCUMENTATION, False),
        (("10.0.0.1", 80), False),
        (("example.org", 443), False),
        ((b"example.org", 443), False),
    ],
)
def test_what_is_local(address: object, local: bool) -> None:
    assert is_local(address) is local


def test_a_connection_outside_is_refused_and_remembered() -> None:
    with socket.socket() as one, pytest.raises(ReachedOutside):
        one.connect(DOCUMENTATION)
    with pytest.raises(ReachedOutside):
        socket.getaddrinfo("example.org", 443)
    assert len(OUTSIDE) >= 2
    del OUTSIDE[-2:]


def test_the_watch_is_on_for_every_test(request: pytest.FixtureRequest) -> None:
    assert nothing_outside.__name__ in request.fixturenames
