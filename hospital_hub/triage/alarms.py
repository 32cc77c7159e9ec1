"""How loudly an unacknowledged red flag calls, by how long nobody has answered. Pure.

It only ever gets louder, and ends with a nurse's step alone. The sounds themselves are in board.js.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Final

LOUDER_AFTER: Final = timedelta(minutes=1)
NOBODY_AFTER: Final = timedelta(minutes=2)


class Alarm(StrEnum):
    CALLING = "calling"
    LOUDER = "louder"
    NOBODY = "nobody"  # across the whole board: nobody has acknowledged it


def alarm(unanswered: timedelta) -> Alarm:
    if unanswered >= NOBODY_AFTER:
        return Alarm.NOBODY
    return Alarm.LOUDER if unanswered >= LOUDER_AFTER else Alarm.CALLING
