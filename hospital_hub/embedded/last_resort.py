"""Ends what a killed supervisor left behind, and holds the data folder's lock until that is done.

Reads `+ GROUP SIGNAL` and `- GROUP` lines; acts when the pipe closes. Run by its path: `python -I -S last_resort.py`.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE = 5.0
PAUSE = 0.05


def watched_groups(lines: Iterable[str]) -> dict[int, int]:
    """Process groups that are still to be ended when the lines end, each with its stop signal."""
    groups: dict[int, int] = {}
    for line in lines:
        sign, group, *number = line.split()
        if sign == "+":
            groups[int(group)] = int(number[0])
        else:
            groups.pop(int(group), None)
    return groups


def send(group: int, number: int) -> bool:
    """False: the group is gone."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end(groups: dict[int, int]) -> None:
    alive = {group for group, number in groups.items() if send(group, number)}
    deadline = time.monotonic() + GRACE
    while alive and time.monotonic() < deadline:
        time.sleep(PAUSE)
        alive = {group for group in alive if send(group, 0)}
    for group in alive:
        send(group, signal.SIGKILL)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(watched_groups(sys.stdin))


if __name__ == "__main__":
    main()
