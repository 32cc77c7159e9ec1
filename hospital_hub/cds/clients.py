"""The EMRs that may call the hub's services, as a file of blocks (HUB_CDS_CLIENTS): adding one is adding a block.

[[client]]
name = "ward"                                   # in logs and in the audit
issuer = "https://emr.example.org"              # `iss` of its tokens
jwks_url = "https://emr.example.org/jwks.json"  # or its public keys here: [client.jwks] keys = [...]
fhir_server = "https://emr.example.org/fhir"    # the only `fhirServer` it may name
origin = "https://emr.example.org"              # where its pages call from a browser; leave out if they do not
language = "zh-CN"                              # of its cards, unless a call's Accept-Language says otherwise
token_seconds = 300                             # the longest life of a token that is taken
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from hospital_hub.errors import WrongSetup
from hospital_hub.web.languages import DEFAULT, Language

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
LONGEST_LIFE: Final = 3600


class CdsClient(BaseModel):
    """One block; URLs without a slash at their end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    issuer: str = Field(min_length=1, max_length=500)
    jwks_url: str = ""
    jwks: dict[str, Any] | None = None
    fhir_server: str = ""
    origin: str = ""
    language: Language = DEFAULT
    token_seconds: int = Field(default=300, ge=10, le=LONGEST_LIFE)

    @field_validator("jwks_url", "fhir_server", "origin")
    @classmethod
    def _safe_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
            message = "must be an https URL"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("origin")
    @classmethod
    def _origin_alone(cls, value: str) -> str:
        if value and urlsplit(value).path:
            message = "must be an origin, without a path"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> "CdsClient":
        if bool(self.jwks_url) == bool(self.jwks):
            message = "name either jwks_url or jwks"
            raise ValueError(message)
        if self.jwks is not None:
            _imported(self.jwks)
        return self

    @cached_property
    def inline_keys(self) -> KeySet | None:
        return _imported(self.jwks) if self.jwks is not None else None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    client: list[CdsClient] = []


@dataclass(frozen=True)
class CdsClients:
    by_issuer: Mapping[str, CdsClient]

    def of_origin(self, origin: str) -> CdsClient | None:
        """Whose pages these are, by the origin that a browser tells."""
        return next((one for one in self.by_issuer.values() if origin and one.origin == origin), None)


def read_clients(path: Path | None) -> CdsClients:
    """The registered clients; none where no file is named.

    Raises:
        WrongSetup: one line naming the block and what is wrong with it.
    """
    if path is None:
        return CdsClients({})
    try:
        found = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).client
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise WrongSetup(f"HUB_CDS_CLIENTS={path} cannot be read: {wrong}") from wrong
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise WrongSetup(f"HUB_CDS_CLIENTS={path}: {place}: {first['msg']}") from wrong
    _no_doubles(path, [one.issuer for one in found], what="issuer")
    _no_doubles(path, [one.name for one in found], what="name")
    _no_doubles(path, [one.origin for one in found if one.origin], what="origin")
    return CdsClients({one.issuer: one for one in found})


def _no_doubles(path: Path, found: Sequence[str], *, what: str) -> None:
    double = next((one for one in found if found.count(one) > 1), None)
    if double is not None:
        raise WrongSetup(f"HUB_CDS_CLIENTS={path}: two clients have the {what} {double}")


def _imported(jwks: Mapping[str, Any]) -> KeySet:
    try:
        return KeySet.import_key_set({"keys": jwks["keys"]})
    except (JoseError, KeyError, TypeError, ValueError, AttributeError) as wrong:
        message = "jwks is no JWK Set (RFC 7517)"
        raise ValueError(message) from wrong
