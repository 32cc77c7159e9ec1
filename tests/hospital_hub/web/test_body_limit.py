"""A body may have the size its path needs and no more, with or without a length told in advance."""

from collections.abc import AsyncIterator

import httpx
import pytest

from hospital_hub.web.body_limit import DEFAULT, MIB, limit_of


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/login", DEFAULT),
        ("/kiosk/cases", DEFAULT),
        ("/v1/chat/completions", 4 * MIB),
        ("/api/research/batches", 33 * MIB),
    ],
)
def test_each_path_has_its_limit(path: str, limit: int) -> None:
    assert limit_of(path) == limit


@pytest.mark.parametrize("told", [True, False])
async def test_a_longer_body_is_refused_in_a_sentence(client: httpx.AsyncClient, *, told: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    body = b"x" * (2 * MIB) if told else pieces()
    refused = await client.post("/api/login", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 413
    assert refused.json()["detail"]
    assert refused.json()["request_id"]


@pytest.mark.parametrize("path", ["/api/login", "/login"])
async def test_a_character_that_no_column_holds_is_bad_input(client: httpx.AsyncClient, path: str) -> None:
    fields = {"name": "a\x00b", "password": "x"}
    sent = {"json": fields} if path.startswith("/api") else {"data": fields}
    refused = await client.post(path, **sent)  # type: ignore[arg-type]
    assert refused.status_code == 400
