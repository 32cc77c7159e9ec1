"""The shell's own addresses: the language switch, the fixed files, and the look of every component (demo)."""

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, RedirectResponse, Response

from hospital_hub.web.languages import Language, language_cookie
from hospital_hub.web.static import FOLDER
from hospital_hub.web.templates import render

START: Final = "/"
shell = APIRouter(include_in_schema=False)
gallery = APIRouter(include_in_schema=False)


class LanguageChoice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lang: Language
    back: str = Field(default=START, max_length=2000)


def local_path(wanted: str) -> str:
    """A path of this hub without its `lang`; the start page for anything that could lead elsewhere.

    Browsers read a backslash as a slash and drop tabs and line breaks (WHATWG URL), so both are refused.
    """
    harmless = wanted.startswith("/") and wanted.isprintable() and not set(wanted) & set("\\ ")
    if not harmless or wanted.startswith("//"):
        return START
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc:
        return START
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name != "lang"])
    return urlunsplit(("", "", parts.path, query, "")) if not parts.path.startswith("//") else START


@shell.post("/language", name="choose_language")
async def choose_language(request: Request, choice: Annotated[LanguageChoice, Form()]) -> Response:
    response = RedirectResponse(local_path(choice.back), HTTPStatus.SEE_OTHER)
    secure = request.app.state.settings.public_url.startswith("https://")
    response.headers.append("set-cookie", language_cookie(choice.lang, secure=secure))
    return response


@shell.get("/favicon.svg", name="favicon")
async def favicon() -> Response:
    return FileResponse(FOLDER / "favicon.svg", headers={"cache-control": "public, max-age=86400"})


@gallery.get("/look", name="look")
async def look(request: Request) -> Response:
    return render(request, "look/page.html")


@gallery.get("/look/kiosk", name="look_kiosk")
async def look_kiosk(request: Request) -> Response:
    return render(request, "look/kiosk.html")


@gallery.get("/look/panel", name="look_panel")
async def look_panel(request: Request) -> Response:
    return render(request, "look/panel.html")
