"""A table as a value: the terminal and the report show the same cells."""

from dataclasses import dataclass

NONE = "–"


@dataclass(frozen=True)
class Row:
    """`own` marks the row of the policy as it is."""

    cells: tuple[str, ...]
    own: bool = False


@dataclass(frozen=True)
class Sheet:
    """`key` names its place in the report, `note` says how to read it."""

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""


def named(what: str, policy: str, *, policies: int) -> str:
    """Rows name their policy where there are several."""
    return what if policies == 1 else f"{policy} · {what}"


def percent(share: float | None, digits: int = 1) -> str:
    # Adding zero turns a rounded -0.0 into 0.0.
    return NONE if share is None else f"{round(100 * share, digits) + 0.0:.{digits}f} %"


def number(value: float | None, digits: int = 2) -> str:
    return NONE if value is None else f"{value:.{digits}f}"


def pair(both: tuple[float, float] | None) -> str:
    """Two shares as `80.1 .. 87.3 %`."""
    return NONE if both is None else f"{100 * both[0]:.1f} .. {100 * both[1]:.1f} %"


def milliseconds(both: tuple[float, float] | None) -> tuple[str, str]:
    return (NONE, NONE) if both is None else (f"{both[0]:,.0f} ms", f"{both[1]:,.0f} ms")
