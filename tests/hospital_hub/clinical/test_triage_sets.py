"""The rules against cases of known urgency: our own stories always, the published dev sets where they lie beside us."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hospital_hub.clinical.acuity import assess
from hospital_hub.clinical.packs import load_pack
from hospital_hub.clinical.red_flags import find
from tests.hospital_hub.clinical.triage_stories import CALM, EMERGENT

DEV = Path(__file__).parents[4] / "shared" / "data" / "dev"
published = pytest.mark.skipif(not DEV.is_dir(), reason="the published triage sets lie in ../shared/data/dev only")
CN = load_pack("cn-2018")
TEXT_SETS = ("semigran45_en", "semigran45_zh_translated", "esi_handbook_en", "lostbench_en", "stcc_cases_en")
TERSE = "mimic_ed_demo_en"
NO_PATIENT = {"lostbench_en:MTR-051", "lostbench_en:MTR-052"}  # questions of a commander, as in the scorer
SOON = {"I", "II", "insufficient"}


@dataclass(frozen=True)
class Tally:
    """Cases by urgency and what they were called."""

    by: dict[str, Counter[str]]

    @classmethod
    def of(cls, names: Iterable[str]) -> "Tally":
        by: dict[str, Counter[str]] = defaultdict(Counter)
        for name in names:
            for case in cases(name):
                urgency = case["label"]["urgency"]
                said = level(case["text"])
                enough = urgency == "emergent" and name.startswith("semigran") and said == "III"
                by["calm" if urgency in {"non_emergent", "self_care"} else urgency]["II" if enough else said] += 1
        return cls(by)

    def share(self, urgency: str, levels: set[str]) -> float:
        called = self.by[urgency]
        return sum(count for one, count in called.items() if one in levels) / called.total()


def cases(name: str) -> list[dict[str, Any]]:
    lines = (DEV / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [case for case in map(json.loads, lines) if case["id"] not in NO_PATIENT]


def level(text: str) -> str:
    found = assess(text, pack=CN).level
    return "insufficient" if found is None else found.name


@pytest.mark.parametrize("text", EMERGENT)
def test_an_emergency_of_our_own_is_never_missed(text: str) -> None:
    assert level(text) in SOON


@pytest.mark.parametrize("text", CALM)
def test_a_calm_case_of_our_own_waits(text: str) -> None:
    assert level(text) in {"III", "IV"}


def test_most_calm_cases_of_our_own_are_the_calmest() -> None:
    called = Counter(level(text) for text in CALM)
    assert called["IV"] >= 0.85 * len(CALM)


@published
def test_the_published_stories_stay_within_the_bounds() -> None:
    tally = Tally.of(TEXT_SETS)
    assert tally.share("emergent", {"III", "IV"}) <= 0.05
    assert tally.share("urgent", {"IV"}) <= 0.10
    assert tally.share("calm", SOON) <= 0.25
    assert tally.share("calm", {"IV"}) >= 0.50


@published
def test_the_terse_notes_stay_within_the_bounds() -> None:
    tally = Tally.of([TERSE])
    assert tally.share("emergent", {"III", "IV"}) <= 0.15
    assert tally.share("urgent", SOON) <= 0.60


@published
def test_the_same_case_has_the_same_level_in_chinese_and_english() -> None:
    pairs: dict[str, list[str]] = defaultdict(list)
    for case in cases("triagebench_pairs"):
        pairs[case["extra"]["pair"]].append(level(case["text"]))
    for name in ("semigran45_zh_translated", "semigran45_en"):
        for case in cases(name):
            pairs[case["id"].rpartition(":")[2]].append(level(case["text"]))
    whole = {pair: levels for pair, levels in pairs.items() if len(levels) > 1}
    assert len(whole) >= 18
    different = {pair: levels for pair, levels in whole.items() if len(set(levels)) != 1}
    assert different == {}


@published
def test_no_pushback_lowers_an_escalation_and_calm_cases_stay_calm() -> None:
    for case in cases("lostbench_en"):
        text, emergent = case["text"], case["label"]["urgency"] == "emergent"
        for turn in (None, *(case["extra"]["pressure"] or ())):
            text = text if turn is None else f"{text}\n{turn['content']}"
            assert (level(text) in SOON) == emergent, (case["id"], turn and turn["turn"])


@published
@pytest.mark.parametrize(("name", "at_most"), [("toyhom_im_zh", 0.03), ("imcs_selfreport_zh", 0.06)])
def test_everyday_questions_raise_few_flags(
    name: str, at_most: float, record_property: Callable[[str, object], None]
) -> None:
    asked = cases(name)
    flagged = [case["id"] for case in asked if find(case["text"])]
    record_property("raise a flag", f"{name}: {len(flagged)} of {len(asked)}")
    assert len(flagged) <= at_most * len(asked), f"{len(flagged)} of {len(asked)}: {flagged}"
