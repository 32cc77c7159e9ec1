"""The EMRs of an installation as data: one from two settings, or several from the file HUB_EMRS_FILE.

What an EMR can and cannot do stands in its block; no code asks for an EMR's name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from hospital_hub.errors import WrongSetup
from hospital_hub.settings import Settings
from integrations.smart.discovery import origin_of, safe

ONLY: Final = "emr"  # the name of the one EMR of the simple settings
CHART_TYPES: Final = (
    *("Patient", "Condition", "Observation", "MedicationRequest"),
    *("AllergyIntolerance", "Encounter", "DocumentReference"),
)
_ORIGIN: Final = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?/?")
CHART_SCOPE: Final = " ".join(["openid", "fhirUser", *(f"patient/{kind}.rs" for kind in CHART_TYPES)])


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Capabilities(_Block):
    """What the EMR takes and gives; the defaults are what FHIR R4 lets every server do."""

    preliminary: bool = Field(default=True, description="takes docStatus `preliminary` when a document is created")
    unsigned: bool = Field(default=False, description="files everything unsigned; a person signs it there")
    composition: bool = Field(default=False, description="takes a Composition beside the DocumentReference")
    provenance: bool = Field(default=True, description="takes a Provenance")
    transaction: bool = Field(default=True, description="takes a transaction Bundle")
    everything: bool = Field(default=False, description="has Patient/$everything")


class Panel(_Block):
    """The SMART client of the side panel. `scope` is without `launch`, which each kind of launch adds itself."""

    client_id: str = Field(default="hub-panel", min_length=1)
    authentication: Literal["private_key_jwt", "public"] = "private_key_jwt"
    key_file: Path | None = Field(
        default=None, description="EC P-384 (ES384) or RSA (RS384); HUB_SMART_KEY_FILE if unset"
    )
    scope: str = CHART_SCOPE
    refresh: Literal["online_access", "offline_access", ""] = Field(
        default="online_access",
        description="asked where the EMR says that it has it; empty: the launch ends with its token",
    )
    standalone: bool = Field(default=False, description="may be started outside the EMR, by /notes/standalone")


class Backend(_Block):
    """The SMART client of the worker. `scope`, where set, is asked instead of what each part of the hub needs."""

    client_id: str = Field(default="hub-backend", min_length=1)
    key_file: Path | None = None
    scope: str = ""


class Emr(_Block):
    """One EMR. `issuer` is its FHIR base without a trailing slash, `frame_origin` where its pages are."""

    issuer: str
    title: str = ""
    frame_origin: str = ""
    login_origins: tuple[str, ...] = Field(default=(), description="of its log-in service, where that is elsewhere")
    home: bool = Field(default=False, description="triage files here; needed where there are several")
    panel: Panel = Panel()
    backend: Backend = Backend()
    capabilities: Capabilities = Capabilities()

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        if not safe(value):
            message = "must be an https URL"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("frame_origin")
    @classmethod
    def _frame(cls, value: str) -> str:
        """It becomes part of a header; nothing secret travels there, so http will do."""
        return _origin(value) if value else value

    @field_validator("login_origins")
    @classmethod
    def _logins(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if not all(safe(value) for value in values):
            message = "must be https origins"
            raise ValueError(message)
        return tuple(_origin(value) for value in values)

    @model_validator(mode="before")
    @classmethod
    def _own_pages(cls, values: Any) -> Any:  # noqa: ANN401 - a table of TOML
        """An EMR whose pages are where its FHIR server is does not have to say so."""
        if isinstance(values, dict) and not values.get("frame_origin") and isinstance(values.get("issuer"), str):
            return {**values, "frame_origin": origin_of(values["issuer"])}
        return values


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value) or origin_of(value) != value.rstrip("/"):
        message = "must be an origin: scheme, host and port, without a path"
        raise ValueError(message)
    return origin_of(value)


@dataclass(frozen=True)
class Emrs:
    """By the name that the file gives each; a single one needs no file."""

    blocks: Mapping[str, Emr]

    @classmethod
    def of_settings(cls, settings: Settings) -> Self:
        """What the settings name, none at all included.

        Raises:
            WrongSetup: one line that names the block and what is wrong with it.
        """
        if settings.emrs_file is None:
            return cls({ONLY: _only(settings)} if settings.emr_issuer else {})
        if settings.emr_issuer:
            raise WrongSetup("HUB_EMR_ISSUER and HUB_EMRS_FILE are both set: keep one of them")
        return cls._checked(settings.emrs_document(), file=settings.emrs_file)

    @classmethod
    def _checked(cls, document: Mapping[str, Any], *, file: Path) -> Self:
        tables = document.get("emr")
        if not isinstance(tables, dict) or not tables or document.keys() != {"emr"}:
            raise WrongSetup(f"HUB_EMRS_FILE={file} has no EMR: write a block [emr.NAME] for each, and nothing else")
        blocks = {name: _block(name, table, file=file) for name, table in tables.items()}
        issuers = {emr.issuer for emr in blocks.values()}
        if len(issuers) < len(blocks):
            raise WrongSetup(f"HUB_EMRS_FILE={file} names an issuer twice: each EMR has one block")
        if len(blocks) > 1 and sum(emr.home for emr in blocks.values()) != 1:
            raise WrongSetup(f"HUB_EMRS_FILE={file} must say home = true in exactly one block: triage files there")
        return cls(blocks)

    def of(self, issuer: str) -> Emr | None:
        wanted = issuer.rstrip("/")
        return next((emr for emr in self.blocks.values() if emr.issuer == wanted), None)

    def name_of(self, emr: Emr) -> str:
        return next(name for name, one in self.blocks.items() if one == emr)

    @property
    def home(self) -> Emr | None:
        """Where the hub files what has no EMR of its own: triage."""
        return next((emr for emr in self.blocks.values() if emr.home or len(self.blocks) == 1), None)

    @property
    def frame_origins(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(emr.frame_origin for emr in self.blocks.values()))


def _only(settings: Settings) -> Emr:
    try:
        return Emr(issuer=settings.emr_issuer, frame_origin=settings.emr_origin)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = "HUB_EMR_ORIGIN" if "frame_origin" in first["loc"] else "HUB_EMR_ISSUER"
        raise WrongSetup(f"{name} is not usable: {first['msg']}") from wrong


def _block(name: str, table: object, *, file: Path) -> Emr:
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise WrongSetup(f"HUB_EMRS_FILE={file}: the name [emr.{name}] may hold letters, digits, - and _ alone")
    try:
        return Emr.model_validate(table)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in ("emr", name, *first["loc"]))
        raise WrongSetup(f"HUB_EMRS_FILE={file}: {place} is not usable: {first['msg']}") from wrong
