"""What the services answer to a wrong call: an OperationOutcome that names each place, as CDS Hooks 3.0 recommends."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from hospital_hub.errors import BadInput, HubError, NotAllowed
from hospital_hub.web.languages import Language, gettext_for, marked
from integrations.cds_hooks.faults import Fault, FaultCode

SYSTEM: Final = "urn:hospital-hub:error"
# http://hl7.org/fhir/R4/valueset-issue-type.html
_ISSUES: Final[Mapping[int, str]] = {
    401: "login",
    403: "forbidden",
    404: "not-found",
    409: "conflict",
    412: "incomplete",
    413: "too-long",
    429: "throttled",
    503: "transient",
}
_SAID: Final[Mapping[FaultCode, str]] = {
    FaultCode.MISSING: marked("This is required and is not there."),
    FaultCode.NOT_OBJECT: marked("This must be a JSON object."),
    FaultCode.NOT_LIST: marked("This must be a JSON array."),
    FaultCode.NOT_TEXT: marked("This must be a JSON string."),
    FaultCode.NOT_NUMBER: marked("This must be a JSON number without quotes."),
    FaultCode.NOT_UUID: marked("This must be a UUID."),
    FaultCode.NOT_URL: marked("This must be an absolute URL."),
    FaultCode.NOT_ID: marked("This must be a bare FHIR id, without the type of its resource."),
    FaultCode.NOT_REFERENCE: marked("This must be a reference such as Practitioner/123."),
    FaultCode.NOT_INSTANT: marked("This must be a date and time with its time zone (RFC 3339)."),
    FaultCode.TOO_MANY: marked("These are more than the hub takes at once."),
    FaultCode.WRONG_HOOK: marked("This service is for another hook."),
    FaultCode.USER_KIND: marked("This hook is not for such a user."),
    FaultCode.NOT_BEARER: marked("The type of the token must be Bearer."),
    FaultCode.NO_SERVER: marked("With fhirAuthorization there must be a fhirServer (cds-r-1)."),
    FaultCode.NO_TOKEN_PATIENT: marked("A token with patient/ scopes should name its patient (cds-r-2)."),
    FaultCode.NOT_OUTCOME: marked("The outcome is either accepted or overridden (cds-fb-1)."),
    FaultCode.NO_SUGGESTION: marked("An accepted card names the accepted suggestions (cds-fb-2)."),
    FaultCode.EMPTY_REASON: marked("A reason for overriding has a code, a comment, or both (cds-fb-3)."),
    FaultCode.NO_ENCOUNTER_ID: marked("The hook requires this; the id of the encounter that came along was taken."),
    FaultCode.PYTHON_NAME: marked("This is a name of a Python library; the element of FHIR is called otherwise."),
    FaultCode.NULL: marked("FHIR's JSON has no null here; leave the element out."),
    FaultCode.STRING_FOR_NUMBER: marked("This must be a JSON number without quotes."),
    FaultCode.WRONG_RESOURCE: marked("This is another kind of resource than was asked for."),
    FaultCode.NO_PATIENT: marked("This names no patient, so it cannot be used."),
    FaultCode.FOREIGN_PATIENT: marked("This names another patient than the call, so nothing of it was used."),
    FaultCode.UNASKED: marked("The service did not ask for this; it was not looked at."),
    FaultCode.OUTCOME: marked("The EMR reported an error instead of the data."),
}


class WrongCall(BadInput):
    """400, with every fault by name."""

    default_code = "wrong_call"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("The call is not one of CDS Hooks 2.0.1.", "Correct what is named and call again.")
        self.faults = tuple(faults)


class ChartMissing(HubError):
    """412: nothing that the service works on is there (CDS Hooks 2.0.1, "HTTP Status Codes")."""

    status = HTTPStatus.PRECONDITION_FAILED
    default_code = "chart_missing"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(
            "The service could read nothing of the chart that it needs.",
            "Send the prefetch that discovery names, or fhirServer with a valid fhirAuthorization.",
        )
        self.faults = tuple(faults)


class ForeignServer(NotAllowed):
    default_code = "fhir_server_not_registered"

    def __init__(self) -> None:
        super().__init__(
            "The fhirServer is not the one that is registered for this caller.",
            "Nothing was read. Ask the hub's administrator to register it.",
        )


class OtherPatient(NotAllowed):
    default_code = "token_of_another_patient"

    def __init__(self) -> None:
        super().__init__(
            "The fhirAuthorization is for another patient than the call.",
            "Nothing was read. Open the patient again in the EMR.",
        )


def sentence(fault: Fault, language: Language) -> str:
    said = gettext_for(language)(_SAID[fault.code])
    return f"{said} [{fault.word}]" if fault.word else said


def outcome(error: HubError, *, language: Language, request_id: str) -> dict[str, Any]:
    """An OperationOutcome: first the whole, then each place."""
    said = gettext_for(language)
    text = " ".join(said(one) for one in (error.message, error.next_step) if one)
    code = _ISSUES.get(error.status, "invalid" if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else "exception")
    whole = issue(code, error.code, text=text)
    if request_id:
        whole["diagnostics"] = request_id
    faults = error.faults if isinstance(error, WrongCall | ChartMissing) else ()
    return {"resourceType": "OperationOutcome", "issue": [whole, *(_of(fault, language) for fault in faults)]}


def issue(code: str, own: str, *, text: str, severity: str = "error") -> dict[str, Any]:
    details = {"coding": [{"system": SYSTEM, "code": own}], "text": text}
    return {"severity": severity, "code": code, "details": details}


def _of(fault: Fault, language: Language) -> dict[str, Any]:
    code = "required" if fault.code is FaultCode.MISSING else "value"
    return {**issue(code, fault.code.value, text=sentence(fault, language)), "expression": [fault.place]}
