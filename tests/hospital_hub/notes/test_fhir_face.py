"""The hub's own FHIR face: what it says of itself, the Task of a draft, errors as OperationOutcomes, never a null."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub import errors
from hospital_hub.errors import HubError
from hospital_hub.identity.permissions import Role
from hospital_hub.main import create_app
from hospital_hub.notes.document import MadeBy, SignedNote, document_reference, provenance
from hospital_hub.notes.draft import Draft, Signature, State
from hospital_hub.notes.draft_task import STATUS, draft_task
from hospital_hub.notes.fhir_face import capability_statement
from hospital_hub.notes.kinds import kind_of
from hospital_hub.notes.store import About, Kept
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.settings import Settings
from hospital_hub.web.fhir import FhirResponse, operation_outcome
from hospital_hub.web.problems import problem_body, problem_of
from integrations.fhir.checking import problems
from integrations.fhir.lossless import dumps, loads
from integrations.fhir.peculiar import peculiarities
from tests.fixtures.hub import ORIGIN, LogIn, rows
from tests.hospital_hub.notes.conftest import Browser

Json = dict[str, Any]
NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
TASK = f"/fhir/Task/{uuid.UUID(int=1)}"
# What a database and a form can hold: no half characters, no NUL.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
WORDS = st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True)


def body_of(answer: httpx.Response) -> Json:
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    return checked(answer.content)


def checked(content: bytes) -> Json:
    """Valid for this project's own check, which lets no null pass; and no null as plain JSON has it."""
    found = loads(content)
    assert problems(found) == []
    assert no_null(json.loads(content))
    return found


def no_null(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(no_null, value.values()))
    return all(map(no_null, value)) if isinstance(value, list) else value is not None


async def test_everybody_may_ask_what_the_hub_speaks(client: httpx.AsyncClient) -> None:
    statement = body_of(await client.get("/fhir/metadata"))
    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert statement["implementation"]["url"] == f"{ORIGIN}/fhir"


def test_the_statement_names_what_there_is_and_nothing_else(app: FastAPI) -> None:
    (rest,) = capability_statement(ORIGIN)["rest"]
    said = {
        f"/fhir/{one['type']}/{{{one['type'].lower()}}}"
        for one in rest["resource"]
        if one["interaction"] == [{"code": "read"}]
    }
    paths = {route.path for route in app.routes if getattr(route, "path", "").startswith("/fhir/")}  # type: ignore[attr-defined]
    assert paths == said | {"/fhir/metadata"}


async def test_a_draft_is_a_task_from_being_asked_for_to_its_text(launched: Browser, settings: Settings) -> None:
    asked = await launched.client.post("/notes/drafts", data={"login": await launched.login_id()})
    note = asked.text.split("/notes/drafts/")[1].split("/")[0]
    waiting = body_of(await launched.client.get(f"/fhir/Task/{note}"))
    assert (waiting["id"], waiting["status"], "output" in waiting) == (note, "in-progress", False)
    assert waiting["for"] == {"reference": f"{launched.emr.base}/Patient/p1"}
    assert waiting["encounter"] == {"reference": f"{launched.emr.base}/Encounter/e1"}
    assert waiting["requester"]["reference"] == f"{launched.emr.base}/Practitioner/dr-1"

    await launched.client.get(f"/notes/drafts/{note}/events")
    done = body_of(await launched.client.get(f"/fhir/Task/{note}"))
    assert done["status"] == "completed"
    assert done["output"][0]["valueReference"] == {
        "type": "DocumentReference",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{note}"},
    }
    assert "token" not in json.dumps(done)  # the fake model's words
    read = rows(settings.database_url, f"SELECT count(*) FROM audit_event WHERE entity = 'note_draft/{note}'")  # noqa: S608
    assert int(str(read[0][0])) >= 2


@pytest.mark.parametrize("task", [str(uuid.UUID(int=1)), "x", "1" * 200])
async def test_no_such_task(launched: Browser, task: str) -> None:
    answer = await launched.client.get(f"/fhir/Task/{task}")
    assert (answer.status_code, body_of(answer)["issue"][0]["code"]) == (404, "not-found")


async def test_a_draft_of_somebody_else_is_no_task(launched: Browser, settings: Settings) -> None:
    note = await launched.new_draft()
    launched.emr.id_claims = {"fhirUser": f"{launched.emr.base}/Practitioner/dr-2", "sub": "u2"}
    assert (await launched.launch()).status_code == 303
    assert (await launched.client.get(f"/fhir/Task/{note}")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", TASK, 401, "login"),
        ("GET", "/fhir/Patient/p1", 404, "not-found"),
        ("POST", "/fhir/metadata", 405, "not-supported"),
        ("DELETE", TASK, 405, "not-supported"),
    ],
)
async def test_each_error_is_an_operation_outcome(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    for language in ("en", "zh-CN"):
        answer = await client.request(method, path, headers={"Accept": "text/html", "Accept-Language": language})
        outcome = body_of(answer)
        assert (answer.status_code, outcome["issue"][0]["code"]) == (status, code)
        assert outcome["issue"][0]["details"]["text"]


async def test_a_nurse_has_no_drafts(client: httpx.AsyncClient, log_in: LogIn) -> None:
    client.cookies.update(await log_in(Role.NURSE))
    answer = await client.get(TASK)
    assert (answer.status_code, body_of(answer)["issue"][0]["code"]) == (403, "forbidden")


async def test_a_fault_of_the_hub_is_told_without_its_text(settings: Settings) -> None:
    """No resources are open: each guarded request meets an AttributeError."""
    transport = httpx.ASGITransport(app=create_app(settings), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies={"hub_session": "x"}) as broken:
        answer = await broken.get(TASK)
    assert (answer.status_code, body_of(answer)["issue"][0]["code"]) == (500, "exception")
    assert "Attribute" not in answer.text


def test_each_state_of_a_draft_has_a_status() -> None:
    assert STATUS.keys() == set(State)


def kept(draft: Draft, *, encounter: str, practitioner: str) -> Kept:
    row = NoteDraft(
        id=uuid.UUID(int=5),
        issuer="https://emr.example.org/fhir",
        subject=b"x",
        about=b"x",
        author="u1",
        author_name="Dr. Demo",
        series=uuid.UUID(int=5),
        created_at=NOW,
        updated_at=NOW + timedelta(seconds=1),
    )
    return Kept(row, About("p1", encounter, practitioner), draft, "", (), kind_of("progress"))


@given(
    state=st.sampled_from(State),
    encounter=st.one_of(st.just(""), WORDS),
    practitioner=st.sampled_from(["", "Practitioner/x"]),
    resource=st.one_of(st.just(""), WORDS.map("DocumentReference/{}".format)),
)
def test_no_task_holds_a_null(state: State, encounter: str, practitioner: str, resource: str) -> None:
    draft = Draft(state=state, resource=resource if state is State.FILED else "")
    checked(bytes(FhirResponse(draft_task(kept(draft, encounter=encounter, practitioner=practitioner))).body))


def _errors() -> list[type[HubError]]:
    return [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, HubError)]


@given(kind=st.sampled_from(_errors()), text=st.one_of(st.just(""), TEXTS), request_id=TEXTS)
def test_no_outcome_holds_a_null(kind: type[HubError], text: str, request_id: str) -> None:
    extra: Json = {"retry_after": 1} if kind is errors.Busy else {"lines": []} if kind is errors.BadLines else {}
    problem = problem_of(kind(text, **extra))
    for language in ("en", "zh-CN"):
        body = problem_body(problem, language=language, request_id=request_id)
        outcome = loads(bytes(FhirResponse(operation_outcome(body)).body))
        assert [one for one in peculiarities(outcome) if one.kind.value == "null"] == []
        assert outcome["issue"][0]["details"]["text"]


@given(text=TEXTS, encounter=st.one_of(st.just(""), WORDS), name=TEXTS, sources=st.lists(WORDS, max_size=3))
def test_no_filed_note_holds_a_null(text: str, encounter: str, name: str, sources: list[str]) -> None:
    note = SignedNote(
        id=uuid.UUID(int=7),
        text=text,
        language="en",
        patient="p1",
        encounter=encounter,
        practitioner="Practitioner/dr-1",
        signature=Signature("u1", name, NOW, "a" * 64),
        made_by=MadeBy("r1-70b", "weights", "prompt@1", "2026-11"),
        sources=tuple(f"Observation/{one}" for one in sources),
    )
    for resource in (document_reference(note), provenance(note, target="DocumentReference/d1")):
        assert no_null(json.loads(dumps(resource)))


@pytest.mark.parametrize("content", [{"a": None}, {"a": [None]}, {"a": {}}, {"a": [{"b": None}]}, {"a": 0.5}])
def test_a_null_never_leaves(content: Json) -> None:
    with pytest.raises(ValueError, match="do not belong"):
        FhirResponse(content)
