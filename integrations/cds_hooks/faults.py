"""What a peer can send wrongly, by name: a place inside its JSON, a code, and at most one word of the specification.

Nothing of the content is repeated; it may be about a patient.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class FaultCode(StrEnum):
    MISSING = "missing"
    NOT_OBJECT = "not_an_object"
    NOT_LIST = "not_a_list"
    NOT_TEXT = "not_text"
    NOT_NUMBER = "not_a_number"
    NOT_UUID = "not_a_uuid"
    NOT_URL = "not_a_url"
    NOT_ID = "not_an_id"
    NOT_REFERENCE = "not_a_reference"
    NOT_INSTANT = "not_an_instant"
    TOO_MANY = "too_many"
    WRONG_HOOK = "wrong_hook"
    USER_KIND = "wrong_kind_of_user"
    NOT_BEARER = "not_bearer"
    NO_SERVER = "no_fhir_server"  # cds-r-1
    NO_TOKEN_PATIENT = "no_token_patient"  # cds-r-2  # noqa: S105 - a code, no secret
    NOT_OUTCOME = "not_an_outcome"  # cds-fb-1
    NO_SUGGESTION = "no_suggestion"  # cds-fb-2
    EMPTY_REASON = "empty_reason"  # cds-fb-3
    NO_ENCOUNTER_ID = "no_encounter_id"  # but the encounter itself came along
    # In FHIR resources that came along.
    PYTHON_NAME = "python_name"
    NULL = "null_value"
    STRING_FOR_NUMBER = "string_for_number"
    WRONG_RESOURCE = "wrong_resource"
    NO_PATIENT = "no_patient"
    FOREIGN_PATIENT = "foreign_patient"
    UNASKED = "unasked"
    OUTCOME = "operation_outcome"


# Named, and the call goes on: what is wrong is nothing that a rule looks at, or stands elsewhere too.
HARMLESS = frozenset(
    {
        *(FaultCode.PYTHON_NAME, FaultCode.NULL, FaultCode.UNASKED),
        *(FaultCode.NO_ENCOUNTER_ID, FaultCode.NO_TOKEN_PATIENT),
    }
)


@dataclass(frozen=True)
class Fault:
    """`place` as in `context.patientId`; `word` is the name that should stand there, if there is one."""

    code: FaultCode
    place: str
    word: str = ""


class WrongRequest(Exception):
    """`faults` are all that was found, in the order of the document."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(", ".join(f"{fault.code} at {fault.place}" for fault in faults))
        self.faults = tuple(faults)
