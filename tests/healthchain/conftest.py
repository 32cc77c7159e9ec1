"""A real hub on a loopback port that takes calls without a token, as its test setting allows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI

from hospital_hub.settings import Settings
from tests.fakes.serving import served

PYTHON = Path(__file__).parents[2] / ".venv-healthchain" / "bin" / "python"


@pytest.fixture(scope="session")
def healthchain() -> Path:
    """The interpreter of HealthChain's own environment."""
    if not PYTHON.exists():
        pytest.skip("HealthChain has an environment of its own, which `make test` installs: .venv-healthchain")
    return PYTHON


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"cds_open_on_loopback": True})


@pytest_asyncio.fixture
async def hub(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as origin:
        yield origin
