"""Puts the shell around an application: headers, request ids, language, errors, fixed files."""

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from hospital_hub.emr_registry import Emrs
from hospital_hub.errors import HubError
from hospital_hub.settings import Settings
from hospital_hub.web import problems
from hospital_hub.web.body_limit import BodyLimitMiddleware
from hospital_hub.web.languages import LanguageMiddleware, texts_of
from hospital_hub.web.pages import gallery, shell
from hospital_hub.web.problems import ProblemFormat
from hospital_hub.web.security import (
    LastResortMiddleware,
    RequestIdMiddleware,
    SameOriginMiddleware,
    SecurityHeadersMiddleware,
)
from hospital_hub.web.static import FOLDER, PREFIX, HubFiles, static_url
from hospital_hub.web.templates import NOTHING


def install(app: FastAPI, *, settings: Settings, problem_formats: Mapping[str, ProblemFormat] | None = None) -> None:
    """Call once, after the application's other middleware is added.

    `problem_formats` gives paths below a prefix a form of error of their own, such as OpenAI's on /v1/.

    Raises:
        WrongSetup: the files for the browser are not built.
    """
    static_url("vendor:htmx/htmx.min.js")
    texts_of("zh-CN")
    app.state.settings = settings
    app.state.problem_formats = problem_formats or NOTHING
    app.mount(PREFIX, HubFiles(directory=FOLDER), name="static")
    app.include_router(shell)
    if settings.demo:
        app.include_router(gallery)
    _answer_errors(app)
    https = settings.public_url.startswith("https://")
    # The last one added is the outermost.
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(SameOriginMiddleware)
    app.add_middleware(LastResortMiddleware)
    app.add_middleware(LanguageMiddleware, secure=https)
    voice = bool(settings.transcription_url)
    app.add_middleware(SecurityHeadersMiddleware, emr_origins=_framing(settings), https=https, voice=voice)
    app.add_middleware(RequestIdMiddleware)


def _framing(settings: Settings) -> tuple[str, ...]:
    """The origins of all EMRs; a page that belongs to one of them says so itself."""
    return Emrs.of_settings(settings).frame_origins or ((settings.emr_origin,) if settings.emr_origin else ())


def _answer_errors(app: FastAPI) -> None:
    app.add_exception_handler(HubError, problems.on_hub_error)
    app.add_exception_handler(RequestValidationError, problems.on_validation_error)
    app.add_exception_handler(HTTPException, problems.on_http_exception)
    app.add_exception_handler(RecursionError, problems.on_unreadable)
    app.add_exception_handler(UnicodeError, problems.on_unreadable)
