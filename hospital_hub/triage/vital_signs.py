"""Vital signs as nurses type them: units tolerated, Fahrenheit, kPa and mg/dL converted, impossible values refused.

What is not typed is not there: a missing value is missing, never normal. Pure.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hospital_hub.clinical.vital_signs import Sign as RuleSign
from hospital_hub.errors import Refused
from hospital_hub.web.languages import marked

Values = dict[str, float | str]

FAHRENHEIT_FROM: Final = 68.0  # no person is this hot in Celsius: the unit was left out
KPA: Final = 7.50062  # mmHg
MG_DL: Final = 18.016  # mg/dL of glucose in 1 mmol/L
LONGEST: Final = 24  # characters of one value
OXYGEN: Final[Mapping[str, str]] = {"air": marked("Room air"), "oxygen": marked("With oxygen")}
CONSCIOUSNESS: Final[Mapping[str, str]] = {
    "A": marked("A: alert"),
    "C": marked("C: newly confused"),
    "V": marked("V: answers to voice"),
    "P": marked("P: answers to pain"),
    "U": marked("U: unresponsive"),
}
_NUMBER: Final = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)(.*)")
_PRESSURE: Final = re.compile(r"(\d{1,3}(?:\.\d)?)/(\d{1,3}(?:\.\d)?)(.*)")
_COMA_SCALE: Final = re.compile(r"e([1-4])v([1-5])m([1-6])")
_PER_MINUTE: Final = dict.fromkeys(("", "bpm", "/min", "/m", "次/分", "次/分钟", "次/min", "次", "/分", "rpm"), 1.0)


# What the rules call the numbers of the form.
OF_RULES: Final[Mapping[str, RuleSign]] = {
    "temperature": RuleSign.TEMPERATURE,
    "pulse": RuleSign.HEART_RATE,
    "breathing": RuleSign.RESPIRATORY_RATE,
    "spo2": RuleSign.SPO2,
    "systolic": RuleSign.SYSTOLIC,
    "diastolic": RuleSign.DIASTOLIC,
    "gcs": RuleSign.GCS,
    "pain": RuleSign.PAIN,
    "glucose": RuleSign.GLUCOSE,
}


@dataclass(frozen=True)
class Sign:
    """`units` are factors to the sign's own unit; `wrong` is what a nurse reads when the value cannot be."""

    name: str
    label: str
    unit: str
    least: float
    most: float
    wrong: str
    units: Mapping[str, float]
    whole: bool = False


SIGNS: Final = (
    Sign(
        "temperature", marked("Temperature"), "°C", 20, 45,
        marked("Temperature lies between 20 and 45 °C; write F behind Fahrenheit."),
        dict.fromkeys(("", "c", "°c", "度", "摄氏度"), 1.0),
    ),
    Sign(
        "pulse", marked("Pulse"), "/min", 0, 300, marked("Pulse lies between 0 and 300 a minute."), _PER_MINUTE,
        whole=True,
    ),
    Sign(
        "breathing", marked("Breathing"), "/min", 0, 100, marked("Breathing lies between 0 and 100 a minute."),
        _PER_MINUTE, whole=True,
    ),
    Sign(
        "spo2", marked("SpO2"), "%", 30, 100, marked("SpO2 lies between 30 and 100 percent."),
        dict.fromkeys(("", "%"), 1.0), whole=True,
    ),
    Sign(
        "gcs", marked("GCS"), "/15", 3, 15, marked("GCS is a whole number from 3 to 15, or E, V and M."),
        dict.fromkeys(("", "/15", "分"), 1.0), whole=True,
    ),
    Sign(
        "pain", marked("Pain"), "/10", 0, 10, marked("Pain is a whole number from 0 to 10."),
        dict.fromkeys(("", "/10", "分"), 1.0), whole=True,
    ),
    Sign(
        "glucose", marked("Glucose"), "mmol/L", 0.1, 70,
        marked("Glucose lies between 0.1 and 70 mmol/L; write mg/dL behind the other unit."),
        {"": 1.0, "mmol/l": 1.0, "mmol": 1.0, "mg/dl": 1 / MG_DL, "mg": 1 / MG_DL},
    ),
)  # fmt: skip
_PRESSURE_WRONG: Final = marked("Blood pressure is two values such as 120/80 in mmHg or kPa, the upper one higher.")
_CHOICE_WRONG: Final = marked("This is not one of the choices.")


class Unmeasurable(Refused):
    """`faults` is a sentence for each field that cannot be right; nothing was stored."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(
            "A value cannot be right.", "Measure or type it again; nothing else was lost.", code="impossible_value"
        )
        self.faults = faults


def read(typed: Mapping[str, str]) -> Values:
    """The values that were typed, in °C, per minute, mmHg, percent and mmol/L.

    Raises:
        Unmeasurable: with what is wrong in each field. Refused: nothing was typed.
    """
    values: Values = {}
    faults: dict[str, str] = {}
    plain = {name: _plain(text) for name, text in typed.items() if text.strip()}
    if not plain:
        raise Refused("No vital sign was typed.", "Type at least one value.", code="no_value")
    for sign in SIGNS:
        _keep(sign, plain.get(sign.name), values=values, faults=faults)
    _keep_pressure(plain.get("pressure"), values=values, faults=faults)
    for name, choices in (("oxygen", OXYGEN), ("consciousness", CONSCIOUSNESS)):
        chosen = typed.get(name, "")
        if chosen in choices:
            values[name] = chosen
        elif chosen:
            faults[name] = _CHOICE_WRONG
    if faults:
        raise Unmeasurable(faults)
    return values


def _plain(text: str) -> str:
    """One width, one case, no blanks; a decimal comma is a point."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"(?<=\d),(?=\d)", ".", "".join(folded.split()))


def _keep(sign: Sign, text: str | None, *, values: Values, faults: dict[str, str]) -> None:
    if text is None:
        return
    value = _value(sign, text)
    if value is None or not sign.least <= value <= sign.most or (sign.whole and value != int(value)):
        faults[sign.name] = sign.wrong
    else:
        values[sign.name] = value


def _value(sign: Sign, text: str) -> float | None:
    if sign.name == "gcs" and (parts := _COMA_SCALE.fullmatch(text)):
        return float(sum(map(int, parts.groups())))
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    number, unit = float(found[1]), found[2]
    if sign.name == "temperature" and (unit in {"f", "°f", "华氏度"} or (not unit and number >= FAHRENHEIT_FROM)):
        return round((number - 32) / 1.8, 1)
    factor = sign.units.get(unit)
    return None if factor is None else round(number * factor, 1)


def _keep_pressure(text: str | None, *, values: Values, faults: dict[str, str]) -> None:
    if text is None:
        return
    found = _PRESSURE.fullmatch(text)
    factor = {"": 1.0, "mmhg": 1.0, "kpa": KPA}.get(found[3]) if found else None
    if found is None or factor is None:
        faults["pressure"] = _PRESSURE_WRONG
        return
    upper, lower = (float(round(float(part) * factor)) for part in found.groups()[:2])
    if not 30 <= upper <= 320 or not 10 <= lower < upper:  # noqa: PLR2004 - what a cuff can show
        faults["pressure"] = _PRESSURE_WRONG
    else:
        values["systolic"], values["diastolic"] = upper, lower
