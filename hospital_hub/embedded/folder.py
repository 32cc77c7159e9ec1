"""The data folder: one owner at a time, and a short private place for sockets."""

import asyncio
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from hospital_hub.embedded.account import Account, give
from hospital_hub.errors import WrongSetup

LOCK_WITHIN = 10.0
LOCK_PAUSE = 0.1
LONGEST_LOG = 5_000_000
# sun_path holds 108 bytes on Linux and 104 elsewhere, the closing zero included; the socket's name needs its share.
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.65535")


def prepare(data: Path) -> Path:
    """Made so that only its owner can look inside; root lets the database's account pass through."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        data.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as wrong:
        raise WrongSetup(f"The data folder {data} cannot be made ({wrong.strerror}): give another one") from wrong
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        raise WrongSetup(f"The data folder {data} belongs to another account: give another one")
    (data / "logs").mkdir(mode=0o700, exist_ok=True)
    return data.resolve()


def set_long_logs_aside(logs: Path) -> None:
    """One older file of each log is kept."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LONGEST_LOG:
            log.replace(log.with_suffix(".log.1"))


@contextmanager
def opened_lock(data: Path) -> Iterator[int]:
    number = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield number
    finally:
        os.close(number)


async def take_lock(number: int, data: Path) -> None:
    """Waits only for a run that was killed and is still being cleaned up."""
    deadline = asyncio.get_running_loop().time() + LOCK_WITHIN
    while not _locked(number):
        owner = _owner(number)
        if owner and psutil.pid_exists(owner):
            raise WrongSetup(f"The hub of {data} already runs (process {owner}): stop it or give another data folder")
        if asyncio.get_running_loop().time() > deadline:
            raise WrongSetup(f"The last run of {data} has not ended yet: wait a moment or give another data folder")
        await asyncio.sleep(LOCK_PAUSE)
    os.ftruncate(number, 0)
    os.pwrite(number, str(os.getpid()).encode(), 0)


def _locked(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(number: int) -> int:
    written = os.pread(number, 20, 0)
    return int(written) if written.isdigit() else 0


def socket_folder(wanted: Path, account: Account | None) -> Path:
    """`wanted`, or a private folder with a short path that stays the same at each start."""
    folder = wanted
    if len(os.fsencode(wanted)) > LONGEST_SOCKET_FOLDER:
        mark = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"hospital-hub-{os.getuid()}-{mark}"
    folder.mkdir(mode=0o700, exist_ok=True)
    _refuse_foreign(folder, account)
    give(folder, account)
    return folder


def _refuse_foreign(folder: Path, account: Account | None) -> None:
    """Anybody may make a folder in the temporary directory, and would then own our sockets."""
    found = folder.lstat()
    owners = {os.getuid()} | ({account.uid} if account else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or stat.S_IMODE(found.st_mode) & 0o077:
        raise WrongSetup(f"{folder} is not a private folder of this account: remove it and start again")
