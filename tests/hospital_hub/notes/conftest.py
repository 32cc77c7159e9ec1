"""A hub whose EMR is the fake one, and a browser that was launched from it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from hospital_hub.identity.guard import COOKIE
from hospital_hub.settings import Settings
from integrations.smart.keys import ClientKey
from tests.fakes.fhir import FakeEmr
from tests.fakes.serving import served
from tests.hospital_hub.notes.charts import english


@pytest_asyncio.fixture
async def emr(key_files: tuple[object, object]) -> AsyncIterator[FakeEmr]:
    fake = FakeEmr()
    async with served(fake.app()) as origin:
        fake.origin = origin
        fake.put(*english())
        yield fake


@pytest.fixture
def settings(settings: Settings, emr: FakeEmr) -> Settings:
    joined = settings.model_copy(update={"emr_issuer": emr.base})
    emr.client_jwks = ClientKey(joined.smart_key()).public_jwks()
    return joined


@dataclass
class Browser:
    """Follows the EMR's launch as a browser does; `client` keeps the cookies."""

    client: httpx.AsyncClient
    emr: FakeEmr

    async def start(self, *, iss: str = "", launch: str = "l1") -> httpx.Response:
        return await self.client.get("/notes/launch", params={"iss": iss or self.emr.base, "launch": launch})

    async def authorize(self, location: str) -> str:
        """The path of the callback to which the EMR sends the browser back."""
        async with httpx.AsyncClient() as outside:
            back = await outside.get(location)
        parts = urlsplit(back.headers["location"])
        return f"{parts.path}?{parts.query}"

    async def launch(self) -> httpx.Response:
        started = await self.start()
        assert started.status_code == 303, started.text
        return await self.client.get(await self.authorize(started.headers["location"]))

    async def login_id(self) -> str:
        page = await self.client.get("/notes/panel")
        assert page.status_code == 200, page.text
        return page.text.split('name="login" value="')[1].split('"')[0]

    async def new_draft(self) -> str:
        """Ask for a draft and let it be written; its id."""
        asked = await self.client.post("/notes/drafts", data={"login": await self.login_id()})
        assert asked.status_code == 200, asked.text
        identifier = asked.text.split("/notes/drafts/")[1].split("/")[0]
        stream = await self.client.get(f"/notes/drafts/{identifier}/events")
        assert "hx-partial" in stream.text, stream.text
        return identifier


@pytest.fixture
def browser(client: httpx.AsyncClient, emr: FakeEmr) -> Browser:
    return Browser(client, emr)


@pytest_asyncio.fixture
async def launched(browser: Browser) -> Browser:
    arrived = await browser.launch()
    assert arrived.status_code == 303, arrived.text
    assert browser.client.cookies.get(COOKIE)
    return browser
