"""The hub's own files for the browser, with URLs that change when their content does."""

import hashlib
import re
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from hospital_hub.errors import WrongSetup

PREFIX: Final = "/static"
FOLDER: Final = Path(__file__).parent / "static"
_VERSIONED: Final = re.compile(r"vendor/[\w-]+-\d[\d.]*/")
_FOREVER: Final = "public, max-age=31536000, immutable"


def fingerprint(name: str) -> str:
    """Twelve hex digits of the file's SHA-256."""
    path = FOLDER / name
    return _fingerprint(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _fingerprint(path: Path, _changed_at: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@lru_cache
def vendor(name: str) -> str:
    """`htmx/htmx.min.js` as it lies on disk: `vendor/htmx-4.0.1/htmx.min.js`."""
    package, _, file = name.partition("/")
    found = sorted((FOLDER / "vendor").glob(f"{package}-*/{file}"))
    if not found:
        raise WrongSetup("The files for the browser are not built: run `make assets`.")
    return found[-1].relative_to(FOLDER).as_posix()


def static_url(name: str) -> str:
    """`hub.css` or `vendor:htmx/htmx.min.js` as a URL that may be cached for ever."""
    if name.startswith("vendor:"):
        return f"{PREFIX}/{vendor(name.removeprefix('vendor:'))}"
    return f"{PREFIX}/{name}?v={fingerprint(name)}"


class HubFiles(StaticFiles):
    """Immutable under a name with a version or with the right fingerprint; else the browser asks again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        found = response.status_code in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}
        asked = QueryParams(scope["query_string"]).get("v")
        fixed = found and (_VERSIONED.match(path) is not None or asked == fingerprint(path))
        response.headers["cache-control"] = _FOREVER if fixed else "no-cache"
        return response
