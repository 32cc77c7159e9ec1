"""The blocks of several EMRs: what a file may say, and the one line that says what is wrong with it."""

from pathlib import Path

import pytest

from hospital_hub.emr_registry import CHART_SCOPE, Emrs
from hospital_hub.errors import WrongSetup
from hospital_hub.settings import Settings

TWO = """
[emr.ward]
issuer = "https://emr.example.org/fhir/"
home = true

[emr.clinic]
issuer = "https://fhir.clinic.example.org/r4"
title = "Clinic"
frame_origin = "https://clinic.example.org"
login_origins = ["https://login.clinic.example.org"]
[emr.clinic.panel]
client_id = "abc"
authentication = "public"
refresh = "offline_access"
[emr.clinic.capabilities]
preliminary = false
unsigned = true
"""


def read(tmp_path: Path, text: str, **settings: str) -> Emrs:
    file = tmp_path / "emrs.toml"
    file.write_text(text)
    return Emrs.of_settings(Settings(_env_file=None, emrs_file=file, **settings))  # type: ignore[arg-type]


def test_several_emrs(tmp_path: Path) -> None:
    emrs = read(tmp_path, TWO)
    ward, clinic = emrs.blocks.values()
    assert emrs.home == ward
    assert emrs.of("https://emr.example.org/fhir/") == emrs.of("https://emr.example.org/fhir") == ward
    assert emrs.of("https://emr.example.org/fhir2") is None
    assert emrs.frame_origins == ("https://emr.example.org", "https://clinic.example.org")
    assert (ward.panel.scope, ward.panel.authentication) == (CHART_SCOPE, "private_key_jwt")
    assert (clinic.capabilities.preliminary, clinic.capabilities.unsigned, ward.capabilities.preliminary) == (
        False,
        True,
        True,
    )


def test_the_two_settings_are_the_simple_form() -> None:
    simple = Emrs.of_settings(Settings(_env_file=None, emr_issuer="https://emr.example.org/fhir/"))
    assert simple.home is not None
    assert (simple.home.issuer, simple.home.frame_origin) == ("https://emr.example.org/fhir", "https://emr.example.org")
    assert Emrs.of_settings(Settings(_env_file=None)).home is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("home = true", ""), "home = true in exactly one"),
        (("https://fhir.clinic.example.org/r4", "https://emr.example.org/fhir"), "an issuer twice"),
        (("https://emr.example.org", "http://emr.example.org"), "emr.ward.issuer"),
        (('"https://clinic.example.org"', '"https://clinic.example.org/app"'), "emr.clinic.frame_origin"),
        (('"https://clinic.example.org"', '"https://clinic.example.org; script-src *"'), "emr.clinic.frame_origin"),
        (('["https://login.', '["http://login.'), "emr.clinic.login_origins"),
        (("unsigned = true", "unsinged = true"), "emr.clinic.capabilities.unsinged"),
        (('"public"', '"client_secret"'), "emr.clinic.panel.authentication"),
        (("[emr.ward]", '[emr."a/b"]'), "may hold letters"),
        (("[emr.", "[ehr."), "has no EMR"),
        (("home", "home = = "), "cannot be read"),
    ],
)
def test_a_wrong_block_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(WrongSetup) as wrong:
        read(tmp_path, TWO.replace(*change))
    assert said in str(wrong.value)
    assert "HUB_EMRS_FILE" in str(wrong.value)


def test_both_forms_at_once_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(WrongSetup, match="both set"):
        read(tmp_path, TWO, emr_issuer="https://emr.example.org/fhir")


def test_the_example_of_the_deployment_can_be_read() -> None:
    example = Path(__file__).parents[2] / "deploy" / "emrs.example.toml"
    emrs = Emrs.of_settings(Settings(_env_file=None, emrs_file=example))
    assert len(emrs.blocks) > 1
