"""What counts as more than was asked."""

import pytest

from integrations.smart.scopes import parsed, widened

ASKED = "launch openid fhirUser patient/Patient.rs patient/Observation.rs?category=laboratory user/*.r"


@pytest.mark.parametrize(
    "granted",
    [
        "",
        ASKED,
        "launch openid patient/Patient.r",
        "patient/Patient.read user/Condition.r",  # version 1 for `rs`
        "patient/Observation.s?category=laboratory",
        "launch/patient profile online_access",  # gives no right to data
        "patient/Patient.",  # no letters, no right
        "smart/orchestrate_launch",
    ],
)
def test_less_or_as_much_is_right(granted: str) -> None:
    assert widened(asked=ASKED, granted=granted) == ()


@pytest.mark.parametrize(
    "granted",
    [
        "patient/Patient.rus",
        "patient/Patient.write",
        "patient/Patient.*",
        "patient/*.rs",
        "patient/Condition.r",
        "system/Patient.rs",
        "user/Patient.rs",
        "patient/Observation.rs",  # without the query that narrows it
        "patient/Observation.rs?category=vital-signs",
    ],
)
def test_more_is_named(granted: str) -> None:
    assert widened(asked=ASKED, granted=f"openid {granted}") == (granted,)


def test_letters_stand_in_their_order() -> None:
    assert parsed("patient/Patient.sr") is None
    scope = parsed("system/DocumentReference.cruds")
    assert scope is not None
    assert scope.letters == frozenset("cruds")
