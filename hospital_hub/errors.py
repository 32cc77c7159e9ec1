"""The errors a caller of the hub can meet, by name.

HubError
├── BadInput             400  the request cannot be understood as it is
│   ├── BadLines         422  single lines of it cannot; each is named
│   └── TooLong          413  it is longer than the hub takes
├── NotLoggedIn          401
├── NotAllowed           403
├── NotFound             404
├── Conflict             409  somebody or something was faster
├── Refused              422  understood, but a rule of the hospital forbids it
├── Busy                 429  no room; `retry_after` says when
├── UpstreamFailed       502  a model, the FHIR server or the EMR answered wrongly
└── Unavailable          503  a part the request needs is not there
    └── ModelsUnavailable     no allowed model can answer

Each carries a machine-readable `code`, a sentence for a person and what to do next. None ever carries
patient data: the text goes to logs and to screens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar


class HubError(Exception):
    """`message` says what happened, `next_step` what the reader can do about it; `code` overrides the class's."""

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "hub_error"

    def __init__(self, message: str, next_step: str = "", *, code: str = "", place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.code = code or self.default_code
        self.place = place

    @property
    def headers(self) -> Mapping[str, str]:
        return {}


class BadInput(HubError):
    status = 400
    default_code = "bad_input"


@dataclass(frozen=True)
class LineError:
    """`message` is a sentence about one line, numbered from 1; `limits` are the rule's own values that it names."""

    line: int
    code: str
    message: str
    limits: Mapping[str, int] = field(default_factory=dict)


class BadLines(BadInput):
    """`lines` are the first wrong ones."""

    status = 422
    default_code = "bad_lines"

    def __init__(self, message: str, next_step: str = "", *, lines: Sequence[LineError]) -> None:
        super().__init__(message, next_step)
        self.lines = tuple(lines)


class TooLong(BadInput):
    status = 413
    default_code = "too_long"


class NotLoggedIn(HubError):
    status = 401
    default_code = "not_logged_in"


class NotAllowed(HubError):
    status = 403
    default_code = "not_allowed"


class NotFound(HubError):
    status = 404
    default_code = "not_found"


class Conflict(HubError):
    status = 409
    default_code = "conflict"


class Refused(HubError):
    status = 422
    default_code = "refused"


class Busy(HubError):
    """`retry_after` is in whole seconds."""

    status = 429
    default_code = "busy"

    def __init__(self, message: str, next_step: str = "", *, retry_after: int, code: str = "") -> None:
        super().__init__(message, next_step, code=code)
        self.retry_after = retry_after

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after)}


class UpstreamFailed(HubError):
    status = 502
    default_code = "upstream_failed"


class Unavailable(HubError):
    status = 503
    default_code = "unavailable"

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": "5"}


class ModelsUnavailable(Unavailable):
    default_code = "models_unavailable"


class WrongSetup(Exception):
    """The hub cannot start; the message is one line that says what to do."""
