"""The fixtures every test may ask for; each starts its server on first use. Two processes share the tests by file."""

import re
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = [
    "tests.fixtures.chaos",
    "tests.fixtures.loopback",
    "tests.fixtures.servers",
    "tests.fixtures.hub",
    "tests.fixtures.hospital",
]
ROOT = Path(__file__).resolve().parents[1]


@cache
def share_of(file: str) -> str:
    """Files that ask the small model stay in one process: it wants both cores, two at once keep nobody's patience."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return "model" if re.search(r"mark\.embedded|small_model_url", text) else file


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist's classes are untyped
    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid.split("::", maxsplit=1)[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)
