"""Vital signs as values: what was measured, where it was read, and what cannot be true. A missing sign is missing.

An impossible value is kept apart as doubtful: to be asked again, never used and never taken as normal. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Consciousness = Literal["A", "C", "V", "P", "U"]


class Sign(StrEnum):
    HEART_RATE = "heart_rate"
    RESPIRATORY_RATE = "respiratory_rate"
    SPO2 = "spo2"
    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    TEMPERATURE = "temperature"
    GCS = "gcs"
    PAIN = "pain"
    GLUCOSE = "glucose"
    WEIGHT = "weight"
    CONSCIOUSNESS = "consciousness"
    OXYGEN = "oxygen"


UNITS: Final[Mapping[Sign, str]] = {
    Sign.HEART_RATE: "/min",
    Sign.RESPIRATORY_RATE: "/min",
    Sign.SPO2: "%",
    Sign.SYSTOLIC: "mmHg",
    Sign.DIASTOLIC: "mmHg",
    Sign.TEMPERATURE: "°C",
    Sign.GCS: "",
    Sign.PAIN: "/10",
    Sign.GLUCOSE: "mmol/L",
    Sign.WEIGHT: "kg",
}
# What a living person can have; outside of it somebody mistyped. Wide on purpose.
POSSIBLE: Final[Mapping[Sign, tuple[float, float]]] = {
    Sign.HEART_RATE: (20, 320),
    Sign.RESPIRATORY_RATE: (3, 120),
    Sign.SPO2: (40, 100),
    Sign.SYSTOLIC: (40, 300),
    Sign.DIASTOLIC: (10, 200),
    Sign.TEMPERATURE: (25, 44),
    Sign.GCS: (3, 15),
    Sign.PAIN: (0, 10),
    Sign.GLUCOSE: (0.3, 80),
    Sign.WEIGHT: (0.3, 400),
}
# Without these a set of measured signs is not complete.
EXPECTED: Final = (Sign.HEART_RATE, Sign.RESPIRATORY_RATE, Sign.SPO2, Sign.SYSTOLIC, Sign.TEMPERATURE)


@dataclass(frozen=True)
class Measurement:
    """`start` and `end` are places in the text as typed, `words` what stands there; zero and empty from a form."""

    sign: Sign
    value: float
    unit: str
    start: int = 0
    end: int = 0
    words: str = ""

    @property
    def possible(self) -> bool:
        low, high = POSSIBLE[self.sign]
        return low <= self.value <= high


@dataclass(frozen=True)
class VitalSigns:
    """All that was read; a sign may be there several times, and then the most alarming value counts."""

    measurements: tuple[Measurement, ...] = ()
    doubtful: tuple[Measurement, ...] = ()
    consciousness: Consciousness | None = None
    on_oxygen: bool | None = None

    @classmethod
    def of(
        cls,
        values: Mapping[Sign, float],
        *,
        consciousness: Consciousness | None = None,
        on_oxygen: bool | None = None,
    ) -> "VitalSigns":
        """From a form: numbers in the units of `UNITS`."""
        read = (Measurement(sign, value, UNITS[sign]) for sign, value in values.items())
        return cls.sorted(read, consciousness=consciousness, on_oxygen=on_oxygen)

    @classmethod
    def sorted(
        cls,
        read: Iterable[Measurement],
        *,
        consciousness: Consciousness | None = None,
        on_oxygen: bool | None = None,
    ) -> "VitalSigns":
        """The possible ones apart from the doubtful."""
        everything = tuple(read)
        return cls(
            tuple(one for one in everything if one.possible),
            tuple(one for one in everything if not one.possible),
            consciousness,
            on_oxygen,
        )

    def all(self, sign: Sign) -> tuple[Measurement, ...]:
        return tuple(one for one in self.measurements if one.sign is sign)

    def values(self, sign: Sign) -> tuple[float, ...]:
        return tuple(one.value for one in self.measurements if one.sign is sign)

    def has(self, sign: Sign) -> bool:
        if sign is Sign.CONSCIOUSNESS:
            return self.consciousness is not None or bool(self.values(Sign.GCS))
        if sign is Sign.OXYGEN:
            return self.on_oxygen is not None
        return bool(self.values(sign))

    def together(self, other: "VitalSigns") -> "VitalSigns":
        """Both; where they disagree on consciousness or oxygen the more worrying stands."""
        order: tuple[Consciousness, ...] = ("A", "C", "V", "P", "U")
        awake = [one for one in (self.consciousness, other.consciousness) if one is not None]
        oxygen = [one for one in (self.on_oxygen, other.on_oxygen) if one is not None]
        return VitalSigns(
            (*self.measurements, *other.measurements),
            (*self.doubtful, *other.doubtful),
            max(awake, key=lambda one: order.index(one)) if awake else None,  # noqa: PLW0108 - index is overloaded
            any(oxygen) if oxygen else None,
        )
