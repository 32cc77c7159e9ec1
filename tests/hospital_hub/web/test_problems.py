"""An error says what happened and what to do, in the reader's form and language, and nothing internal."""

import traceback

import httpx
import pytest
from structlog.testing import capture_logs

from hospital_hub.web.security import AnswerBrokenOff
from tests.hospital_hub.web.conftest import SECRET

HTML = {"accept": "text/html,application/xhtml+xml", "accept-language": "en"}


async def test_a_hub_error_as_problem_json(shell: httpx.AsyncClient) -> None:
    answer = await shell.get("/missing", headers={"x-request-id": "request-1"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such case. Look at the board.",
        "code": "no_case",
        "request_id": "request-1",
        "errors": [{"location": "path.case", "code": "no_case", "message": "There is no such case."}],
    }


async def test_a_path_may_have_its_own_form(shell: httpx.AsyncClient) -> None:
    assert (await shell.get("/v1/missing", headers=HTML)).text == "own:no_case"


async def test_busy_says_when(shell: httpx.AsyncClient) -> None:
    answer = await shell.get("/busy")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize(
    ("language", "message"), [("zh-CN", "内容太长，最多 5 个字符。"), ("en", "Too long: at most 5 characters.")]
)
async def test_what_is_wrong_where(shell: httpx.AsyncClient, language: str, message: str) -> None:
    sent = {"name": "patient name", "pulse": 80, "dose": 1}
    answer = await shell.post("/order", json=sent, headers={"accept-language": language})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid_request")
    assert body["errors"][0] == {"location": "body.name", "code": "string_too_long", "message": message}
    assert body["errors"][1]["location"] == "body.dose"
    assert "patient name" not in answer.text


@pytest.mark.parametrize(
    "content",
    [b"{", b"", b"[" * 100_000, b'{"name": "\\ud800", "pulse": 30}', b"\xff\xfe\x00", b"null", b"[]", b"NaN"],
    ids=["cut", "empty", "deep", "half-pair", "no-utf8", "null", "list", "nan"],
)
async def test_broken_input_is_the_callers_error(shell: httpx.AsyncClient, content: bytes) -> None:
    answer = await shell.post("/order", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"broken_json", "bad_request", "invalid_request", "unreadable"}


async def test_an_unknown_fields_name_cannot_break_the_answer(shell: httpx.AsyncClient) -> None:
    name = "\\ud800\\u0000" + "x" * 500
    answer = await shell.post(
        "/order", content=f'{{"{name}": 1}}'.encode(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert all(len(error["location"]) <= 120 for error in answer.json()["errors"])


async def test_a_page_for_people(shell: httpx.AsyncClient) -> None:
    answer = await shell.get("/missing", headers=HTML)
    assert answer.status_code == 404
    assert "There is no such case." in answer.text
    assert answer.headers["x-request-id"] in answer.text


async def test_an_alert_inside_a_page_leaves_what_was_typed(shell: httpx.AsyncClient) -> None:
    answer = await shell.post("/private", headers={**HTML, "hx-request": "true"})
    assert (answer.headers["hx-retarget"], answer.headers["hx-reswap"]) == ("#alerts", "innerHTML")
    assert '<div class="alert alert-error">' in answer.text
    assert 'href="/login"' in answer.text
    assert "<html" not in answer.text


async def test_a_page_that_needs_a_log_in_leads_to_it(shell: httpx.AsyncClient) -> None:
    answer = await shell.get("/private", headers={**HTML, "sec-fetch-dest": "document"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/private")


@pytest.mark.parametrize("extra", [{"sec-fetch-dest": "iframe"}, {}])
async def test_a_frame_is_not_led_to_the_log_in(shell: httpx.AsyncClient, extra: dict[str, str]) -> None:
    answer = await shell.get("/private", headers={**HTML, **extra})
    assert answer.status_code == 401
    assert "You are not logged in." in answer.text


@pytest.mark.parametrize(("path", "status"), [("/broken", 500), ("/deep", 400)])
@pytest.mark.parametrize("headers", [HTML, {"accept": "application/json"}, {"hx-request": "true"}])
async def test_an_unforeseen_error_says_nothing_internal(
    shell: httpx.AsyncClient, path: str, status: int, headers: dict[str, str]
) -> None:
    with capture_logs() as logs:
        answer = await shell.get(path, headers=headers)
    assert answer.status_code == status
    for words in (SECRET, "Traceback", "ValueError", "conftest", "RecursionError"):
        assert words not in answer.text
    assert SECRET not in str(logs)
    assert [line["error"] for line in logs] == (["ValueError"] if status == 500 else [])


async def test_an_error_after_the_first_byte_cuts_the_answer_and_hides_its_text(shell: httpx.AsyncClient) -> None:
    with capture_logs() as logs, pytest.raises(AnswerBrokenOff) as cut:
        await shell.get("/breaks-off")
    assert [line["event"] for line in logs] == ["unforeseen_error"]
    assert SECRET not in str(logs)
    assert SECRET not in "".join(traceback.format_exception(cut.value))


async def test_what_an_error_says_is_never_markup(shell: httpx.AsyncClient) -> None:
    answer = await shell.get("/<script>alert(1)</script>", headers=HTML)
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
