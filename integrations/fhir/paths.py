"""Reading places of a resource that may be missing or of another shape than R4 says: never an exception."""

from typing import Any


def at(value: Any, *path: str | int) -> Any:  # noqa: ANN401 - JSON as received
    """What stands at `path`, or None."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def word(value: Any, *path: str | int) -> str:  # noqa: ANN401 - JSON as received
    """Text, code or number at `path` in its own digits; empty where there is none."""
    found = at(value, *path)
    if isinstance(found, bool) or found is None or isinstance(found, dict | list):
        return ""
    return str(found).strip()


def items(value: Any, *path: str | int) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON as received
    """The objects of an array at `path`."""
    found = at(value, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def concept(value: Any, *path: str | int) -> str:  # noqa: ANN401 - JSON as received
    """A CodeableConcept in words: its text, else the first display, else the first code."""
    found = at(value, *path)
    displays = [word(coding, "display") for coding in items(found, "coding")]
    codes = [word(coding, "code") for coding in items(found, "coding")]
    return next((one for one in (word(found, "text"), *displays, *codes) if one), "")


def codes(value: Any, *path: str | int) -> frozenset[str]:  # noqa: ANN401 - JSON as received
    """All codes of a CodeableConcept."""
    return frozenset(word(coding, "code") for coding in items(at(value, *path), "coding")) - {""}
