"""One hundred English items and their Chinese: the same question gets the same tier.

translated.jsonl holds the Chinese only, translated for this project in full, options included; each id names a
published item. The originals are of sets that allow it: MIT (lostbench, stcc, avey, nhs_fft; the exam questions),
CC BY 4.0 (MTS-Dialog by A. Ben Abacha et al.; EHRSQL by G. Lee et al.; changed: translated), Apache-2.0 (the rest).
"""

import json
from functools import lru_cache
from pathlib import Path

from routing.training.sets import SOURCES
from tests.routing.conftest import Figure
from tests.routing.published import needs_dev, records
from tests.routing.single import single

FILE = Path(__file__).with_name("translated.jsonl")
LEAST_SAME = 90


@lru_cache(maxsize=1)
def chinese() -> dict[str, str]:
    lines = FILE.read_text("utf-8").splitlines()
    return {item["id"]: item["text"] for item in map(json.loads, lines)}


def english() -> dict[str, str]:
    names = {identity.partition(":")[0] for identity in chinese()}
    return {
        record["id"]: record["text"] for name in sorted(names) for record in records(name) if record["id"] in chinese()
    }


def test_one_hundred_items_of_sets_that_may_be_shipped() -> None:
    assert len(chinese()) == 100
    assert {identity.partition(":")[0] for identity in chinese()} <= SOURCES.keys()


@needs_dev
def test_nine_in_ten_get_the_same_tier_in_chinese(figure: Figure) -> None:
    pairs = {identity: (text, chinese()[identity]) for identity, text in english().items()}
    assert len(pairs) == 100
    tiers = {identity: (single(one)[0], single(other)[0]) for identity, (one, other) in pairs.items()}
    apart = {identity: f"{one.label} in English, {other.label} in Chinese" for identity, (one, other) in tiers.items()}
    differ = {identity: said for identity, said in apart.items() if tiers[identity][0] is not tiers[identity][1]}
    figure(f"translated: {len(pairs) - len(differ)} of {len(pairs)} pairs with the same tier")
    for identity, said in differ.items():
        figure(f"translated: {identity}: {said}")
    assert len(pairs) - len(differ) >= LEAST_SAME


@needs_dev
def test_no_floor_is_lost_in_translation() -> None:
    lowered = [identity for identity, text in english().items() if single(chinese()[identity])[1] < single(text)[1]]
    assert lowered == []
