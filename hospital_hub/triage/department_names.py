"""What the departments are called, for the board's filter; an unknown one shows its id."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from hospital_hub.clinical.text import Language


@lru_cache(maxsize=1)
def department_names() -> Mapping[str, Mapping[Language, str]]:
    text = resources.files("hospital_hub.triage").joinpath("departments.toml").read_text("utf-8")
    return {block["id"]: {"zh-CN": block["zh"], "en": block["en"]} for block in tomllib.loads(text)["department"]}
