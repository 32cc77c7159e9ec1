"""From what was said and measured in a case to its automatic level, which only ever becomes more urgent.

Rules and code alone: no model is asked here, and what a model suggested can only raise the level.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.clinical.acuity import Assessment, assess
from hospital_hub.clinical.early_warning import news2
from hospital_hub.clinical.indicators import NAMES
from hospital_hub.clinical.levels import Level, most_urgent, raised
from hospital_hub.clinical.packs import Pack, load_pack
from hospital_hub.clinical.red_flags import load_rules
from hospital_hub.clinical.vital_reading import read_vital_signs
from hospital_hub.clinical.vital_signs import UNITS, Consciousness, Measurement, VitalSigns
from hospital_hub.resources import Resources
from hospital_hub.triage.departments import because, named
from hospital_hub.triage.nurse_tables import TriageVitals, place_of_vitals
from hospital_hub.triage.tables import TriageCase, place_of_acuity, subject_of
from hospital_hub.triage.vital_signs import OF_RULES

_BETWEEN: Final = "\n"  # the end of a sentence: a "no" in one answer denies nothing in the next
_AWAKE: Final[Mapping[str, Consciousness]] = {"A": "A", "C": "C", "V": "V", "P": "P", "U": "U"}


@dataclass(frozen=True)
class Heard:
    """What rules read of one turn: the person's words, or what a "yes" to a question says (triage/spoken.py)."""

    ordinal: int
    text: str


@dataclass(frozen=True)
class Assessed:
    """`flags` without words, each with the `turn` of its place; `acuity` is what the rule pack found, for the seal."""

    level: Level | None
    flags: tuple[dict[str, Any], ...]
    provisional: bool
    acuity: dict[str, Any]


def assessed(heard: Sequence[Heard], *, pack: Pack, measured: VitalSigns | None = None) -> Assessed:
    """By all turns together: fever in one answer and a stiff neck in another belong to one person."""
    text = _BETWEEN.join(one.text for one in heard)
    found = assess(text, pack=pack, measured=measured)
    flags = tuple(
        {"rule": flag.rule, "level": flag.level, **_place(heard, start=flag.start, end=flag.end)}
        for flag in found.red_flags
    )
    return Assessed(found.level, flags, found.provisional, _acuity(found, heard, text=text, measured=measured))


def _acuity(found: Assessment, heard: Sequence[Heard], *, text: str, measured: VitalSigns | None) -> dict[str, Any]:
    """The trace as nurses read it, with values and without the person's words."""
    read = read_vital_signs(text)
    score = news2(read if measured is None else read.together(measured))
    return {
        "level": found.level,
        "provisional": found.provisional,
        "indicators": [
            {
                "kind": one.kind,
                "rule": one.rule,
                "level": one.level,
                **_place(heard, start=one.start, end=one.end),
                "zh": one.sentence["zh-CN"],
                "en": one.sentence["en"],
            }
            for one in found.indicators
        ],
        "missing": [dict(zip(("zh", "en"), NAMES[sign], strict=True)) for sign in found.missing],
        "doubtful": [
            {"words": one.words, **dict(zip(("zh", "en"), NAMES[one.sign], strict=True))} for one in found.doubtful
        ],
        "stated": [
            {"sign": one.sign, "value": one.value, "turn": _place(heard, start=one.start, end=one.end)["turn"]}
            for one in read.measurements
        ],
        "departments": _departments(found),
        "score": None if score.missing else {"NEWS2": score.points},
    }


def _departments(found: Assessment) -> list[dict[str, str]]:
    if found.department is None:
        return []
    words = next((one.words for one in found.indicators if one.kind in {"complaint", "calm"} and one.words), "")
    return [asdict(because(found.department, words) if words else named(found.department))]


def _place(heard: Sequence[Heard], *, start: int, end: int) -> dict[str, int]:
    """A place in the joined text as one in its turn; nothing of a place reaches over the end of a turn."""
    offset = 0
    for one in heard:
        if start <= offset + len(one.text):
            return {"turn": one.ordinal, "start": start - offset, "end": min(end - offset, len(one.text))}
        offset += len(one.text) + len(_BETWEEN)
    return {"turn": 0, "start": 0, "end": 0}


async def reassess(session: AsyncSession, resources: Resources, *, case: TriageCase, heard: Sequence[Heard]) -> None:
    """Write into the case what is known now; in the transaction that stored what was said or measured."""
    pack = load_pack(resources.settings.triage_pack)
    found = assessed(heard, pack=pack, measured=await _measured(session, resources, case=case))
    case.pack, case.rules_version = pack.id, load_rules().version
    case.flags = [*found.flags, *(flag for flag in case.flags if not _again(flag, found.flags))]
    case.automatic_level = _automatic(case, found.level)
    case.provisional = found.provisional
    text = json.dumps(found.acuity, ensure_ascii=False)
    case.acuity = await resources.vault.seal(
        session, subject=subject_of(case.id), place=place_of_acuity(case.id), text=text
    )


def _automatic(case: TriageCase, found: Level | None) -> Level | None:
    """The most urgent of all; where nothing else is known, no calm level of a model takes the place of "unknown".

    What the rules did not recognise at first is not calm because of a minor complaint that is named later.
    """
    if found is Level.IV and case.acuity is not None and case.automatic_level is None:
        found = Level.III
    known = most_urgent(None if case.automatic_level is None else Level(case.automatic_level), found)
    return raised(known, None if case.suggested_level is None else Level(case.suggested_level))


def _again(flag: Mapping[str, Any], flags: Sequence[Mapping[str, Any]]) -> bool:
    """A flag stays when its words were taken back: who said it once is looked at."""
    return any(one["rule"] == flag["rule"] for one in flags)


async def _measured(session: AsyncSession, resources: Resources, *, case: TriageCase) -> VitalSigns | None:
    """The newest value of each sign that a nurse measured; None where nobody has measured."""
    rows = await session.exec(
        select(TriageVitals).where(TriageVitals.case_id == case.id).order_by(col(TriageVitals.ordinal))
    )
    newest: dict[str, float | str] = {}
    for row in rows.all():
        place = place_of_vitals(case.id, row.ordinal)
        text = await resources.vault.open(session, subject=subject_of(case.id), place=place, sealed=row.values)
        newest |= json.loads(text)
    return of_form(newest) if newest else None


def of_form(values: Mapping[str, float | str]) -> VitalSigns:
    """The signs of a nurse's form as the rules take them.

    The form has refused what cannot be; what it took is a fact, however bad, and never doubtful.
    """
    numbers = {OF_RULES[name]: float(value) for name, value in values.items() if name in OF_RULES}
    oxygen = values.get("oxygen")
    return VitalSigns(
        tuple(Measurement(sign, value, UNITS[sign]) for sign, value in numbers.items()),
        consciousness=_AWAKE.get(str(values.get("consciousness", ""))),
        on_oxygen=None if oxygen is None else oxygen == "oxygen",
    )
