"""How one request to a model server ended. What the whole question came to is `tables.Outcome`."""

from enum import StrEnum


class AttemptOutcome(StrEnum):
    OPEN = "open"  # sent, or about to be; a crash leaves it so, and the sweep closes it as LOST
    UNSENT = "unsent"  # nothing was sent: the caller left before
    ANSWERED = "answered"
    REFUSED = "refused"  # no connection: the server saw nothing
    BUSY = "busy"  # 429, or 503 with Retry-After: the server did no work
    REJECTED = "rejected"  # 400, 413, 422: the request is wrong everywhere
    BROKEN = "broken"  # another HTTP error, or an error event
    SLOW = "slow"  # one of the four clocks ran out
    CUT = "cut"  # the stream ended without saying that it was finished
    MALFORMED = "malformed"  # a line that is not the protocol
    EMPTY = "empty"  # finished without content
    ABANDONED = "abandoned"  # the caller went away
    LOST = "lost"  # the hub's process ended in between
