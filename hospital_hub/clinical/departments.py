"""The hospital's departments by id, for every rule that names one; the only table of them (departments.toml). Pure."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Final

from hospital_hub.clinical.text import Language

GENERAL: Final = "general"
Names = Mapping[Language, str]


@lru_cache(maxsize=1)
def department_names() -> Mapping[str, Names]:
    """By id: what each is called."""
    text = resources.files("hospital_hub.clinical").joinpath("departments.toml").read_text("utf-8")
    return {name: {"zh-CN": chinese, "en": english} for name, (chinese, english) in tomllib.loads(text).items()}
