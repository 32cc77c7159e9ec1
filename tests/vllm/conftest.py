"""The two servers of the contract: the fake of all other tests, and with --vllm-python the real one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.fakes.vllm import FakeVllm
from tests.vllm.real_server import real_server
from tests.vllm.subject import CONTEXT, Subject

OPTION = "--vllm-python"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, default=None, help="the interpreter of an environment with vLLM (make test-vllm)")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Only a real vLLM has the parser that this file asks."""
    return True if collection_path.name == "test_arguments.py" and not config.getoption(OPTION, None) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "subject" in metafunc.fixturenames:
        servers = ["real"] if metafunc.config.getoption(OPTION, None) else ["fake"]
        metafunc.parametrize("subject", servers, indirect=True)


@pytest.fixture(scope="session")
def vllm_python(request: pytest.FixtureRequest) -> Path:
    return Path(request.config.getoption(OPTION)).absolute()


@pytest.fixture(scope="session")
def real_url(vllm_python: Path) -> Iterator[str]:
    with real_server(vllm_python) as url:
        yield url


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Subject:
    """A server whose model thinks until it is stopped, then answers."""
    if request.param == "real":
        return Subject(request.getfixturevalue("real_url"))
    fake: FakeVllm = request.getfixturevalue("fake_vllm")
    fake.closes, fake.context, fake.gap = False, CONTEXT, 0.01
    fake.thoughts = ["so "] * 40
    fake.tokens = ["I ", "think ", "that ", "it ", "is ", "so. "] * 60
    return Subject(fake.url, fake)


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
