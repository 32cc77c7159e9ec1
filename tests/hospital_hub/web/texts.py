"""Every text that a person can read and that stands in the hub's own code or templates."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from hospital_hub.errors import HubError
from hospital_hub.web.languages import CATALOGUES

HUB = Path(__file__).resolve().parents[3] / "hospital_hub"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None}
SENTENCES = ("message", "next_step")


@dataclass(frozen=True)
class Text:
    words: str
    place: str


def texts_of_templates(root: Path = HUB) -> Iterator[Text]:
    """Of `_()`, `ngettext()` and `{% trans %}` below the folders named `templates`."""
    for path in sorted(root.rglob("templates/**/*.html")):
        yield from _extracted("jinja2.ext:babel_extract", path, options={"trimmed": "true", "silent": "false"})


def texts_of_code(root: Path = HUB) -> Iterator[Text]:
    """Of `_()` and `marked()`, and the constant sentences of HubErrors."""
    for path in sorted(root.rglob("*.py")):
        yield from _extracted("python", path, options={})
        yield from _sentences_of_errors(path)


def _extracted(method: str, path: Path, *, options: dict[str, str]) -> Iterator[Text]:
    for line, message, _comments, _context in extract_from_file(method, path, keywords=KEYWORDS, options=options):
        words = message if isinstance(message, str) else message[0]
        yield Text(words, f"{path.relative_to(HUB.parent)}:{line}")


def _sentences_of_errors(path: Path) -> Iterator[Text]:
    names = {"HubError", *(found.__name__ for found in _below(HubError))}
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names:
            given = [*call.args[:2], *(word.value for word in call.keywords if word.arg in SENTENCES)]
            for sentence in given:
                if isinstance(sentence, ast.Constant) and sentence.value:
                    yield Text(str(sentence.value), f"{path.relative_to(HUB.parent)}:{sentence.lineno}")


def _below(error: type[HubError]) -> Iterator[type[HubError]]:
    for found in error.__subclasses__():
        yield found
        yield from _below(found)


@dataclass(frozen=True)
class Entry:
    words: str
    translation: str
    catalogue: str
    fuzzy: bool


def entries() -> Iterator[Entry]:
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_CN", abort_invalid=True):
                words, text = _first(message.id), _first(message.string)
                if words:
                    yield Entry(words, text, path.name, message.fuzzy)


def _first(forms: str | Sequence[str] | None) -> str:
    return forms if isinstance(forms, str) else (forms or [""])[0]
