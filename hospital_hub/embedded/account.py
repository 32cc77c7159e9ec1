"""Finds the account a server runs as: PostgreSQL refuses root, so root lends it an unprivileged one.

Changes no account and no permission of the machine.
"""

import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = 0


@dataclass(frozen=True)
class Account:
    """`keeps_reach`: it may pass folders closed to others (Linux: CAP_DAC_OVERRIDE and no other right of root)."""

    uid: int
    gid: int
    keeps_reach: bool


def open_to_others(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def server_account(home: Path, *programs: Path) -> Account | None:
    """None: as ourselves, since we are not root. The owner of a `home` that exists stays its owner."""
    if os.geteuid() != ROOT:
        return None
    owner = home.stat().st_uid if home.exists() else ROOT
    entry = pwd.getpwnam("nobody") if owner == ROOT else pwd.getpwuid(owner)
    within_reach = all(open_to_others(path) for path in (home, *programs))
    # Elsewhere than on Linux there is no such single right: the data must lie where others may pass.
    keeps_reach = sys.platform == "linux" and not within_reach
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, keeps_reach=keeps_reach)


def give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)
