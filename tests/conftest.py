"""The fixtures every test may ask for; each starts its server on first use."""

pytest_plugins = [
    "tests.fixtures.chaos",
    "tests.fixtures.loopback",
    "tests.fixtures.servers",
    "tests.fixtures.hub",
    "tests.fixtures.hospital",
]
