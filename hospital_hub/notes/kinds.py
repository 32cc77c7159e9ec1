"""The kinds of notes that can be drafted, each a TOML file: its sections, what each holds, which facts belong to it.

A department adds kinds, or replaces one by its name, in the folder of the setting note_kinds_folder.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hospital_hub.clinical.grounding import FactKind
from hospital_hub.errors import BadInput, WrongSetup

DEFAULT: Final = "progress"
_NAME: Final = r"^[a-z][a-z0-9_]{0,39}$"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Data):
    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def of(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


class Code(_Data):
    """A LOINC code of the document's type."""

    code: str = Field(pattern=r"^\d{1,7}-\d$")
    display: str


class Section(_Data):
    """`facts` fill it where no model did; an `only_sourced` section holds nothing that no source says."""

    id: str = Field(pattern=_NAME)
    title: Words
    holds: Words
    facts: tuple[FactKind, ...] = ()
    required: bool = False
    only_sourced: bool = False


class Kind(_Data):
    """`id` is the file's name."""

    id: str = Field(pattern=_NAME)
    version: str = Field(pattern=r"^[\w.-]{1,20}$")
    order: int = 100
    name: Words
    loinc: Code
    sections: tuple[Section, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _each_once(self) -> "Kind":
        for names in (
            [one.id for one in self.sections],
            *([one.title.of(tongue) for one in self.sections] for tongue in ("en", "zh")),
        ):
            if len(set(names)) < len(names):
                message = "two sections have the same id or title"
                raise ValueError(message)
        return self


@lru_cache(maxsize=4)
def kinds(folder: Path | None = None) -> Mapping[str, Kind]:
    """All kinds by id, in the order of the picker.

    Raises:
        WrongSetup: the folder is not there, or a file in it is no kind.
    """
    found = {name: _read(name, source) for name, source in _files(folder)}
    return {kind.id: kind for kind in sorted(found.values(), key=lambda kind: (kind.order, kind.id))}


def kind_named(name: str, *, folder: Path | None = None) -> Kind:
    """The kind a clinician asked for."""
    found = kinds(folder).get(name)
    if found is None:
        raise BadInput("The hub does not know this kind of note.", "Choose one from the list.", code="unknown_kind")
    return found


def kind_of(name: str, *, folder: Path | None = None) -> Kind:
    """The kind of a note that stands; the default where a department has removed it since."""
    found = kinds(folder)
    return found.get(name) or found[DEFAULT]


def _files(folder: Path | None) -> Iterator[tuple[str, Traversable]]:
    """The hub's own first: a department's file of the same name replaces it."""
    yield from _of_folder(resources.files("hospital_hub.notes").joinpath("prompts", "kinds"))
    if folder is None:
        return
    if not folder.is_dir():
        raise WrongSetup(f"HUB_NOTE_KINDS_FOLDER={folder} is no folder")
    yield from _of_folder(folder)


def _of_folder(folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            yield file.name.removesuffix(".toml"), file


def _read(name: str, source: Traversable) -> Kind:
    try:
        return Kind.model_validate({**tomllib.loads(source.read_text(encoding="utf-8")), "id": name})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as wrong:
        raise WrongSetup(f"The kind of note {source} cannot be read: {wrong}") from wrong
