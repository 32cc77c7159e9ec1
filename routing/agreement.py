"""When two answers agree, for each kind of answer. Free text is judged by the claims that a caller took from it."""

import re
import unicodedata
from collections.abc import Collection, Mapping

CHOICE = re.compile(r"(?<![a-z])([a-j])(?![a-z])")
NEGLIGIBLE = 1e-9


def same_choice(first: str, second: str) -> bool:
    """The same option letter, or, where none is given, the same words. An answer without words agrees with nothing."""
    one, other = _choice(first), _choice(second)
    return bool(one) and one == other


def same_fields(first: Mapping[str, object], second: Mapping[str, object], *, fields: Collection[str]) -> bool:
    """Every one of `fields` is in both and equal: numbers by value, text by its folded words, lists by their set."""
    missing = object()
    return all(
        first.get(name, missing) is not missing and _folded(first[name]) == _folded(second.get(name, missing))
        for name in fields
    )


def same_claims(first: Collection[str], second: Collection[str], *, unsupported: Collection[str]) -> bool:
    """Free text agrees when the check supports every claim of both and each makes claims at all."""
    return bool(first) and bool(second) and not {*first, *second} & set(unsupported)


def _choice(answer: str) -> str:
    plain = _words(answer)
    letters = CHOICE.findall(plain)
    return letters[-1] if letters else plain


def _folded(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return round(value / NEGLIGIBLE) if abs(value) < 1 else float(value)
    if isinstance(value, str):
        return _words(value)
    if isinstance(value, Mapping):
        return frozenset((key, _folded(item)) for key, item in value.items())
    if isinstance(value, Collection):
        return frozenset(_folded(item) for item in value)
    return value


def _words(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace(".", " ").replace(")", " ").split())
