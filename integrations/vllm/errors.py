"""What can go wrong between the hub and a model server, as the hub needs to tell it apart."""

from enum import StrEnum


class Fault(StrEnum):
    REFUSED = "refused"  # no connection
    STATUS = "status"  # an HTTP error before any token
    SLOW = "slow"  # one of the clocks ran out; the detail names it
    CUT = "cut"  # the stream ended without saying that it was finished
    MALFORMED = "malformed"  # a line that is not the protocol
    EMPTY = "empty"  # finished without content (the thinking never closed)


TOO_LONG = frozenset({"input_tokens", "input_text", "max_tokens"})


class UpstreamFault(Exception):
    """`status` is the HTTP status where there was one, `parameter` the field that the server found wrong.

    `retry_after` in seconds, where the server named it; `caller_is_wrong` when another replica would say the same.
    """

    def __init__(
        self, fault: Fault, detail: str = "", *, status: int = 0, parameter: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault
        self.detail = detail
        self.status = status
        self.parameter = parameter
        self.retry_after = retry_after

    @property
    def caller_is_wrong(self) -> bool:
        return self.status in {400, 413, 422}

    @property
    def too_long(self) -> bool:
        """The question and the room for its answer do not fit into this model's context."""
        return self.caller_is_wrong and self.parameter in TOO_LONG
