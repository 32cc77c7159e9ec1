"""FHIR over HTTP as the hub answers it: resources without a null, and errors as OperationOutcomes (R4, 3.1.0.1.5)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from hospital_hub.web.problems import Problem, language_for_programs, problem_body
from integrations.fhir.lossless import dumps

ERRORS: Final = "urn:hospital-hub:error"
# http://hl7.org/fhir/R4/valueset-issue-type.html
_ISSUES: Final[Mapping[int, str]] = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    429: "throttled",
    502: "transient",
    503: "transient",
}


class FhirResponse(Response):
    """`content` is one resource. The models of fhir.resources would be written with nulls: they do not come here."""

    media_type = "application/fhir+json; charset=utf-8"

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - as Starlette has it
        return dumps(content)


def fhir_error(request: Request, problem: Problem) -> Response:
    """The form of each error below /fhir/."""
    request_id = str(getattr(request.state, "request_id", ""))
    body = problem_body(problem, language=language_for_programs(request), request_id=request_id)
    return FhirResponse(operation_outcome(body), problem.status, headers=dict(problem.headers))


def operation_outcome(body: Mapping[str, Any]) -> dict[str, Any]:
    """From the members of problem+json: the first issue says what happened, each further one a place."""
    return {"resourceType": "OperationOutcome", "issue": list(_issues(body))}


def _issues(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    code = _ISSUES.get(body["status"], "exception")
    first = {"severity": "error", "code": code, "details": _details(body["code"], body["detail"] or body["title"])}
    yield {**first, "diagnostics": f"request {body['request_id']}"} if body["request_id"] else first
    for one in body.get("errors", ()):
        details = _details(one["code"], one["message"])
        yield {"severity": "error", "code": code, "details": details, "expression": [one["location"]]}


def _details(code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": ERRORS, "code": code}], "text": text}
