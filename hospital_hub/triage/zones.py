"""Where the people with tickets wait: the site's own names of its zones in both languages (zones.toml)."""

import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language
from hospital_hub.errors import WrongSetup

LONGEST = 40  # characters, so that a name fits on paper 80 mm wide
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]
Names = tuple[Name, Name]  # Chinese, English


class Zones(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    desk: Names
    of_iii: Names = Field(alias="III")
    of_iv: Names = Field(alias="IV")

    def name(self, level: Level | None, language: Language) -> str:
        """Of those who are not known to be well enough to wait elsewhere (None, I, II) the desk."""
        chinese, english = {Level.III: self.of_iii, Level.IV: self.of_iv}.get(level or Level.I, self.desk)
        return chinese if language == "zh-CN" else english


@lru_cache(maxsize=8)
def load_zones(file: Path | None) -> Zones:
    """The site's, or the packaged ones.

    Raises:
        WrongSetup: the file cannot be used.
    """
    source = file or resources.files("hospital_hub.triage").joinpath("zones.toml")
    try:
        return Zones.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise WrongSetup(f"HUB_TRIAGE_ZONES_FILE={file} cannot be read: {wrong}") from wrong
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise WrongSetup(f"HUB_TRIAGE_ZONES_FILE={file}: {place}: {first['msg']}") from wrong
