"""Which parts the demonstration has, what each is told, and what must be ready before it. Starts nothing."""

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hospital_hub.embedded import hospital, secret_files
from hospital_hub.embedded.hook_clients import keep_registration
from hospital_hub.embedded.parts import Part
from hospital_hub.embedded.ports import LOOPBACK
from hospital_hub.embedded.postgres import embedded_postgres
from hospital_hub.embedded.process import Program
from hospital_hub.embedded.ready import HttpOk, LogSays, Ready, Started
from hospital_hub.embedded.small_model_part import small_model_part
from hospital_hub.embedded.valkey import Valkey

DEFAULT_PORTS = {"hub": 8700, "emr": 8710, "hospital": 8711, "model": 8712, "valkey": 8713}
HUB_OPTIONS = ("--no-access-log", "--loop", "uvloop", "--http", "httptools", "--timeout-graceful-shutdown", "3")
# Longer than the 15 s for which aiohttp keeps an idle connection, so that no request meets a closing one.
KEEP_ALIVE = ("--timeout-keep-alive", "75")
WORKER_OPTIONS = ("worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle")


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """URLs of servers that exist already; a part with a URL here is used, not started."""

    database_url: str = ""
    redis_url: str = ""
    model_url: str = ""
    emr_issuer: str = ""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the demonstration lies and under which ports it answers."""

    data: Path
    ports: Mapping[str, int]
    overrides: Overrides = field(default_factory=Overrides)
    passed_on: Mapping[str, str] = field(default_factory=dict)

    def origin(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"

    @property
    def emr_issuer(self) -> str:
        return self.overrides.emr_issuer or f"{self.origin('emr')}/fhir"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def settings_file(self) -> Path:
        return self.data / "hub.env"

    @property
    def base_environment(self) -> dict[str, str]:
        """Nothing of the caller's shell, so that a start never depends on it."""
        return {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
            "HOME": str(Path.home()),
            "TMPDIR": tempfile.gettempdir(),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONSAFEPATH": "1",
            # One memory arena for each thread would double the resident size of the Python parts.
            "MALLOC_ARENA_MAX": "2",
            "OPENBLAS_NUM_THREADS": "1",
            **self.passed_on,
        }


def all_parts(layout: Layout) -> tuple[Part, ...]:
    """Makes the secrets and the file of settings on the way, since the hub's environment names them."""
    chosen = layout.overrides
    environment = layout.base_environment
    servers: list[Part] = []
    database_url, redis_url = chosen.database_url, chosen.redis_url
    if not database_url:
        postgres = embedded_postgres(layout.data / "postgres", sockets=layout.data / "sockets")
        database_url = postgres.url()
        servers.append(postgres.part())
    if not redis_url:
        valkey = Valkey(layout.data / "valkey", secrets=layout.secrets, port=layout.ports["valkey"])
        redis_url = valkey.url
        servers.append(valkey.part())
    if not chosen.model_url:
        servers.append(small_model_part(layout.ports["model"], env=environment))
    if not chosen.emr_issuer:
        servers += [_hospital(layout), _population(layout), _emr(layout)]
    settings = _hub_settings(layout, database_url=database_url, redis_url=redis_url)
    secret_files.keep_settings(layout.settings_file, settings)
    hub_environment = environment | settings
    return (*servers, *_hub_parts(layout, hub_environment))


def _hub_settings(layout: Layout, *, database_url: str, redis_url: str) -> dict[str, str]:
    settings = {
        "HUB_DATA_DIR": str(layout.data),
        "HUB_DATABASE_URL": database_url,
        "HUB_REDIS_URL": redis_url,
        "HUB_MODEL_URL": layout.overrides.model_url or f"{layout.origin('model')}/v1",
        "HUB_PUBLIC_URL": layout.origin("hub"),
        "HUB_INTERNAL_URL": layout.origin("hub"),
        "HUB_EMR_ISSUER": layout.emr_issuer,
        "HUB_DEMO": "true",
        "HUB_SECRET_KEY_FILE": str(secret_files.master_key(layout.secrets)),
        "HUB_SMART_KEY_FILE": str(secret_files.smart_key(layout.secrets)),
    }
    if not layout.overrides.emr_issuer:
        settings["HUB_EMR_ORIGIN"] = layout.origin("emr")
        registration = keep_registration(layout.data / "cds-clients.toml", emr=layout.origin("emr"))
        settings["HUB_CDS_CLIENTS"] = str(registration)
    return settings


def _hospital(layout: Layout) -> Part:
    port = layout.ports["hospital"]
    argv = hospital.command(port, layout.data / "hospital")
    return Part(
        name="hospital",
        title="FHIR server",
        program=Program(argv=tuple(argv), env=layout.base_environment),
        ready=HttpOk(port, "/healthz"),
    )


def _population(layout: Layout) -> Part:
    """The synthetic patients; put in at the first start, found at every other."""
    argv = _python("hospital_hub.embedded.population", "--fhir-url", layout.origin("hospital") + "/fhir")
    return Part(
        name="population",
        title="Synthetic patients",
        program=Program(argv=argv, env=layout.base_environment),
        ready=Started(),
        needs=frozenset({"hospital"}),
        once=True,
    )


def _emr(layout: Layout) -> Part:
    arguments = ["--port", str(layout.ports["emr"]), "--fhir-url", layout.origin("hospital") + "/fhir"]
    arguments += ["--hub-url", layout.origin("hub"), "--data", str(layout.data / "emr")]
    return Part(
        name="emr",
        title="Demonstration EMR",
        program=Program(argv=_python("hospital_hub.embedded.emr", *arguments), env=layout.base_environment),
        ready=HttpOk(layout.ports["emr"], "/healthz"),
        needs=frozenset({"hospital"}),
    )


def _hub_parts(layout: Layout, env: Mapping[str, str]) -> list[Part]:
    prepare = Program(argv=_python("hospital_hub.embedded.prepare"), env=env)
    parts = [
        Part(
            name="prepare",
            title="Schema and accounts",
            program=prepare,
            ready=Started(),
            needs=frozenset() if layout.overrides.database_url else frozenset({"postgres"}),
            once=True,
        )
    ]
    needs = frozenset({"prepare"}) | (frozenset() if layout.overrides.redis_url else frozenset({"valkey"}))
    for name, title, argv, ready in _services(layout.ports["hub"]):
        parts.append(Part(name=name, title=title, program=Program(argv=argv, env=env), ready=ready, needs=needs))
    return parts


def _services(port: int) -> tuple[tuple[str, str, tuple[str, ...], Ready], ...]:
    address = ("--host", LOOPBACK, "--port", str(port))
    hub = _python("uvicorn", "--factory", "hospital_hub.main:create_app", *address, *HUB_OPTIONS, *KEEP_ALIVE)
    worker = _python("celery", "-A", "hospital_hub.worker:app", *WORKER_OPTIONS)
    return (
        ("hub", "Hub", hub, HttpOk(port, "/readyz")),
        ("worker", "Batch worker", worker, LogSays(" ready.")),
        ("publisher", "Publisher", _python("hospital_hub.publisher"), LogSays("publisher_ready")),
    )


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
