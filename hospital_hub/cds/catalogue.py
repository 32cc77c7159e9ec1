"""The services and every word of their cards, read from services.toml and checked when the hub starts."""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from hospital_hub.web.languages import Language
from integrations.cds_hooks.cards import Indicator

FILE: Final = "services.toml"
PARTIAL: Final = "partial"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """One text in both languages."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def said(self, language: Language) -> str:
        return self.zh if language == "zh-CN" else self.en


class About(_Strict):
    title: str
    description: str
    usage: str


class Service(_Strict):
    """`partial` is how urgent it is that something could not be checked."""

    id: str = Field(pattern=r"^[a-z0-9-]{1,60}$")
    hook: str
    rules: tuple[str, ...]
    partial: Indicator
    en: About
    zh: About
    prefetch: dict[str, str]

    def about(self, language: Language) -> About:
        return self.zh if language == "zh-CN" else self.en


class CardText(_Strict):
    indicator: Indicator
    summary: Words


class RuleText(_Strict):
    """A rule runs when all parts that it `needs` were read; one that it `uses` makes its card incomplete."""

    title: Words
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    text: dict[str, CardText]
    line: dict[str, Words] = {}
    overrides: tuple[str, ...] = ()
    suggestion: Words | None = None
    link: Words | None = None
    document: str = Field(default="", description="the kind of note that the link leads to, for the side panel")


class Parameters(_Strict):
    read_milliseconds: int = Field(gt=0, le=1000)
    abnormal_days: int = Field(gt=0)
    kidney_days: int = Field(gt=0)
    egfr_attention: int = Field(gt=0)
    most_lines: int = Field(gt=0)
    most_names: int = Field(gt=0)


class Catalogue(_Strict):
    parameters: Parameters
    source: Words
    service: tuple[Service, ...]
    parts: dict[str, Words]
    reasons: dict[str, Words]
    overrides: dict[str, Words]
    rule: dict[str, RuleText]

    def of(self, identifier: str) -> Service | None:
        return next((one for one in self.service if one.id == identifier), None)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    return Catalogue.model_validate(document(FILE))


def document(name: str) -> dict[str, Any]:
    """A TOML file of this package."""
    return tomllib.loads(resources.files("hospital_hub.cds").joinpath(name).read_text(encoding="utf-8"))
