"""Every route has one guard or a reason to be public; the table of roles is what the routes really do."""

import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request

from hospital_hub.errors import NotAllowed, NotLoggedIn
from hospital_hub.identity.guard import KIOSK_COOKIE, PUBLIC, Guard, MetricsGuard
from hospital_hub.identity.permissions import MAY, Action, Role, may
from tests.architecture.routes import Entrance, entrances
from tests.fixtures.hub import LogIn

KIOSK_START = "/kiosk"
COOKIELESS_ROLES = frozenset({Role.SERVICE})


def test_every_route_has_a_guard_or_a_reason(app: FastAPI) -> None:
    open_routes = [str(one) for one in entrances(app) if not one.guards and one.path not in PUBLIC]
    assert open_routes == []


def test_no_route_is_both_public_and_guarded(app: FastAPI) -> None:
    assert [str(one) for one in entrances(app) if one.guards and one.path in PUBLIC] == []


def test_every_public_path_exists(app: FastAPI) -> None:
    """Else a later route of that name would be public by accident."""
    assert PUBLIC.keys() - {one.path for one in entrances(app)} == set()


def test_each_route_asks_for_one_action(app: FastAPI) -> None:
    assert [str(one) for one in entrances(app) if len(one.guards) > 1] == []


def test_every_role_stands_in_the_table() -> None:
    assert MAY.keys() == set(Role)
    assert set().union(*MAY.values()) == set(Action)


async def test_without_a_log_in_every_guarded_route_refuses(app: FastAPI, client: httpx.AsyncClient) -> None:
    for one in guarded(app):
        answer = await client.request(one.method, one.url)
        assert answer.status_code == 401 or _led_to_the_start(answer, one), str(one)


@pytest.mark.parametrize("role", [role for role in Role if role not in COOKIELESS_ROLES])
async def test_a_role_gets_what_the_table_gives_it_and_nothing_else(
    app: FastAPI, client: httpx.AsyncClient, log_in: LogIn, role: Role
) -> None:
    """A refused request goes over the wire; for an allowed one the guard alone is asked, so that nothing is done."""
    cookies = await log_in(role)
    client.cookies.update(cookies)
    for one in guarded(app):
        guard = one.guards[0]
        if may(role, guard.action) and guard.cookie in cookies and _looks_at_cookies(guard):
            assert (await guard(request_to(app, one, cookies))).role is role, str(one)
        else:
            answer = await client.request(one.method, one.url)
            assert answer.status_code in {401, 403} or _led_to_the_start(answer, one), f"{role} {one}"
            with pytest.raises((NotLoggedIn, NotAllowed, HTTPException)):
                await guard(request_to(app, one, cookies))


def _looks_at_cookies(guard: Guard) -> bool:
    """Guards of programs look at a bearer token alone."""
    return isinstance(guard, MetricsGuard) or type(guard)._who is Guard._who


def _led_to_the_start(answer: httpx.Response, one: Entrance) -> bool:
    """A kiosk shows its first page again instead of an error."""
    at_kiosk = one.guards[0].cookie == KIOSK_COOKIE
    return at_kiosk and (answer.status_code, answer.headers.get("location")) == (303, KIOSK_START)


def guarded(app: FastAPI) -> list[Entrance]:
    found = [one for one in entrances(app) if one.guards]
    assert len(found) > 5
    return found


def request_to(app: FastAPI, one: Entrance, cookies: dict[str, str]) -> Request:
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    scope = {
        "type": "http",
        "app": app,
        "method": one.method,
        "path": one.url,
        "query_string": b"",
        "headers": [(b"cookie", cookie.encode())],
        "state": {},
    }
    return Request(scope)
