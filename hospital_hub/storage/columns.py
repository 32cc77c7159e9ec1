"""Column types that the tables share."""

from enum import StrEnum

from sqlalchemy import Enum

LONGEST_NAME = 40


def word_of(kind: type[StrEnum]) -> Enum:
    """A word from an enum, kept as text: a new state is then a change of code and not of the database's types."""
    return Enum(kind, native_enum=False, create_constraint=False, length=LONGEST_NAME)
