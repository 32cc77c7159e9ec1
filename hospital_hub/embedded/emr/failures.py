"""How this EMR says no: OAuth errors at its authorisation server, OperationOutcomes at its FHIR proxy."""

from typing import Any


class OAuthFailure(Exception):
    """`error` is a code of RFC 6749; `description` is for the developer of the app."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status

    @property
    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


class FhirRefusal(Exception):
    """`code` is one of FHIR's issue types; `challenge` goes into WWW-Authenticate."""

    def __init__(self, status: int, code: str, *, text: str, challenge: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.challenge = challenge

    @property
    def body(self) -> dict[str, Any]:
        issue = {"severity": "error", "code": self.code, "details": {"text": self.text}}
        return {"resourceType": "OperationOutcome", "issue": [issue]}


def forbidden(text: str) -> FhirRefusal:
    return FhirRefusal(403, "forbidden", text=text)


def no_token(text: str) -> FhirRefusal:
    return FhirRefusal(401, "login", text=text, challenge='Bearer error="invalid_token"')
