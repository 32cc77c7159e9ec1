"""The built wheel, in an empty environment and outside the checkout, starts a whole hub."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.journeys.demonstration import start

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(600)]
CHECKOUT = Path(__file__).resolve().parents[2]
MUST_CARRY = (
    "hospital_hub/deploy/models.toml",
    "hospital_hub/web/static/hub.css",
    "hospital_hub/web/static/vendor/manifest.json",
    "hospital_hub/web/locales/zh_CN/web.po",
    "hospital_hub/web/templates/base.html",
    "hospital_hub/embedded/fhir_server/dist/server.mjs",
    "hospital_hub/storage/migrations/env.py",
    "routing/policy.toml",
    "routing/artefacts/models.npz",
)
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", folder, CHECKOUT], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_what_it_needs_and_nothing_of_the_workshop(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in MUST_CARRY if name not in names] == []
    assert [name for name in names if "node_modules" in name or name.startswith("tests/")] == []


def test_the_wheel_starts_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    python = _empty_environment(tmp_path / "env")
    _install(python, wheel, tmp_path)
    running = start(tmp_path / "data", first_port=22_000, program=(str(python.with_name("hospital-hub")),))
    try:
        assert httpx.get(f"{running.hub}/readyz").is_success
        page = httpx.get(f"{running.hub}/kiosk", follow_redirects=True)
        assert page.is_success
        assert "demonstration weights" in page.text or "演示用模型权重" in page.text
        loaded = {Path(child.exe()).parts for child in running.part("hub")}
        assert loaded
        assert str(CHECKOUT) not in " ".join(running.part("hub")[0].cmdline())
    finally:
        assert running.stop() == 0


def _empty_environment(folder: Path) -> Path:
    venv.create(folder, with_pip=False)
    return folder / "bin" / "python"


def _install(python: Path, wheel: Path, scratch: Path) -> None:
    """The locked versions of everything, without the tools of the workshop, and the wheel itself."""
    requirements = scratch / "requirements.txt"
    export = [
        UV,
        "export",
        "--quiet",
        "--frozen",
        "--extra",
        "embedded",
        "--no-dev",
        "--no-emit-project",
        "--no-hashes",
    ]
    subprocess.run([*export, "--output-file", requirements], check=True, cwd=CHECKOUT)
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    install = [UV, "pip", "install", "--quiet", "--no-deps", "--python", python, "-r", requirements, wheel]
    subprocess.run(install, check=True, env=environment)
