"""However slow the EMR's server is, a hook is not held longer than its budget, and what is missing is said."""

import asyncio
import time
from dataclasses import replace

import pytest
from fastapi import FastAPI

from hospital_hub.cds.catalogue import catalogue
from tests.fakes.cds_emr import CdsEmr
from tests.hospital_hub.cds.charts import bundle, draft, ordering
from tests.hospital_hub.cds.conftest import Caller
from tests.hospital_hub.cds.invariants import violations

BUDGET = catalogue().parameters.read_milliseconds / 1000
# The hub's own share: guard, rules, database. Generous, because the machine of the tests is shared.
OWN = 1.0


@pytest.fixture(autouse=True)
def _budget(app: FastAPI, caller: Caller) -> None:
    app.state.cds = replace(app.state.cds, read_seconds=BUDGET)


@pytest.mark.parametrize("delay", [3.0, 30.0])
async def test_a_slow_server_makes_partial_cards(caller: Caller, ward: CdsEmr, delay: float) -> None:
    await caller.cards("order-sign", context=ordering(draft("x1", "Metformin")))  # keys and connections are there
    ward.delay = delay
    began = time.monotonic()
    answer = await caller.hook(
        "order-sign", context=ordering(draft("x1", "Amoxicillin", "J01CA04")), prefetch={"medicines": bundle()}
    )
    assert time.monotonic() - began < BUDGET + OWN
    assert answer.status_code == 200
    assert violations(answer.json()) == []
    (partial,) = answer.json()["cards"]
    assert partial["source"]["topic"]["code"] == "partial"
    assert partial["summary"] == "Not everything could be checked: allergies, kidney function"
    assert "allergies: the EMR's server was too slow" in partial["detail"]


async def test_the_budget_is_for_all_reads_together(caller: Caller, ward: CdsEmr) -> None:
    ward.delay = BUDGET * 0.8  # each alone would be in time; one after another they would not
    began = time.monotonic()
    await caller.cards("patient-view")
    assert time.monotonic() - began < BUDGET + OWN


async def test_a_server_that_is_slow_for_everything_is_no_412(caller: Caller, ward: CdsEmr) -> None:
    ward.delay = 30
    answer = await caller.hook("order-sign", context=ordering(draft("x1", "Metformin")))
    assert answer.status_code == 200
    assert [card["source"]["topic"]["code"] for card in answer.json()["cards"]] == ["partial"]


async def test_a_server_that_hangs_holds_no_connection_after_the_answer(caller: Caller, ward: CdsEmr) -> None:
    ward.delay = 30
    await asyncio.gather(*(caller.hook("patient-view") for _ in range(5)))
    left = [task for task in asyncio.all_tasks() if "cds.reading" in repr(task) or "_ask" in repr(task)]
    assert left == []
