"""The frame of a page: banner, user, fixed files, and the tools for those who write templates."""

import hashlib
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Request
from jinja2 import UndefinedError

from hospital_hub.web.static import FOLDER, static_url
from hospital_hub.web.templates import clock, environment, fragment, render
from tests.hospital_hub.web.conftest import ORIGIN, make_app


def request_to(app: FastAPI, **state: object) -> Request:
    scope = {"type": "http", "app": app, "path": "/board", "query_string": b"q=1", "headers": [], "state": state}
    return Request(scope | {"method": "GET", "server": ("hub.test", 80), "scheme": "http"})


@pytest.mark.parametrize("path", ["/look", "/look/kiosk", "/look/panel", "/nowhere"])
@pytest.mark.parametrize(
    ("language", "banner"),
    [("zh-CN", "演示用模型权重，不可用于临床"), ("en", "Demonstration weights, not for clinical use")],
)
async def test_each_page_of_the_demonstration_says_so(
    shell: httpx.AsyncClient, path: str, language: str, banner: str
) -> None:
    page = await shell.get(path, headers={"accept": "text/html", "cookie": f"hub_lang={language}"})
    assert banner in page.text


async def test_outside_the_demonstration_there_is_no_banner_and_no_gallery() -> None:
    transport = httpx.ASGITransport(app=make_app(demo=False))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        page = await client.get("/look", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert "demo-banner" not in page.text


def test_the_header_names_who_is_logged_in(shell_app: FastAPI) -> None:
    who = SimpleNamespace(display_name="<b>Li</b>", role="nurse")
    page = fragment(request_to(shell_app, principal=who, language="en"), "base.html")
    assert "&lt;b&gt;Li&lt;/b&gt;" in page
    assert "Nurse" in page
    assert 'action="/logout"' in page


def test_an_unknown_name_is_an_error(shell_app: FastAPI) -> None:
    request = request_to(shell_app)
    environment("en").from_string("{{ _('Sign') }}").render()
    with pytest.raises(UndefinedError):
        environment("en").from_string("{{ nobody }}").render()
    assert render(request, "base.html", status=418).status_code == 418


def test_values_are_escaped_and_translated_values_too() -> None:
    template = environment("zh-CN").from_string("{{ value }}{{ translate(value) }}{{ translate('Sign') }}")
    assert template.render(value="<i>50%</i>") == "&lt;i&gt;50%&lt;/i&gt;" * 2 + "签名"


def test_paths_have_a_mapping_of_parameters(shell_app: FastAPI) -> None:
    @shell_app.get("/cases/{case}", name="case")
    async def case(case: int) -> int:
        return case

    page = request_to(shell_app)
    macro = environment("en").from_string("{{ path_for('case', {'case': 7}) }} {{ here }}")
    context = {"path_for": lambda name, values: page.app.url_path_for(name, **values), "here": "/board?q=1"}
    assert macro.render(context) == "/cases/7 /board?q=1"


def test_hospital_time() -> None:
    assert clock(datetime(2026, 3, 5, 16, 7, 9, tzinfo=UTC)) == "2026-03-06 00:07"
    assert clock(datetime(2026, 3, 5, 16, 7, 9, tzinfo=UTC), seconds=True) == "2026-03-06 00:07:09"


@pytest.mark.parametrize("name", ["hub.css", "hub.js", "stream.js", "theme.js", "vendor:htmx/htmx.min.js"])
async def test_a_fixed_file_is_cached_for_ever_under_its_own_url_only(shell: httpx.AsyncClient, name: str) -> None:
    url = static_url(name)
    fixed = await shell.get(url)
    assert (fixed.status_code, "immutable" in fixed.headers["cache-control"]) == (200, True)
    if "?" in url:
        for other in (url.split("?")[0], url.split("?")[0] + "?v=000000000000"):
            assert (await shell.get(other)).headers["cache-control"] == "no-cache"


async def test_what_the_browser_has_already_stays_fixed(shell: httpx.AsyncClient) -> None:
    url = static_url("hub.css")
    etag = (await shell.get(url)).headers["etag"]
    again = await shell.get(url, headers={"if-none-match": etag})
    assert (again.status_code, "immutable" in again.headers["cache-control"]) == (304, True)
    assert (await shell.get("/static/vendor/manifest.json")).headers["cache-control"] == "no-cache"


def test_the_vendored_files_are_those_of_the_manifest_with_their_licences() -> None:
    vendor = FOLDER / "vendor"
    sums = json.loads((vendor / "manifest.json").read_text(encoding="utf-8"))
    assert {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()} == {
        *sums,
        "manifest.json",
    }
    assert all(hashlib.sha256((vendor / name).read_bytes()).hexdigest() == given for name, given in sums.items())
    assert {name.split("/")[0].rsplit("-", 1)[0] for name in sums if name.endswith("LICENSE")} == {
        "chart",
        "diff",
        "htmx",
        "noto-sans-sc",
    }


def test_nothing_that_is_shipped_names_another_host() -> None:
    for path in FOLDER.rglob("*"):
        if path.suffix in {".css", ".html"}:
            assert "//" not in path.read_text(encoding="utf-8").replace("/*", "").replace("*/", ""), path
    lock = (FOLDER.parent / "assets" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
