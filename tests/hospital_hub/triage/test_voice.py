"""What is said becomes words to check: off by default, bounded, and every failure a sentence."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
import pytest_asyncio

from hospital_hub.errors import Unavailable
from hospital_hub.main import create_app
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.triage.voice import Recording, transcribe
from tests.fakes.serving import served
from tests.fakes.transcriber import FakeTranscriber
from tests.hospital_hub.triage.test_pages import HTML, at_kiosk

WEBM = {"content-type": "audio/webm;codecs=opus"}
MIB = 1024 * 1024
NOBODY = "http://127.0.0.1:1/v1"


@pytest_asyncio.fixture
async def transcriber() -> AsyncIterator[FakeTranscriber]:
    fake = FakeTranscriber()
    async with served(fake.app()) as origin:
        fake.url = f"{origin}/v1"
        yield fake


@pytest.fixture
def settings(settings: Settings, transcriber: FakeTranscriber) -> Settings:
    return settings.model_copy(update={"transcription_url": transcriber.url, "transcription_model": "whisper-test"})


async def test_what_is_said_comes_back_as_words(client: httpx.AsyncClient, transcriber: FakeTranscriber) -> None:
    await at_kiosk(client)
    answer = await client.post("/kiosk/voice", content=b"sound", headers=WEBM)
    assert (answer.status_code, answer.json()) == (200, {"text": "膝盖疼了一周"})
    assert transcriber.asked == [
        {
            "model": "whisper-test",
            "language": "zh",
            "response_format": "json",
            "name": "speech.webm",
            "kind": "audio/webm",
            "audio": b"sound",
        }
    ]


async def test_the_language_of_the_page_is_told(client: httpx.AsyncClient, transcriber: FakeTranscriber) -> None:
    await client.get("/kiosk?lang=en", headers=HTML)
    await client.post("/kiosk/voice", content=b"sound", headers={"content-type": "audio/mp4"})
    assert (transcriber.asked[0]["language"], transcriber.asked[0]["name"]) == ("en", "speech.mp4")


@pytest.mark.parametrize(
    ("mode", "status", "code"),
    [
        ("silent", 422, "nothing_heard"),
        ("error", 502, "voice_failed"),
        ("odd", 502, "voice_failed"),
        ("plain", 502, "voice_failed"),
    ],
)
async def test_a_failure_says_what_to_do_instead(
    client: httpx.AsyncClient, transcriber: FakeTranscriber, mode: str, status: int, code: str
) -> None:
    transcriber.mode = mode
    await at_kiosk(client)
    answer = await client.post("/kiosk/voice", content=b"sound", headers={**WEBM, "accept-language": "zh-CN"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "打字" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "audio/webm", 400),
        (b"sound", "text/html", 400),
        (b"sound", "", 400),
        (b"x" * (10 * MIB + 1), "audio/webm", 413),
    ],
)
async def test_what_is_no_recording_goes_nowhere(
    client: httpx.AsyncClient, transcriber: FakeTranscriber, body: bytes, kind: str, status: int
) -> None:
    await at_kiosk(client)
    answer = await client.post("/kiosk/voice", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert transcriber.asked == []


async def test_a_server_that_is_away_or_too_slow_is_a_sentence(
    client: httpx.AsyncClient, resources: Resources, transcriber: FakeTranscriber
) -> None:
    gone = replace(resources, settings=resources.settings.model_copy(update={"transcription_url": NOBODY}))
    with pytest.raises(Unavailable, match="cannot listen at the moment"):
        await transcribe(gone, Recording(b"sound", "audio/webm"), language="en")
    transcriber.mode = "slow"
    with pytest.raises(Unavailable, match="cannot listen at the moment"):
        await transcribe(resources, Recording(b"sound", "audio/webm"), language="en", patience=0.2)


async def test_the_microphone_may_be_asked_for_at_the_kiosk_alone(client: httpx.AsyncClient) -> None:
    assert "microphone=(self)" in (await client.get("/kiosk", headers=HTML)).headers["permissions-policy"]
    assert "microphone=()" in (await client.get("/login", headers=HTML)).headers["permissions-policy"]
    await at_kiosk(client)
    assert "data-voice" in (await client.get("/kiosk/question", headers=HTML)).text


async def test_it_is_off_by_default(settings: Settings) -> None:
    quiet = create_app(settings.model_copy(update={"transcription_url": ""}))
    async with quiet.router.lifespan_context(quiet):
        transport = httpx.ASGITransport(app=quiet)
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
            await at_kiosk(client)
            page = await client.get("/kiosk/question", headers=HTML)
            assert "data-voice" not in page.text
            assert "microphone=()" in page.headers["permissions-policy"]
            answer = await client.post("/kiosk/voice", content=b"sound", headers=WEBM)
            assert (answer.status_code, answer.json()["code"]) == (404, "no_voice")
