"""What the departments are called, for the board's filter; an unknown one shows its id."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from hospital_hub.clinical.complaints import load_catalogue
from hospital_hub.clinical.text import Language
from hospital_hub.triage.departments import id_of

Names = Mapping[Language, str]


@lru_cache(maxsize=1)
def department_names() -> Mapping[str, Names]:
    """By id: the kiosk's own table, and the departments that the rule pack's complaints name."""
    text = resources.files("hospital_hub.triage").joinpath("departments.toml").read_text("utf-8")
    own: dict[str, Names] = {
        block["id"]: {"zh-CN": block["zh"], "en": block["en"]} for block in tomllib.loads(text)["department"]
    }
    named = {id_of(one.department["en"]): one.department for one in load_catalogue().complaints}
    return {**named, **own}
