"""The doctor against real and broken parts: each wrong part is named with what to do, the others stay right."""

import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hospital_hub.emr_registry import Emr as EmrBlock
from hospital_hub.errors import WrongSetup
from hospital_hub.operations.emr_examination import PROBE_SCOPE, clock_of
from hospital_hub.operations.examination import examine_all
from hospital_hub.operations.findings import Finding, Wrong
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.ids import new_id
from hospital_hub.storage.outbox import enqueue
from tests.fakes.serving import served
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import rows
from tests.hospital_hub.cli.conftest import Run

METADATA = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
NAMES = {"issuer": "/fhir", "authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}


@dataclass
class Emr:
    """`token` is the answer to the worker; `keys` what the EMR itself publishes."""

    metadata: Any = field(default_factory=lambda: dict(METADATA))
    smart: Any = field(default_factory=dict)
    token: tuple[int, Any] = (
        200,
        {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "scope": PROBE_SCOPE},
    )

    def app(self) -> Starlette:
        async def metadata(_request: Request) -> Response:
            return JSONResponse(self.metadata)

        async def smart(_request: Request) -> Response:
            return PlainTextResponse(self.smart) if isinstance(self.smart, str) else JSONResponse(self.smart)

        async def token(_request: Request) -> Response:
            return JSONResponse(self.token[1], self.token[0])

        async def jwks(_request: Request) -> Response:
            return JSONResponse({"keys": []})

        path = "/fhir/.well-known/smart-configuration"
        return Starlette(
            routes=[
                Route("/fhir/metadata", metadata),
                Route(path, smart),
                Route("/token", token, methods=["POST"]),
                Route("/jwks", jwks),
            ]
        )

    def move(self, origin: str) -> None:
        self.smart = {name: origin + path for name, path in NAMES.items()} | {
            "code_challenge_methods_supported": ["S256"]
        }


@pytest.fixture
def emr() -> Emr:
    return Emr()


@pytest_asyncio.fixture
async def whole(settings: Settings, app: FastAPI, emr: Emr, redis_url: str) -> AsyncIterator[Settings]:
    """Settings of an installation in which every part is right."""
    async with served(emr.app()) as emr_origin, served(app) as hub_origin:
        emr.move(emr_origin)
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
        ("SMART configuration", lambda emr: emr.smart.update(token_endpoint="https://log-in.test/token")),
        ("SMART clients", lambda emr: setattr(emr, "token", (401, {"error": "invalid_client"}))),
        ("SMART clients", lambda emr: setattr(emr, "token", (400, {"error": "invalid_scope"}))),
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
        ({"smart_key_file": None}, {"SMART key", "SMART clients"}),
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
    assert (await wrong(whole.model_copy(update={"smart_key_file": other}))).keys() == {"SMART key", "SMART clients"}


def several(whole: Settings, tmp_path: Path, *, more: str) -> Settings:
    file = tmp_path / "emrs.toml"
    away = '[emr.away]\nissuer = "https://127.0.0.1:1/fhir"\n'
    file.write_text(f'[emr.ward]\nissuer = "{whole.emr_issuer}"\nhome = true\n{more}\n{away}')
    return whole.model_copy(update={"emr_issuer": "", "emrs_file": file})


async def test_each_of_several_emrs_is_looked_at(whole: Settings, tmp_path: Path) -> None:
    found = await wrong(several(whole, tmp_path, more=""))
    assert found.keys() == {f"{part} (away)" for part in ("FHIR server", "SMART configuration", "SMART clients")}


async def test_a_block_that_claims_what_its_emr_does_not_offer(whole: Settings, emr: Emr, tmp_path: Path) -> None:
    kinds = [{"type": "Provenance", "interaction": [{"code": "create"}]}]
    emr.metadata["rest"] = [{"resource": kinds, "interaction": [{"code": "transaction"}]}]
    claimed = "capabilities.composition = true\ncapabilities.provenance = true\ncapabilities.everything = false"
    found = await wrong(several(whole, tmp_path, more=claimed))
    assert found["EMR capabilities (ward)"].remedy == "set composition = false in its block"


async def test_a_file_of_emrs_that_cannot_be_read_is_said(whole: Settings, tmp_path: Path) -> None:
    broken = several(whole, tmp_path, more="colour = 1")
    with pytest.raises(WrongSetup, match=r"emr\.ward\.colour"):
        await examine_all(broken)


async def test_clocks_that_are_apart(whole: Settings) -> None:
    emr = EmrBlock(issuer=whole.emr_issuer)
    async with aiohttp.ClientSession() as http:
        for shift, word in ((90, "ahead of"), (-90, "behind")):
            with pytest.raises(Wrong, match=word):
                await clock_of(emr, http, clock=lambda shift=shift: time.time() + shift)  # type: ignore[misc]
        assert "apart" in await clock_of(emr, http, clock=time.time)


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
