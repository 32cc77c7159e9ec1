"""What a FHIR server can answer instead of what was asked, by name: from the status and OperationOutcome codes.

The texts of an OperationOutcome are never read: they are written for people, and may quote a patient.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    UNREACHABLE = "unreachable"  # no connection, or too slow
    LOGIN = "login"  # 401: the token is missing, wrong or has ended
    FORBIDDEN = "forbidden"  # 403, or issue code security / forbidden
    NOT_FOUND = "not_found"  # 404, 410
    CONFLICT = "conflict"  # 409, 412: a condition did not hold, or somebody was faster
    AMBIGUOUS = "ambiguous"  # 412 to If-None-Exist: more than one match (R4, 3.1.0.8.1)
    INVALID = "invalid"  # the resource or the request is not accepted
    BUSY = "busy"  # 429, 503; `retry_after` says when
    BROKEN = "broken"  # 5xx
    MALFORMED = "malformed"  # not FHIR JSON, or JSON of another shape than asked for
    TOO_LARGE = "too_large"
    FOREIGN = "foreign"  # a link, redirect or location that leads away from the base


PASSING = frozenset({Fault.UNREACHABLE, Fault.BUSY, Fault.BROKEN})
_BY_STATUS: Mapping[int, Fault] = {
    401: Fault.LOGIN,
    403: Fault.FORBIDDEN,
    404: Fault.NOT_FOUND,
    410: Fault.NOT_FOUND,
    409: Fault.CONFLICT,
    412: Fault.CONFLICT,
    413: Fault.TOO_LARGE,
    429: Fault.BUSY,
    503: Fault.BUSY,
}
# http://hl7.org/fhir/R4/valueset-issue-type.html
_BY_ISSUE: Mapping[str, Fault] = {
    "login": Fault.LOGIN,
    "expired": Fault.LOGIN,
    "unknown": Fault.LOGIN,
    "forbidden": Fault.FORBIDDEN,
    "suppressed": Fault.FORBIDDEN,
    "not-found": Fault.NOT_FOUND,
    "deleted": Fault.NOT_FOUND,
    "conflict": Fault.CONFLICT,
    "duplicate": Fault.CONFLICT,
    "multiple-matches": Fault.AMBIGUOUS,
    "throttled": Fault.BUSY,
    "lock-error": Fault.BUSY,
    "timeout": Fault.BUSY,
    "transient": Fault.BUSY,
    "too-long": Fault.TOO_LARGE,
    "too-costly": Fault.TOO_LARGE,
}
SERVER_ERROR = 500
LONGEST_WAIT = 3600


class FhirFault(Exception):
    """`issues` are OperationOutcome issue codes; `retry_after` in seconds, 0 where the server told none."""

    def __init__(
        self, fault: Fault, detail: str = "", *, status: int = 0, issues: tuple[str, ...] = (), retry_after: int = 0
    ) -> None:
        super().__init__(f"{fault}: {detail or status or ''}")
        self.fault = fault
        self.status = status
        self.issues = issues
        self.retry_after = retry_after

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.fault in PASSING


def fault_of(
    status: int, outcome: Mapping[str, Any] | None, *, retry_after: str = "", answered_at: str = ""
) -> FhirFault:
    """The status decides; an issue code only makes it more precise. `answered_at` is the answer's own Date."""
    issues = issue_codes(outcome)
    general = _BY_STATUS.get(status) or (Fault.BROKEN if status >= SERVER_ERROR else Fault.INVALID)
    precise = next((_BY_ISSUE[code] for code in issues if code in _BY_ISSUE), general)
    fault = precise if general in {Fault.INVALID, Fault.CONFLICT} else general
    wait = min(max(_seconds(retry_after, answered_at), 0), LONGEST_WAIT)
    return FhirFault(fault, status=status, issues=issues, retry_after=wait)


def _seconds(retry_after: str, answered_at: str) -> int:
    """Retry-After as a number or as a date, which is read by the server's own clock (RFC 9110, 10.2.3)."""
    if retry_after.isascii() and retry_after.isdigit():
        return int(retry_after[:9])
    try:
        return round((parsedate_to_datetime(retry_after) - parsedate_to_datetime(answered_at)).total_seconds())
    except (ValueError, TypeError):
        return 0


def issue_codes(outcome: Mapping[str, Any] | None) -> tuple[str, ...]:
    issues = (outcome or {}).get("issue")
    if not isinstance(issues, list):
        return ()
    codes = [issue.get("code") for issue in issues if isinstance(issue, dict)]
    return tuple(code for code in codes if isinstance(code, str) and code.replace("-", "").isalpha())
