"""How far a command is, on the terminal's standard error; nothing where that is a file or a pipe."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")


def watched(items: Sequence[T], *, doing: str) -> Iterable[T]:
    """The items, with a bar."""
    console = Console(stderr=True)
    return track(items, description=doing, console=console, transient=True, disable=not console.is_terminal)
