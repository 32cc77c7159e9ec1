"""The command line as a person calls it, in this process: starting Python for each command would take a second."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hospital_hub.cli import app
from hospital_hub.settings import Settings, load_settings

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`run("db", "check", env={"HUB_DATABASE_URL": "..."}, stdin="")`, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    # A command makes an event loop of its own, which this thread cannot have beside the tests' loop.
    with ThreadPoolExecutor(1) as thread:

        def one(*arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Result:
            load_settings.cache_clear()
            runner = CliRunner(env={"COLUMNS": "200", "TERMINAL_WIDTH": "200", **(env or {})})
            result = thread.submit(runner.invoke, app, arguments, input=stdin).result()
            assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
            return result

        yield one
    load_settings.cache_clear()


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        "HUB_DATABASE_URL": settings.database_url,
        "HUB_REDIS_URL": settings.redis_url,
        "HUB_MODEL_URL": settings.model_url,
        "HUB_EMR_ISSUER": "http://127.0.0.1:1/fhir",
        "HUB_PUBLIC_URL": "http://127.0.0.1:1",
        "HUB_SECRET_KEY_FILE": str(settings.secret_key_file),
        "HUB_SMART_KEY_FILE": str(settings.smart_key_file),
        "HUB_DEMO": "true",
    }
