"""From a person's words and vital signs to a triage level with reasons, by rules alone; the same words, the same level.

Level IV is earned by a minor complaint that nothing unsettles. What is not recognised has no level: a nurse looks at
once. A danger found never calms, and a sign that is missing or doubtful is never taken as normal. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hospital_hub.clinical.complaints import Catalogue, Complaint, load_catalogue
from hospital_hub.clinical.early_warning import ADULT
from hospital_hub.clinical.findings import Findings, Place, findings_in
from hospital_hub.clinical.indicators import Context, Indicator, Kind, score_indicators, vital_indicators
from hospital_hub.clinical.levels import Level, most_urgent
from hospital_hub.clinical.packs import Pack
from hospital_hub.clinical.red_flags import Flag, RuleSet, flags_in, level_of, load_rules
from hospital_hub.clinical.text import Language
from hospital_hub.clinical.told import Told
from hospital_hub.clinical.vital_reading import signs_in
from hospital_hub.clinical.vital_signs import EXPECTED, Measurement, Sign, VitalSigns

_MANY_RESOURCES: Final = 2


@dataclass(frozen=True)
class AcuityRules:
    """The rules that every site shares; what differs between sites is the pack."""

    red_flags: RuleSet
    catalogue: Catalogue


@dataclass(frozen=True)
class Assessment:
    """`level` None is "insufficient": a nurse looks at once. `provisional` until the missing signs are measured.

    `department` is an id (clinical/departments.py).
    """

    level: Level | None
    provisional: bool
    red_flags: tuple[Flag, ...]
    indicators: tuple[Indicator, ...]
    missing: tuple[Sign, ...]
    doubtful: tuple[Measurement, ...]
    department: str | None


@lru_cache(maxsize=1)
def load_acuity_rules() -> AcuityRules:
    return AcuityRules(load_rules(), load_catalogue())


def assess(
    text: str, *, pack: Pack, measured: VitalSigns | None = None, rules: AcuityRules | None = None
) -> Assessment:
    """The most urgent level that any finding demands.

    `measured` are signs from a form: as long as expected ones lack there, III and IV are not given.
    """
    shared = rules or load_acuity_rules()
    told = Told.of(text, scopes=shared.red_flags.scopes)
    flags = flags_in(told, shared.red_flags)
    found = findings_in(told, catalogue=shared.catalogue)
    read = signs_in(told.read)
    signs = read if measured is None else read.together(measured)
    measured_ones = (
        *vital_indicators(signs, pack=pack, context=Context(found.age, found.only_minor, found.systems)),
        *score_indicators(signs, pack=pack, age=found.age, pregnant=found.person.pregnant is True),
    )
    spoken = tuple(_complaints(found, pack=pack, doubtful=bool(signs.doubtful)))
    missing = tuple(sign for sign in _expected(found.age) if not signs.has(sign))
    return Assessment(
        level=_level(flags, measured=measured_ones, spoken=spoken, incomplete=measured is not None and bool(missing)),
        provisional=bool(missing),
        red_flags=flags,
        indicators=tuple(sorted((*measured_ones, *spoken), key=_urgency)),
        missing=missing,
        doubtful=signs.doubtful,
        department=_department(found),
    )


def reasons(found: Assessment, language: Language, *, rules: AcuityRules | None = None) -> tuple[str, ...]:
    """What a person reads: red flags, then the other reasons by urgency; and, without a level, why there is none."""
    known = (rules or load_acuity_rules()).red_flags.named(flag.rule for flag in found.red_flags)
    raised = [f"{rule.title[language]} → {rule.level.name}{_OF_LEVEL[language]}" for rule in known]
    none = [_NO_LEVEL[language]] if found.level is None else []
    return (*raised, *(one.sentence[language] for one in found.indicators), *none)


_OF_LEVEL: Final[Mapping[Language, str]] = {"zh-CN": " 级", "en": ""}
_NO_LEVEL: Final[Mapping[Language, str]] = {
    "zh-CN": "规则无法判断，请护士立即评估",
    "en": "The rules cannot tell: a nurse looks at once",
}


def _level(
    flags: tuple[Flag, ...],
    *,
    measured: tuple[Indicator, ...],
    spoken: tuple[Indicator, ...],
    incomplete: bool,
) -> Level | None:
    danger = most_urgent(level_of(flags), *(one.level for one in measured))
    said = most_urgent(*(one.level for one in spoken))
    level = most_urgent(danger, said)
    if level is None or (level >= Level.III and (said is None or incomplete)):
        return None
    return level


def _complaints(found: Findings, *, pack: Pack, doubtful: bool) -> Iterator[Indicator]:
    for complaint, place in found.complaints.items():
        raising = found.raising(complaint)
        for modifier in raising:
            yield _reason(complaint, found.modifiers[modifier], rule=modifier.id, level=Level.II, why=modifier.title)
        if complaint.level is not None:
            yield _said(complaint, place, level=complaint.level)
        else:
            yield from _minor(found, complaint, pack=pack, doubtful=doubtful)


def _minor(found: Findings, complaint: Complaint, *, pack: Pack, doubtful: bool) -> Iterator[Indicator]:
    """IV if earned, else III with everything that stands against IV."""
    place = found.complaints[complaint]
    against = [
        _reason(complaint, found.modifiers[one], rule=one.id, level=Level.III, why=one.title)
        for one in found.unsettling(complaint)
    ]
    for holds, rule, why in (
        (not _of_calm_age(complaint, found.age), "age", _AGE),
        (doubtful, "doubtful-sign", _DOUBTFUL),
        (pack.resources_decide and complaint.resources >= _MANY_RESOURCES, "resources", _RESOURCES),
    ):
        if holds:
            against.append(_reason(complaint, Place(), rule=rule, level=Level.III, why=why))
    yield from against
    yield _said(complaint, place, level=Level.III if against else Level.IV)


_AGE: Final[Mapping[Language, str]] = {"zh-CN": "年龄", "en": "age"}
_DOUBTFUL: Final[Mapping[Language, str]] = {
    "zh-CN": "有一项体征数值不可信，请重测",
    "en": "a vital sign that cannot be true",
}
_RESOURCES: Final[Mapping[Language, str]] = {"zh-CN": "预计需要两项以上资源", "en": "two or more resources expected"}


def _of_calm_age(complaint: Complaint, age: float | None) -> bool:
    return age is None or complaint.youngest <= age <= complaint.oldest


def _said(complaint: Complaint, place: Place, *, level: Level) -> Indicator:
    sentence: Mapping[Language, str] = {
        "zh-CN": f"{complaint.title['zh-CN']} → {level.name} 级",
        "en": f"{complaint.title['en']} → {level.name}",
    }
    kind: Kind = "calm" if level is Level.IV else "complaint"
    return Indicator(kind, complaint.id, level, place.words, place.start, place.end, sentence)


def _reason(complaint: Complaint, place: Place, *, rule: str, level: Level, why: Mapping[Language, str]) -> Indicator:
    sentence: Mapping[Language, str] = {
        "zh-CN": f"{complaint.title['zh-CN']}，{why['zh-CN']} → {level.name} 级",
        "en": f"{complaint.title['en']}, {why['en']} → {level.name}",
    }
    return Indicator("modifier", rule, level, place.words, place.start, place.end, sentence)


def _expected(age: float | None) -> tuple[Sign, ...]:
    """Blood pressure is not asked of every child."""
    child = age is not None and age < ADULT
    return tuple(sign for sign in EXPECTED if not (child and sign is Sign.SYSTOLIC))


def _department(found: Findings) -> str | None:
    """Of the most urgent complaint; of several the one named first."""
    order = sorted(found.complaints.items(), key=lambda one: (one[0].level or Level.IV, one[1].start))
    return order[0][0].department if order else None


def _urgency(one: Indicator) -> tuple[int, int, str]:
    return one.level or Level.IV, one.start, one.rule
