"""What a GNU Health server can answer instead of what was asked, by name: from the HTTP status and Tryton's own words.

The texts of its errors are never read: they are written for people, in any language, and may quote a patient.
"""

from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    UNREACHABLE = "unreachable"  # no connection, or too slow
    LOGIN = "login"  # wrong name or password, or the session has ended
    BUSY = "busy"  # too many attempts to log in
    FORBIDDEN = "forbidden"
    NO_DATABASE = "no_database"
    NO_PATIENT = "no_patient"
    NO_EVALUATION = "no_evaluation"
    CLOSED = "closed"  # the evaluation is done or signed: nothing may be written into it any more
    CHANGED = "changed"  # somebody wrote to the record after it was read
    REFUSED = "refused"  # a rule or right of GNU Health forbids it
    BROKEN = "broken"  # the server failed
    MALFORMED = "malformed"  # not Tryton's JSON, or of another shape than asked for
    TOO_LARGE = "too_large"


PASSING = frozenset({Fault.UNREACHABLE, Fault.BUSY, Fault.BROKEN})
_BY_STATUS: Mapping[int, Fault] = {
    401: Fault.LOGIN,
    403: Fault.FORBIDDEN,
    404: Fault.NO_DATABASE,
    429: Fault.BUSY,
}
# trytond/exceptions.py: the first argument of each exception travels as its name.
_BY_NAME: Mapping[str, Fault] = {
    "UserError": Fault.REFUSED,
    "UserWarning": Fault.REFUSED,
    "LoginException": Fault.LOGIN,
    "ConcurrencyException": Fault.CHANGED,
    "RateLimitException": Fault.BUSY,
}


class GnuHealthFault(Exception):
    """`detail` is a word of ours, never what the server sent."""

    def __init__(self, fault: Fault, detail: str = "", *, status: int = 0) -> None:
        super().__init__(f"{fault}: {detail or status or ''}")
        self.fault = fault
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.fault in PASSING


def fault_of_status(status: int) -> GnuHealthFault:
    return GnuHealthFault(_BY_STATUS.get(status, Fault.BROKEN), status=status)


def fault_of_error(error: object) -> GnuHealthFault:
    """Of the `error` in an answer: a list that begins with the exception's name, if it is one of Tryton's."""
    name = error[0] if isinstance(error, list) and error else ""
    return GnuHealthFault(_BY_NAME.get(name, Fault.BROKEN) if isinstance(name, str) else Fault.BROKEN)
