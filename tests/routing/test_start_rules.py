"""The policy's rule `certain`, on readings that leave nothing to the trained models; and text that asks nothing."""

from dataclasses import replace

import pytest

from routing import Decision, SecondOpinion, Task, Tier, decide
from routing.decide import decide_reading
from routing.policy import Policy
from routing.reading import Reading
from routing.values import Need
from tests.routing.test_decide import POLICY, decided, fleet, request

# A larger tier saves 0.1 failures a unit of cost: enough for text of no task, not enough for triage or operations.
LOW, HIGH = 0.05, 0.30
CERTAIN = 0.8
ALL_LARGER = Need(
    well={Tier.R1_32B: 0.3, Tier.R1_70B: 0.4, Tier.R1_671B: 0.7},
    lost={Tier.R1_32B: 0.34, Tier.R1_70B: 0.33, Tier.R1_671B: 0.0},
    differ=0.5,
)
SHOWN = {"question": "?", "diagnosis": "diagnos"}


def policy() -> Policy:
    small = dict.fromkeys(Task, Tier.R1_32B)
    return replace(
        POLICY,
        cost={Tier.R1_32B: 1.0, Tier.R1_70B: 2.2, Tier.R1_671B: 4.4},
        bar={**dict.fromkeys(Task, HIGH), Task.OTHER: LOW},
        start=replace(POLICY.start, task=small, sure=0.4, certain=dict.fromkeys(Task, CERTAIN)),
        second_opinion=replace(POLICY.second_opinion, tasks=frozenset({Task.OTHER}), skip_below=0.02, arbiter_from=1.0),
    )


def reading(chance: float, *, features: dict[str, str] | None = None) -> Reading:
    rest = (1 - chance) / (len(Task) - 1)
    tasks = {task: chance if task is Task.OPERATIONS else rest for task in Task}
    return Reading(tasks, ALL_LARGER, SHOWN if features is None else features, risky=())


def tier(read: Reading, *, surface: Task | None = None) -> Tier:
    outcome = decide_reading(request(surface=surface), read, fleet=fleet(), policy=policy())
    return decided(outcome).tier


@pytest.mark.parametrize(
    "greeting",
    [
        "hello",
        "Hi there",
        "thanks!",
        "ok",
        "你好",
        "谢谢",
        "您好，在吗",
        "早上好",
        "👍",
        "",
        "Good evening",
        "the copier is out of paper",
        "打印机没纸了",
    ],
)
def test_a_greeting_stays_with_the_smallest(greeting: str) -> None:
    outcome = decided(decide(request(greeting), fleet(), policy=POLICY))
    assert outcome.tier is Tier.R1_32B


@pytest.mark.parametrize(
    ("chance", "expected"),
    [(0.79, Tier.R1_671B), (0.80, Tier.R1_32B), (0.99, Tier.R1_32B)],
    ids=["guessed", "just certain", "certain"],
)
def test_a_certain_task_brings_its_own_bar_and_a_guessed_one_does_not(chance: float, expected: Tier) -> None:
    assert tier(reading(chance)) is expected


def test_the_page_is_certain_whatever_the_text_looks_like() -> None:
    assert tier(reading(0.99), surface=Task.OTHER) is Tier.R1_671B
    assert tier(reading(0.01), surface=Task.OPERATIONS) is Tier.R1_32B


def test_a_certain_task_brings_its_own_rule_for_a_second_opinion() -> None:
    asked = request(second_opinion=True)

    def plan(chance: float) -> tuple[SecondOpinion | None, set[str]]:
        outcome = decide_reading(asked, reading(chance), fleet=fleet(), policy=policy())
        assert isinstance(outcome, Decision)
        return outcome.second_opinion, {one.rule for one in outcome.trace.reasons if one.step == "second_opinion"}

    assert plan(0.79) == (SecondOpinion(Tier.R1_32B, Tier.R1_70B, Tier.R1_671B), {"due"})
    assert plan(0.80) == (None, {"not_for_task"})
