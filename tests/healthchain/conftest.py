"""A real hub on a loopback port that takes calls without a token, as its test setting allows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI

from hospital_hub.settings import Settings
from tests.fakes.serving import served

OPTION = "--healthchain-python"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, default=None, help="the interpreter of an environment with HealthChain")


@pytest.fixture(scope="session")
def healthchain(request: pytest.FixtureRequest) -> Path:
    python = request.config.getoption(OPTION, None)
    if python is None:
        pytest.skip("HealthChain has an environment of its own: make test-healthchain")
    return Path(python).absolute()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"cds_open_on_loopback": True})


@pytest_asyncio.fixture
async def hub(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as origin:
        yield origin
