"""Becomes a part: gives up root, ties its life to the supervisor's, then turns into the given program.

Run by its path, before any third-party import: `python -I -S launch.py OPTIONS -- PROGRAM ARGUMENTS`.
"""

import argparse
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
PARENT_IS_GONE = 70


def call(name: str, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def become(uid: int, gid: int, *, keep_reach: bool) -> None:
    if keep_reach:
        # The right then outlives setuid, and access(2), by which initdb looks for its programs, honours it.
        call("prctl", PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if keep_reach:
        keep_only_reach()


def keep_only_reach() -> None:
    """See capabilities(7): an ambient right outlives the exec of a program that has none of its own."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    right = 1 << CAP_DAC_OVERRIDE
    sets = (ctypes.c_uint32 * 6)(right, right, right, 0, 0, 0)
    call("capset", ctypes.byref(header), ctypes.byref(sets))
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def end_with(parent: int, number: int) -> None:
    """After `become`, because a change of account clears the death signal (prctl(2))."""
    if sys.platform == "linux":
        call("prctl", PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(PARENT_IS_GONE)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int, default=signal.SIGKILL)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--keep-reach", action="store_true")
    parser.add_argument("program", nargs="+")
    options = parser.parse_args()
    if options.uid is not None:
        become(options.uid, options.gid, keep_reach=options.keep_reach)
    end_with(options.parent, options.death_signal)
    try:
        os.execv(options.program[0], options.program)  # noqa: S606 # the parts of the demo, no shell
    except OSError as wrong:
        sys.exit(f"cannot start {options.program[0]}: {wrong.strerror}")


if __name__ == "__main__":
    main()
