"""What an installation can set, and the only module that reads the environment (prefix HUB_).

The same variables may stand in a file: `.env` in the working folder, or the one that HUB_ENV_FILE names.

Secrets come from files (`HUB_SECRET_KEY_FILE`), never from the database, and are never printed.
"""

import base64
import binascii
import os
import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hospital_hub.errors import WrongSetup

MASTER_KEY_BYTES = 32
# Where Docker and Podman mount secrets: a file `hub_redis_url` there is the variable HUB_REDIS_URL.
CONTAINER_SECRETS = Path("/run/secrets")


class Settings(BaseSettings):
    """One value per field; each can be replaced by the variable HUB_<NAME>."""

    model_config = SettingsConfigDict(
        env_prefix="HUB_",
        extra="ignore",
        frozen=True,
        secrets_dir=CONTAINER_SECRETS if CONTAINER_SECRETS.is_dir() else None,
    )

    data_dir: Path = Field(
        default=Path.home() / ".local" / "share" / "hospital-hub",
        description="Where the embedded parts keep data",
    )
    database_url: str = Field(default="", description="postgresql+psycopg://user:password@host/database")
    redis_url: str = Field(default="", description="redis://:password@host:6379/0, Redis >= 7 or Valkey")
    models_file: Path | None = Field(default=None, description="models.toml; the packaged one when unset")
    shadow_policy: Path | None = Field(default=None, description="A policy.toml that decides too and acts on nothing")
    model_url: str = Field(default="", description="One OpenAI base URL answering all tiers (demonstration)")
    public_url: str = Field(default="http://127.0.0.1:8700", description="Origin under which people reach the hub")
    internal_url: str = Field(default="", description="Origin under which workers reach the hub; public_url when unset")
    gate: str = Field(
        default="", description="Gate shared by several hub processes, unix:/path or tcp://host:port; own if unset"
    )
    emr_issuer: str = Field(default="", description="FHIR base URL of the EMR, the SMART `iss`")
    emr_origin: str = Field(default="", description="Origin that may frame the side panel; of the issuer if unset")
    gnuhealth_url: str = Field(
        default="",
        pattern=r"^$|^(https://|http://(127\.0\.0\.1|localhost)[:/]).*[^/]$",
        description="A GNU Health 5 server with its database, https://his.example/health; off if unset",
    )
    gnuhealth_login: str = Field(default="hospital-hub", description="The hub's account there; no health professional")
    gnuhealth_password_file: Path | None = Field(default=None, description="File with that account's password")
    emrs_file: Path | None = Field(default=None, description="Several EMRs, a block each, instead of the two above")
    cds_clients: Path | None = Field(
        default=None, description="File (TOML) of the EMRs that may call the CDS Hooks services"
    )
    cds_open_on_loopback: bool = Field(
        default=False, description="For tests alone: CDS Hooks calls from this machine need no token"
    )
    secret_key_file: Path | None = Field(default=None, description="File with 32 random bytes in base64")
    smart_key_file: Path | None = Field(
        default=None, description="Private key (PEM) of the SMART client, EC P-384 or RSA"
    )
    demo: bool = Field(default=False, description="Demonstration weights and synthetic patients; pages say so")
    session_minutes: int = Field(default=30, ge=1, le=720, description="Idle time after which a log-in ends")
    kiosk_session_minutes: int = Field(default=15, ge=1, le=60, description="The same for a kiosk conversation")
    note_kinds_folder: Path | None = Field(
        default=None, description="Folder with a department's own kinds of notes (TOML), beside the packaged ones"
    )
    triage_pack: Literal["cn-2018", "esi"] = Field(default="cn-2018", description="Rule pack of the triage levels")
    triage_suggestion: Literal["shown", "after"] = Field(
        default="shown", description="The model's level on the board: shown, or only after the nurse has set hers"
    )
    triage_filing: bool = Field(default=True, description="File what triage found in the EMR, once a case is bound")
    triage_zones_file: Path | None = Field(
        default=None, description="zones.toml with the names of your waiting areas; the packaged one when unset"
    )
    transcription_url: str = Field(
        default="", description="OpenAI base URL that turns speech into text at the kiosk; no microphone if unset"
    )
    transcription_model: str = Field(default="whisper-1", description="Name of the model that is asked there")
    worker_concurrency: int = Field(default=2, ge=1, le=64, description="Items of one batch answered at once")
    keep_answers_hours: int = Field(default=24, ge=24, le=720, description="Answers of /v1 under an Idempotency-Key")
    keep_decisions_days: int = Field(default=90, ge=1, description="Reasons of routing, in the rows of the ledger")
    keep_ledger_days: int = Field(
        default=730, ge=31, description="Rows of the ledger: who used which model, and how much"
    )
    otlp_endpoint: str = Field(default="", description="Where traces go (OTLP over HTTP, .../v1/traces); off if unset")
    log_format: Literal["text", "json"] = "text"

    @field_validator("database_url")
    @classmethod
    def _psycopg_only(cls, value: str) -> str:
        if value and not value.startswith("postgresql+psycopg://"):
            message = "PostgreSQL is the one database: write postgresql+psycopg://user:password@host/name"
            raise ValueError(message)
        return value

    @property
    def shared_gate(self) -> str:
        """Where the gate of several processes listens."""
        return self.gate or f"unix:{self.data_dir / 'gate.sock'}"

    @property
    def worker_hub_url(self) -> str:
        return self.internal_url or self.public_url

    @property
    def frame_origin(self) -> str:
        """The EMR origin that may show the side panel, or an empty string."""
        if self.emr_origin or not self.emr_issuer:
            return self.emr_origin
        parts = urlsplit(self.emr_issuer)
        return f"{parts.scheme}://{parts.netloc}"

    def master_key(self) -> bytes:
        """The key-encryption key, 32 bytes."""
        if self.secret_key_file is None:
            raise WrongSetup("HUB_SECRET_KEY_FILE is not set: run `hospital-hub secrets create FILE`")
        try:
            key = base64.b64decode(self.secret_key_file.read_text(encoding="ascii").strip(), validate=True)
        except (OSError, UnicodeDecodeError, binascii.Error) as wrong:
            raise WrongSetup(
                f"HUB_SECRET_KEY_FILE={self.secret_key_file} cannot be read as base64: "
                "create one with `hospital-hub secrets create FILE`"
            ) from wrong
        if len(key) != MASTER_KEY_BYTES or len(set(key)) < MASTER_KEY_BYTES // 4:
            raise WrongSetup(f"HUB_SECRET_KEY_FILE must hold {MASTER_KEY_BYTES} random bytes in base64")
        return key

    def smart_key(self, file: Path | None = None) -> str:
        """The private key of the SMART client, PEM text; `file` is that of a client with a key of its own."""
        named = file or self.smart_key_file
        if named is None:
            raise WrongSetup("HUB_SMART_KEY_FILE is not set: run `hospital-hub secrets create-smart FILE`")
        try:
            return named.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as wrong:
            name = "key_file" if file else "HUB_SMART_KEY_FILE"
            raise WrongSetup(f"{name}={named} cannot be read") from wrong

    def emrs_document(self) -> dict[str, Any]:
        """The parsed HUB_EMRS_FILE, a block per EMR."""
        try:
            return tomllib.loads(self.emrs_file.read_text(encoding="utf-8")) if self.emrs_file else {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
            raise WrongSetup(f"HUB_EMRS_FILE={self.emrs_file} cannot be read: {wrong}") from wrong

    def gnuhealth_password(self) -> str:
        if self.gnuhealth_password_file is None:
            raise WrongSetup(
                "HUB_GNUHEALTH_PASSWORD_FILE is not set: name the file with the password of the hub's account"
            )
        try:
            return self.gnuhealth_password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as wrong:
            raise WrongSetup(f"HUB_GNUHEALTH_PASSWORD_FILE={self.gnuhealth_password_file} cannot be read") from wrong

    def models_document(self) -> dict[str, Any]:
        """The parsed models.toml (weights, replicas, sampling per tier)."""
        source = self.models_file or resources.files("hospital_hub").joinpath("deploy", "models.toml")
        if self.models_file is None and not source.is_file():  # a checkout keeps the file in its own folder
            source = Path(__file__).resolve().parent.parent / "deploy" / "models.toml"
        try:
            return tomllib.loads(source.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as wrong:
            raise WrongSetup(f"HUB_MODELS_FILE={source} cannot be read: {wrong}") from wrong


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Settings of this process.

    Raises:
        WrongSetup: one line naming the variable and what is wrong with it.
    """
    file = os.environ.get("HUB_ENV_FILE", "")
    if file and not Path(file).is_file():
        raise WrongSetup(f"HUB_ENV_FILE={file} is not there: correct the path, or unset it")
    try:
        return Settings(_env_file=file or ".env")
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = "HUB_" + "_".join(str(part) for part in first["loc"]).upper()
        raise WrongSetup(f"{name} is not usable: {first['msg']}") from wrong
