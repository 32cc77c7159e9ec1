"""Pages from templates: everything escaped, an unknown name is an error, texts in the reader's language.

A slice keeps its templates in hospital_hub/<slice>/templates/<slice>/.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hospital_hub.web.languages import Language, language_of, texts_of
from hospital_hub.web.static import static_url

SLICES: Final = ("identity", "triage", "notes", "research", "operations", "cds")
FOLDERS: Final = (
    Path(__file__).parent / "templates",
    *(Path(__file__).parent.parent / name / "templates" for name in SLICES),
)
NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_HOSPITAL_TIME: Final = ZoneInfo("Asia/Shanghai")


@lru_cache
def environment(language: Language) -> Environment:
    """One environment a language, so that macros need no context to speak it."""
    texts = texts_of(language)
    made = Environment(
        loader=FileSystemLoader(FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    # `_` is for texts of the template and gives markup; `translate` is for texts that arrive in a value.
    made.globals.update({"lang": language, "static_url": static_url, "translate": texts.gettext})
    made.filters["clock"] = clock
    return made


def clock(moment: datetime, *, seconds: bool = False) -> str:
    """Hospital time, `2026-03-05 14:07`."""
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return moment.astimezone(_HOSPITAL_TIME).strftime(form)


def render(request: Request, name: str, *, context: Mapping[str, object] = NOTHING, status: int = 200) -> HTMLResponse:
    return HTMLResponse(fragment(request, name, context=context), status)


def fragment(request: Request, name: str, *, context: Mapping[str, object] = NOTHING) -> str:
    """The text alone, as the `done` event of a stream needs it."""
    template = environment(language_of(request)).get_template(name)
    return template.render({**_of_request(request), **context})


def _of_request(request: Request) -> Mapping[str, object]:
    def path_for(name: str, params: Mapping[str, object] = NOTHING) -> str:
        return str(request.app.url_path_for(name, **params))

    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return {
        "request": request,
        "path": request.url.path,
        "here": here,
        "path_for": path_for,
        "principal": getattr(request.state, "principal", None),
        "demo": request.app.state.settings.demo,
    }
