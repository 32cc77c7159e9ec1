"""What is wrong with a request, place by place, in sentences of our own; never with the value that was sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hospital_hub.web.languages import marked

LONGEST_PLACE: Final = 120
MOST_ERRORS: Final = 20
BROKEN_JSON: Final = "json_invalid"
_OTHER: Final = marked("This value is not valid.")

# pydantic's error types (https://docs.pydantic.dev/latest/errors/validation_errors/); limits are put in by name
_SENTENCES: Final[Mapping[str, str]] = {
    "missing": marked("This is required."),
    "extra_forbidden": marked("This is not known here."),
    "string_too_short": marked("Too short: at least {min_length} characters."),
    "string_too_long": marked("Too long: at most {max_length} characters."),
    "string_type": marked("This must be text."),
    "string_pattern_mismatch": marked("This does not have the required form."),
    "too_short": marked("Too few entries: at least {min_length}."),
    "too_long": marked("Too many entries: at most {max_length}."),
    "greater_than": marked("This must be greater than {gt}."),
    "greater_than_equal": marked("This must be {ge} or more."),
    "less_than": marked("This must be less than {lt}."),
    "less_than_equal": marked("This must be {le} or less."),
    "int_parsing": marked("This must be a whole number."),
    "int_type": marked("This must be a whole number."),
    "float_parsing": marked("This must be a number."),
    "float_type": marked("This must be a number."),
    "bool_parsing": marked("This must be true or false."),
    "bool_type": marked("This must be true or false."),
    "enum": marked("This is not one of the choices."),
    "literal_error": marked("This is not one of the choices."),
    "uuid_parsing": marked("This must be an identifier."),
    "datetime_from_date_parsing": marked("This must be a date and time."),
    "date_from_datetime_parsing": marked("This must be a date."),
    "list_type": marked("This must be a list."),
    "dict_type": marked("This must be an object."),
    "model_attributes_type": marked("This must be an object."),
    BROKEN_JSON: marked("This is not valid JSON."),
}


@dataclass(frozen=True)
class FieldError:
    """`message` is a msgid; `limits` are the schema's own values that it names."""

    location: str
    code: str
    message: str
    limits: Mapping[str, str]

    def sentence(self, translate: Callable[[str], str]) -> str:
        return translate(self.message).format_map(self.limits) if self.limits else translate(self.message)


def field_errors(found: Sequence[Mapping[str, Any]]) -> tuple[FieldError, ...]:
    """From pydantic's list; the first twenty."""
    return tuple(
        FieldError(
            location=printable(".".join(str(part) for part in error["loc"]))[:LONGEST_PLACE],
            code=str(error["type"]),
            message=_SENTENCES.get(error["type"], _OTHER),
            limits={name: str(value) for name, value in error.get("ctx", {}).items()},
        )
        for error in found[:MOST_ERRORS]
    )


def printable(text: str) -> str:
    """Without what no answer can carry: half surrogate pairs and control characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(character if character.isprintable() else "�" for character in whole)
