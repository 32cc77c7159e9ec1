"""A hub with two registered EMRs: one that publishes its key at a URL, one whose RSA key stands in the file."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from joserfc.jwk import RSAKey

from hospital_hub.settings import Settings
from tests.fakes.cds_emr import CdsEmr
from tests.fakes.serving import served
from tests.hospital_hub.cds.charts import chart
from tests.hospital_hub.cds.invariants import violations

Json = dict[str, Any]
PATIENT_SECONDS = 20.0
HOOKS = ("patient-view", "encounter-discharge", "order-select", "order-sign")


@pytest_asyncio.fixture
async def ward() -> AsyncIterator[CdsEmr]:
    """ES384, keys at a URL, a page of its own; its FHIR server holds the chart of patient p1."""
    emr = CdsEmr()
    async with served(emr.app()) as origin:
        emr.origin = origin
        emr.resources = chart()
        yield emr


@pytest.fixture(scope="session")
def clinic() -> CdsEmr:
    """RS384, keys in the file; nobody calls its FHIR server."""
    key = RSAKey.generate_key(2048, {"kid": "clinic-1"})
    return CdsEmr("clinic", "http://127.0.0.1:9", key=key, algorithm="RS384", page="")


def clients_file(folder: Path, *emrs: CdsEmr) -> Path:
    """The first by URL, the others inline."""
    blocks = []
    for number, emr in enumerate(emrs):
        keys = f'jwks_url = "{emr.jwks_url}"' if number == 0 else f"jwks = {_inline(emr.public)}"
        page = f'origin = "{emr.page}"' if emr.page else ""
        language = "en" if number == 0 else "zh-CN"
        blocks.append(
            f'[[client]]\nname = "{emr.name}"\nissuer = "{emr.issuer}"\n{keys}\nfhir_server = "{emr.fhir}"\n'
            f'{page}\nlanguage = "{language}"\n'
        )
    file = folder / "cds_clients.toml"
    file.write_text("\n".join(blocks), encoding="utf-8")
    return file


def _inline(jwks: Json) -> str:
    keys = [", ".join(f"{name} = {json.dumps(value)}" for name, value in key.items()) for key in jwks["keys"]]
    return "{ keys = [" + ", ".join(f"{{ {key} }}" for key in keys) + "] }"


@pytest.fixture
def settings(settings: Settings, ward: CdsEmr, clinic: CdsEmr, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"cds_clients": clients_file(tmp_path, ward, clinic)})


@dataclass
class Caller:
    """Calls as an EMR's server does: a new token each time, no Origin."""

    client: httpx.AsyncClient
    emr: CdsEmr

    async def send(self, path: str, body: object, *, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.post(path, json=body, headers={**self.emr.bearer(path), **(headers or {})})

    async def hook(self, hook: str, /, **fields: object) -> httpx.Response:
        return await self.send(f"/cds-services/{hook}", self.emr.body(hook, **fields))

    async def cards(self, hook: str, /, **fields: object) -> list[Json]:
        """The cards of a call that succeeds, by the specification."""
        answer = await self.hook(hook, **fields)
        assert answer.status_code == 200, answer.text
        assert violations(answer.json()) == []
        return list(answer.json()["cards"])


@pytest.fixture
def caller(app: FastAPI, client: httpx.AsyncClient, ward: CdsEmr) -> Caller:
    """Of a hub that waits long for its reads: on a busy machine nothing is late but what a test makes late."""
    app.state.cds = replace(app.state.cds, read_seconds=PATIENT_SECONDS)
    del client.headers["Origin"]
    return Caller(client, ward)
