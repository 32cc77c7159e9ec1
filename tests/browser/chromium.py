"""Finds a Chromium for the browser tests, or installs Debian's package where that is allowed.

Run as a program before the tests: without a browser they are skipped with a clear line, in CI never.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No Chromium on the PATH or from Playwright: the browser tests will be skipped. "
    "Install one (Debian: apt-get install chromium; elsewhere: .venv/bin/playwright install chromium)."
)


def find() -> str | None:
    """The browser's executable."""
    on_path = next((found for name in NAMES if (found := shutil.which(name))), None)
    return on_path or _of_playwright()


def _of_playwright() -> str | None:
    try:
        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except Error:
        return None
    return path if Path(path).exists() else None


def install() -> None:
    """Debian's package, where this account may install packages."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "-qq", "update"], check=False, **quiet)
    subprocess.run(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "chromium"], check=False, **quiet)


def main() -> int:
    if find() is None:
        install()
    if find() is not None:
        return 0
    print(MISSING, file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
