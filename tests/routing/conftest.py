"""Figures that the routing tests measure are shown below the results, whether they meet their bound or not."""

from collections.abc import Callable

import pytest

FIGURES = pytest.StashKey[list[str]]()
Figure = Callable[[str], None]


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Takes one line for the summary at the end of the run."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = terminalreporter.config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.write_sep("-", "routing figures")
        for line in lines:
            terminalreporter.write_line(line)
