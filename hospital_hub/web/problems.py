"""The one form of an error: problem+json (RFC 9457) for programs, a page for people, an alert inside a page.

Says what happened and what to do next; never what the reader sent and never anything internal.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from hospital_hub.errors import BadLines, HubError, LineError
from hospital_hub.web.field_errors import BROKEN_JSON, FieldError, field_errors
from hospital_hub.web.languages import COOKIE, Language, gettext_for, language_of, marked
from hospital_hub.web.templates import render

LOGIN: Final = "/login"
log = structlog.get_logger()

_AGAIN: Final = marked("Try again; if it stays so, tell the hospital's IT with the request number.")
_CHECK: Final = marked("Correct what is marked and send it again.")
_BY_STATUS: Final[Mapping[int, tuple[str, str]]] = {
    400: (marked("The request cannot be read."), _CHECK),
    401: (marked("You are not logged in."), marked("Log in and try again.")),
    403: (marked("You may not do this."), marked("Ask your administrator if you need it.")),
    404: (marked("There is nothing at this address."), marked("Check the address or go to the start page.")),
    405: (marked("This address does not take such a request."), marked("Go back and use the page's buttons.")),
    413: (marked("That is more than the hub takes at once."), marked("Shorten it or send it in parts.")),
    415: (marked("The hub does not take this kind of content."), marked("Send JSON or a form.")),
}


@dataclass(frozen=True)
class Problem:
    """`message` and `next_step` are msgids; they are translated when the answer is made."""

    status: int
    code: str
    message: str
    next_step: str = ""
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


ProblemFormat = Callable[[Request, Problem], Response]


def respond(request: Request, problem: Problem) -> Response:
    """The answer in the form that the caller reads; a prefix of the path may have a form of its own."""
    formats: Mapping[str, ProblemFormat] = getattr(request.app.state, "problem_formats", {})
    own = next((form for prefix, form in formats.items() if request.url.path.startswith(prefix)), None)
    if own is not None:
        return own(request, problem)
    if request.headers.get("hx-request") == "true":
        return _alert(request, problem)
    if "text/html" in request.headers.get("accept", ""):
        return _page(request, problem)
    return _json(request, problem)


def _json(request: Request, problem: Problem) -> Response:
    content = problem_body(problem, language=language_for_programs(request), request_id=_id_of(request))
    return JSONResponse(content, problem.status, headers=dict(problem.headers), media_type="application/problem+json")


def problem_body(problem: Problem, *, language: Language, request_id: str) -> dict[str, Any]:
    """The members of RFC 9457, 3.1, and the hub's own: code, errors, request_id."""
    _ = gettext_for(language)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": " ".join(_(text) for text in (problem.message, problem.next_step) if text),
        "code": problem.code,
        "request_id": request_id,
    }
    if problem.errors:
        body["errors"] = [
            {"location": one.location, "code": one.code, "message": one.sentence(_)} for one in problem.errors
        ]
    return body


def language_for_programs(request: Request) -> Language:
    """A program that names no language reads English."""
    named = "accept-language" in request.headers or COOKIE in request.cookies
    return language_of(request) if named else "en"


def _page(request: Request, problem: Problem) -> Response:
    # A frame cannot hold the log-in page; there the sentence is shown instead.
    top_level = request.headers.get("sec-fetch-dest") == "document"
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET" and top_level:
        return RedirectResponse(_login_url(request), HTTPStatus.SEE_OTHER)
    page = render(request, "error.html", context=_context(request, problem), status=problem.status)
    page.headers.update(problem.headers)
    return page


def _alert(request: Request, problem: Problem) -> Response:
    """Shown above the page's content, so that nothing typed is lost."""
    fragment = render(request, "problem_alert.html", context=_context(request, problem), status=problem.status)
    fragment.headers.update({**problem.headers, "hx-retarget": "#alerts", "hx-reswap": "innerHTML"})
    return fragment


def _context(request: Request, problem: Problem) -> Mapping[str, object]:
    return {
        "problem": problem,
        "request_id": _id_of(request),
        "login_url": _login_url(request) if problem.status == HTTPStatus.UNAUTHORIZED else None,
    }


def _login_url(request: Request) -> str:
    return f"{LOGIN}?next={quote(request.url.path, safe='/')}" if request.method == "GET" else LOGIN


def _id_of(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


async def on_hub_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)  # noqa: S101 - registered for this class alone
    return respond(request, problem_of(error))


def problem_of(error: HubError) -> Problem:
    return Problem(
        status=error.status,
        code=error.code,
        message=error.message,
        next_step=error.next_step,
        errors=_places(error),
        headers=error.headers,
    )


def _places(error: HubError) -> tuple[FieldError, ...]:
    if isinstance(error, BadLines):
        return tuple(_of_line(one) for one in error.lines)
    return (FieldError(error.place, error.code, error.message, {}),) if error.place else ()


def _of_line(error: LineError) -> FieldError:
    limits = {"line": str(error.line), **{name: str(value) for name, value in error.limits.items()}}
    return FieldError(f"line {error.line}", error.code, error.message, limits)


async def on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    return respond(request, problem_of_form(error.errors()))


def problem_of_form(found: Sequence[Mapping[str, Any]]) -> Problem:
    """From pydantic's list of errors."""
    errors = field_errors(found)
    if any(one.code == BROKEN_JSON for one in errors):
        return Problem(400, "broken_json", marked("This is not valid JSON."), _CHECK, errors)
    message = marked("The request does not have the expected form.")
    return Problem(422, "invalid_request", message, _CHECK, errors)


async def on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    message, next_step = _BY_STATUS.get(error.status_code, (marked("The hub cannot do this now."), _AGAIN))
    code = HTTPStatus(error.status_code).name.lower()
    headers = error.headers or {}
    return respond(request, Problem(error.status_code, code, message, next_step, headers=headers))


async def on_unreadable(request: Request, _error: Exception) -> Response:
    """Nesting deeper than the parser goes, or characters that no text can carry."""
    return respond(request, Problem(400, "unreadable", *_BY_STATUS[400]))


def unforeseen(error: Exception) -> Problem:
    """Log the kind and the place of an error, not its text, which may quote a patient."""
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("unforeseen_error", error=type(error).__qualname__, frames=frames[-6:])
    return Problem(500, "internal", marked("Something went wrong in the hub."), _AGAIN)
