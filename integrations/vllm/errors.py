"""What can go wrong between the hub and a model server, as the hub needs to tell it apart."""

from enum import StrEnum


class Fault(StrEnum):
    REFUSED = "refused"  # no connection
    STATUS = "status"  # an HTTP error before any token
    SLOW = "slow"  # one of the clocks ran out
    CUT = "cut"  # the stream ended without saying that it was finished
    MALFORMED = "malformed"  # a line that is not the protocol
    EMPTY = "empty"  # finished without content (the thinking never closed)


class UpstreamFault(Exception):
    """`status` is the HTTP status where there was one; `caller_is_wrong` when another replica would say the same."""

    def __init__(self, fault: Fault, detail: str = "", *, status: int = 0) -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault
        self.status = status

    @property
    def caller_is_wrong(self) -> bool:
        return self.status in {400, 413, 422}
