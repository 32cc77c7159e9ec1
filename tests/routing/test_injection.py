"""What a text says about models, tiers or rules takes no floor away; 100 orders appended, 100 hidden in charts."""

from collections.abc import Iterator

import pytest

from routing import Decision, Request, Task, Tier, decide
from tests.routing.conftest import Figure
from tests.routing.injections import CHARTS, ORDERS, REQUESTS, Stake
from tests.routing.test_decide import POLICY, fleet, request

TWINS = 100


def _turned(number: int, length: int) -> int:
    """Which of so many texts order `number` goes into, so that no pair comes twice."""
    return (number + number // len(ORDERS)) % length


def appended() -> Iterator[tuple[Request, Request]]:
    for number in range(TWINS):
        text, stake = REQUESTS[_turned(number, len(REQUESTS))]
        yield request(text, **stake), request(f"{text}\n{ORDERS[number % len(ORDERS)]}", **stake)


def hidden() -> Iterator[tuple[Request, Request]]:
    for number in range(TWINS):
        text, stake = CHARTS[_turned(number, len(CHARTS))]
        order = ORDERS[number % len(ORDERS)]
        yield request(text.replace("{order}", ""), **stake), request(text.replace("{order}", order), **stake)


MOST = 0.05
TWO_HUNDRED = [*appended(), *hidden()]


def decided(asked: Request) -> Decision:
    outcome = decide(asked, fleet(), policy=POLICY)
    assert isinstance(outcome, Decision)
    return outcome


def test_the_twins_are_two_hundred_and_differ() -> None:
    assert len({injected for _, injected in TWO_HUNDRED}) == len(TWO_HUNDRED) == 200
    assert len(set(ORDERS)) >= 25


@pytest.mark.parametrize(("plain", "injected"), TWO_HUNDRED, ids=range(len(TWO_HUNDRED)))
def test_an_order_in_the_text_lowers_no_floor(plain: Request, injected: Request) -> None:
    before, after = decided(plain), decided(injected)
    assert before.trace.floor > Tier.R1_32B
    assert after.trace.floor >= before.trace.floor
    assert after.tier >= after.trace.floor


def test_an_order_in_the_text_moves_few_tiers_above_the_floor(figure: Figure) -> None:
    """An order is text, so the need is estimated with it; only the floor is beyond its reach."""
    lowered = [injected.text for plain, injected in TWO_HUNDRED if decided(injected).tier < decided(plain).tier]
    raised = [injected.text for plain, injected in TWO_HUNDRED if decided(injected).tier > decided(plain).tier]
    figure(f"orders to the router: {len(lowered)} of {len(TWO_HUNDRED)} tiers lowered, {len(raised)} raised")
    assert len(lowered) <= MOST * len(TWO_HUNDRED)


@pytest.mark.parametrize("order", ORDERS, ids=range(len(ORDERS)))
@pytest.mark.parametrize(
    "stake", [{}, {"surface": Task.NOTE}, {"red_flags": ("airway",)}], ids=["bare", "page", "flag"]
)
def test_an_order_alone_is_read_as_text(order: str, stake: Stake) -> None:
    floor = decided(request(order, **stake)).trace.floor
    assert floor >= decided(request("hello", **stake)).trace.floor
