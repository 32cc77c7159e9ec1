"""One running demonstration for all journeys of a session, and the browser to walk them."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import browser, executable, open_page
from tests.journeys.demonstration import Demonstration, demonstration

__all__ = ["browser", "executable", "open_page"]


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    with demonstration(tmp_path_factory.mktemp("journeys") / "data", first_port=20_500) as running:
        yield running
