"""The fixtures every test may ask for; each starts its server on first use. Two processes share the tests by file."""

import pytest

pytest_plugins = [
    "tests.fixtures.chaos",
    "tests.fixtures.loopback",
    "tests.fixtures.servers",
    "tests.fixtures.hub",
    "tests.fixtures.hospital",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `-n 2 --dist loadgroup`: a file stays together, and one process alone has all that needs the small model.

    The model wants both cores for itself; two of them at once keep nobody's patience.
    """
    for item in items:
        alone = item.get_closest_marker("embedded") or "small_model_url" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("model" if alone else item.path.name + str(item.path.parent)))
