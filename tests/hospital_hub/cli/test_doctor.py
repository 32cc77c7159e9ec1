"""The doctor against real and broken parts: each wrong part is named with what to do, the others stay right."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hospital_hub.operations.examination import examine_all
from hospital_hub.operations.findings import Finding
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.ids import new_id
from hospital_hub.storage.outbox import enqueue
from tests.fakes.serving import served
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import rows
from tests.hospital_hub.cli.conftest import Run

METADATA = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
SMART = {
    "authorization_endpoint": "https://emr.test/authorize",
    "token_endpoint": "https://emr.test/token",
    "code_challenge_methods_supported": ["S256"],
}


@dataclass
class Emr:
    metadata: Any = field(default_factory=lambda: dict(METADATA))
    smart: Any = field(default_factory=lambda: dict(SMART))

    def app(self) -> Starlette:
        async def metadata(_request: Request) -> Response:
            return JSONResponse(self.metadata)

        async def smart(_request: Request) -> Response:
            return PlainTextResponse(self.smart) if isinstance(self.smart, str) else JSONResponse(self.smart)

        path = "/fhir/.well-known/smart-configuration"
        return Starlette(routes=[Route("/fhir/metadata", metadata), Route(path, smart)])


@pytest.fixture
def emr() -> Emr:
    return Emr()


@pytest_asyncio.fixture
async def whole(settings: Settings, app: FastAPI, emr: Emr, redis_url: str) -> AsyncIterator[Settings]:
    """Settings of an installation in which every part is right."""
    async with served(emr.app()) as emr_origin, served(app) as hub_origin:
        changes = {"emr_issuer": f"{emr_origin}/fhir", "redis_url": redis_url, "public_url": hub_origin}
        for file in (settings.secret_key_file, settings.smart_key_file):
            assert file is not None
            file.chmod(0o600)
        yield settings.model_copy(update=changes)


async def wrong(settings: Settings) -> dict[str, Finding]:
    return {finding.part: finding for finding in await examine_all(settings) if not finding.right}


async def test_a_whole_installation_is_right(whole: Settings) -> None:
    assert await wrong(whole) == {}


Break = Callable[[Emr], None]


@pytest.mark.parametrize(
    ("part", "break_it"),
    [
        ("FHIR server", lambda emr: emr.metadata.update(fhirVersion="4.3.0")),
        ("SMART configuration", lambda emr: emr.smart.pop("token_endpoint")),
        ("SMART configuration", lambda emr: emr.smart.update(code_challenge_methods_supported=["plain"])),
        ("SMART configuration", lambda emr: setattr(emr, "smart", "<html>log in</html>")),
        ("SMART configuration", lambda emr: setattr(emr, "smart", [1])),
    ],
)
async def test_what_is_wrong_with_the_emr(whole: Settings, emr: Emr, part: str, break_it: Break) -> None:
    break_it(emr)
    found = await wrong(whole)
    assert found.keys() == {part}
    assert found[part].remedy


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"redis_url": "redis://127.0.0.1:1"}, {"Redis"}),
        ({"redis_url": ""}, {"Redis"}),
        ({"emr_issuer": ""}, {"FHIR server", "SMART configuration"}),
        ({"database_url": ""}, {"database", "publisher"}),
        ({"database_url": "postgresql+psycopg://hub@127.0.0.1:1/hub"}, {"database", "publisher"}),
        ({"secret_key_file": Path("/nowhere")}, {"master key"}),
        ({"smart_key_file": None}, {"SMART key"}),
        ({"internal_url": "http://127.0.0.1:1"}, {"hub"}),
    ],
)
async def test_each_part_is_named_alone(whole: Settings, change: dict[str, Any], parts: set[str]) -> None:
    found = await wrong(whole.model_copy(update=change))
    assert found.keys() == parts
    assert all(finding.remedy for finding in found.values()), found


async def test_a_key_that_others_may_read(whole: Settings) -> None:
    assert whole.secret_key_file is not None
    whole.secret_key_file.chmod(0o644)
    found = await wrong(whole)
    whole.secret_key_file.chmod(0o600)
    assert found["master key"].remedy.startswith("run `chmod 600")


async def test_a_smart_key_of_another_kind(whole: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text("not a key")
    assert (await wrong(whole.model_copy(update={"smart_key_file": other}))).keys() == {"SMART key"}


async def test_model_servers_that_are_down(whole: Settings, fake_vllm: FakeVllm) -> None:
    fake_vllm.mode = Mode.UNHEALTHY
    found = await wrong(whole)
    assert {part for part in found if part.startswith("model ")} == found.keys()
    assert len(found) == 3


@pytest.mark.embedded
async def test_the_small_model_plays_every_tier(whole: Settings, small_model_url: str) -> None:
    assert await wrong(whole.model_copy(update={"model_url": small_model_url})) == {}


async def test_a_publisher_that_stands_still(whole: Settings, resources: Resources) -> None:
    async with resources.database.work() as session:
        enqueue(session, task="notes.file", subject_id=new_id(1), queue="files")
    assert await wrong(whole) == {}
    rows(whole.database_url, "UPDATE outbox SET run_after = now() - interval '5 minutes' RETURNING id")
    found = await wrong(whole)
    assert found.keys() == {"publisher"}
    assert "hospital-hub publisher" in found["publisher"].remedy


def test_the_command_tells_programs_and_people(run: Run, environment: dict[str, str]) -> None:
    told = run("doctor", "--json", env=environment)
    assert told.exit_code == 1
    found = {finding["part"]: finding for finding in json.loads(told.stdout)}
    assert found["database"]["right"] is True
    assert found["Redis"]["right"] is False
    people = run("doctor", env=environment)
    assert people.exit_code == 1
    assert "WRONG" in people.stdout
    assert "OK" in people.stdout


def test_a_setting_that_cannot_be_read_is_a_finding_too(run: Run) -> None:
    told = run("doctor", "--json", env={"HUB_SESSION_MINUTES": "soon"})
    assert told.exit_code == 1
    assert [finding["part"] for finding in json.loads(told.stdout)] == ["settings"]
