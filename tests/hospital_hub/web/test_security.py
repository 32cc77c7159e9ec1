"""Every answer carries the headers, and no other site's page can make a browser change anything."""

import httpx
import pytest

from hospital_hub.web.security import forged, request_id
from tests.hospital_hub.web.conftest import EMR, ORIGIN, make_app

EVERYWHERE = (
    "/page", "/look", "/look/kiosk", "/static/hub.css", "/favicon.svg", "/nowhere", "/missing", "/private",
    "/broken", "/deep", "/static/none.css", "/v1/missing",
)  # fmt: skip
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def policy(answer: httpx.Response) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_the_headers_are_on_every_answer(shell: httpx.AsyncClient, path: str, accept: str) -> None:
    answer = await shell.get(path, headers={"accept": accept})
    assert policy(answer) == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert len(answer.headers["x-request-id"]) == 32
    cacheable = answer.status_code == 200 and path.startswith(("/static", "/favicon"))
    assert (answer.headers["cache-control"] == "no-store") is not cacheable


async def test_only_the_panel_may_be_framed_and_only_by_the_emr(shell: httpx.AsyncClient) -> None:
    answer = await shell.get("/notes/panel")
    assert policy(answer) == {**POLICY, "frame-ancestors": EMR}
    assert "x-frame-options" not in answer.headers


async def test_https_is_kept_once_it_is_used() -> None:
    transport = httpx.ASGITransport(app=make_app(public_url="https://hub.test"))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.test") as client:
        answer = await client.get("/page?lang=en")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers["set-cookie"].endswith("; Secure")


async def test_a_callers_request_id_comes_back_if_it_is_harmless(shell: httpx.AsyncClient) -> None:
    answer = await shell.get("/page", headers={"x-request-id": "desk-4_2026"})
    assert answer.headers["x-request-id"] == answer.json()["id"] == "desk-4_2026"


@pytest.mark.parametrize("received", [None, "", "short", "a" * 65, "with space", "line\nbreak", "数字数字数字数字"])
def test_any_other_request_id_is_replaced(received: str | None) -> None:
    assert request_id(received) != received
    assert request_id(received) != request_id(received)


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, False),  # no browser
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),  # another port of the same host, such as the EMR's
        ({"origin": ORIGIN}, False),
        ({"origin": "http://evil.test"}, True),
        ({"origin": "null"}, True),
        ({"origin": "http://evil.test", "sec-fetch-site": "same-origin"}, False),  # the browser knows best
        ({"sec-fetch-site": "cross-site", "authorization": "Bearer x"}, False),
    ],
)
async def test_an_unsafe_request_of_another_site_is_refused(
    shell: httpx.AsyncClient, headers: dict[str, str], *, refused: bool
) -> None:
    answer = await shell.post("/order", json={"name": "a", "pulse": 80}, headers=headers)
    assert answer.status_code == (403 if refused else 200)
    if refused:
        assert answer.json()["code"] == "cross_site_request"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY"])
def test_only_reading_is_safe(method: str) -> None:
    headers = httpx.Headers({"sec-fetch-site": "cross-site"})
    assert forged(headers, method=method)  # type: ignore[arg-type]
    assert not forged(headers, method="GET")  # type: ignore[arg-type]
