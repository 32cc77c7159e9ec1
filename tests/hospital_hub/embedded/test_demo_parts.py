"""The demonstration as data: what is started, what is told to whom, and what an override leaves out."""

import os
from pathlib import Path

import pytest

from hospital_hub.embedded.demo_parts import DEFAULT_PORTS, Layout, Overrides, all_parts
from hospital_hub.embedded.parts import Part
from hospital_hub.settings import Settings


def layout(data: Path, overrides: Overrides | None = None) -> Layout:
    return Layout(data=data, ports=DEFAULT_PORTS, overrides=overrides or Overrides())


def by_name(data: Path, overrides: Overrides | None = None) -> dict[str, Part]:
    return {part.name: part for part in all_parts(layout(data, overrides))}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    tmp_path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return tmp_path


def test_every_need_is_a_part_and_the_hub_waits_for_the_last_step(data: Path) -> None:
    parts = by_name(data)
    assert all(part.needs <= parts.keys() for part in parts.values())
    assert parts["prepare"].needs == {"postgres"}
    assert parts["hub"].needs == {"prepare", "valkey"}


@pytest.mark.parametrize(
    ("overrides", "absent"),
    [
        (Overrides(database_url="postgresql+psycopg://hub@db/hub"), {"postgres"}),
        (Overrides(redis_url="redis://:secret@broker:6379/0"), {"valkey"}),
        (Overrides(model_url="http://models:8000/v1"), {"model"}),
        (Overrides(emr_issuer="https://emr.hospital.example/fhir"), {"emr", "hospital", "population"}),
    ],
)
def test_a_given_url_leaves_its_part_out_and_reaches_the_hub(
    data: Path, overrides: Overrides, absent: set[str]
) -> None:
    everything, found = by_name(data), by_name(data, overrides)
    assert everything.keys() - found.keys() == absent
    given = {value for value in vars(overrides).values() if value}
    assert given <= set(found["hub"].program.env.values())


def test_the_hub_understands_what_it_is_told(data: Path) -> None:
    told = by_name(data)["hub"].program.env
    fields = {name.removeprefix("HUB_").lower(): value for name, value in told.items() if name.startswith("HUB_")}
    assert fields.keys() <= Settings.model_fields.keys()
    settings = Settings.model_validate(fields)
    assert settings.demo
    assert settings.frame_origin == "http://127.0.0.1:8710"
    assert len(settings.master_key()) == 32
    assert "BEGIN PRIVATE KEY" in settings.smart_key()


def test_secrets_are_made_once_and_closed_to_others(data: Path) -> None:
    by_name(data)
    made = {path.name: path.read_bytes() for path in (data / "secrets").iterdir()}
    by_name(data)
    assert made == {path.name: path.read_bytes() for path in (data / "secrets").iterdir()}
    assert made.keys() == {"master.key", "smart.pem", "valkey.password"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (data / "secrets").iterdir())


def test_no_secret_stands_in_the_arguments_that_everybody_can_read(data: Path) -> None:
    arguments = " ".join(word for part in by_name(data).values() for word in part.program.argv)
    password = (data / "secrets" / "valkey.password").read_text()
    assert password not in arguments


def test_commands_beside_the_hub_read_the_same_settings(data: Path) -> None:
    told = by_name(data)["hub"].program.env
    file = layout(data).settings_file
    assert file.stat().st_mode & 0o077 == 0
    read = Settings(_env_file=file)
    assert read.database_url == told["HUB_DATABASE_URL"]
    assert read.redis_url == told["HUB_REDIS_URL"]
    assert read.demo
