"""How an EMR differs from what R4 allows, where notes are filed. Data; nothing is decided here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hospital_hub.emr_registry import Capabilities


class Arrives(StrEnum):
    """The `docStatus` with which a document that was signed in the hub may be created there."""

    FINAL = "final"
    PRELIMINARY = "preliminary"  # everything from outside arrives unsigned and is signed there once more
    UNSAID = "unsaid"  # the EMR sets it by itself and refuses whoever names one


@dataclass(frozen=True)
class Profile:
    """The default is an EMR that takes what R4 allows.

    `kinds` are the resource types that it takes beside DocumentReference. Without `transactions` the hub creates one
    resource after the other; without `updates` it cannot mark a document as superseded or as entered in error, and a
    person has to do that there.
    """

    arrives: Arrives = Arrives.FINAL
    kinds: frozenset[str] = frozenset({"Device", "Provenance"})
    transactions: bool = True
    updates: bool = True

    def takes(self, kind: str) -> bool:
        return kind in self.kinds

    @property
    def scope(self) -> str:
        """What the worker asks for: no more than it writes and reads back."""
        return " ".join(f"system/{kind}.{letters}" for kind, letters in LETTERS if kind == BASE or self.takes(kind))


def profile_of(capabilities: Capabilities) -> Profile:
    """What an EMR's block says of it."""
    arrives = Arrives.FINAL
    if capabilities.unsigned:
        arrives = Arrives.PRELIMINARY if capabilities.preliminary else Arrives.UNSAID
    takes = {"Device": True, "Provenance": capabilities.provenance, "Composition": capabilities.composition}
    kinds = frozenset(kind for kind, taken in takes.items() if taken)
    return Profile(arrives=arrives, kinds=kinds, transactions=capabilities.transaction)


BASE: Final = "DocumentReference"
LETTERS: Final = ((BASE, "crus"), ("Device", "crs"), ("Composition", "crus"), ("Provenance", "crs"))
PLAIN: Final = Profile()
EVERYTHING: Final = Profile(kinds=frozenset(kind for kind, _ in LETTERS))
