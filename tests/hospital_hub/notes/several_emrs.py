"""Two EMRs from a file of blocks, each an authorisation server of its own, and a browser launched from either."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from hospital_hub.settings import Settings
from integrations.smart.keys import ClientKey
from tests.fakes.authority import Authority
from tests.fakes.serving import served

HUB = "http://127.0.0.1:8700"
BLOCKS = """
[emr.ward]
issuer = "{ward}/fhir"
frame_origin = "http://emr.ward.test"
home = true
panel.standalone = true

[emr.clinic]
issuer = "{clinic}/fhir"
frame_origin = "http://emr.clinic.test"
panel.client_id = "clinic-panel"
panel.authentication = "public"
backend.client_id = "clinic-worker"
capabilities.preliminary = false
"""


@dataclass
class TwoEmrs:
    ward: Authority
    clinic: Authority


@pytest_asyncio.fixture
async def emrs() -> AsyncIterator[TwoEmrs]:
    two = TwoEmrs(
        Authority(redirect_uris={f"{HUB}/notes/callback/ward"}),
        Authority(redirect_uris={f"{HUB}/notes/callback/clinic"}, client_id="clinic-panel"),
    )
    async with served(two.ward.app()) as ward, served(two.clinic.app()) as clinic:
        two.ward.origin, two.clinic.origin = ward, clinic
        yield two


@pytest.fixture
def settings(settings: Settings, emrs: TwoEmrs, tmp_path: Path) -> Settings:
    file = tmp_path / "emrs.toml"
    file.write_text(BLOCKS.format(ward=emrs.ward.origin, clinic=emrs.clinic.origin))
    emrs.ward.client_jwks = ClientKey(settings.smart_key()).public_jwks()
    return settings.model_copy(update={"emr_issuer": "", "emrs_file": file})


@dataclass
class Visitor:
    """A browser; `headers` of the next requests are a frame's where a test says so."""

    client: httpx.AsyncClient

    async def start(self, emr: Authority, *, launch: str = "l1") -> httpx.Response:
        return await self.client.get("/notes/launch", params={"iss": emr.base, "launch": launch})

    async def authorized(self, started: httpx.Response) -> str:
        """The path and query to which the EMR sends the browser back."""
        assert started.status_code == 303, started.text
        async with httpx.AsyncClient() as outside:
            back = await outside.get(started.headers["location"])
        assert back.status_code == 303, back.text
        parts = urlsplit(back.headers["location"])
        return f"{parts.path}?{parts.query}"

    async def launch(self, emr: Authority) -> httpx.Response:
        return await self.client.get(await self.authorized(await self.start(emr)))


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    return Visitor(client)
