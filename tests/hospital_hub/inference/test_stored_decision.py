"""A decision goes through the database and comes back able to be decided again, without the person's words."""

import json
from dataclasses import replace

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from hospital_hub.inference.stored_decision import NotReplayable, restored, stored
from routing import Fleet, Request, Task, Tier, load_policy
from routing.replay import case_of
from tests.routing.test_decide import fleet, fleets, request, requests

POLICY = load_policy()
OTHER_POLICY = replace(
    POLICY,
    version="other",
    bar=dict.fromkeys(POLICY.bar, 0.0),
    start=replace(POLICY.start, sure=0.95),
    second_opinion=replace(POLICY.second_opinion, skip_below=0.2, tasks=frozenset(Task)),
)
WORDS = (
    "what dose of warfarin",
    "华法林与胺碘酮合用的剂量",
    "how many beds are free",
    "A 67-year-old man with a tumour?",
    "\ud800",
)
phrases = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)


@settings(max_examples=500, deadline=None)
@given(requests, phrases, fleets)
def test_a_replay_is_the_same_decision_under_its_policy_and_a_fresh_one_under_another(
    asked: Request, text: str, picture: Fleet
) -> None:
    case = case_of(replace(asked, text=text), picture)
    outcome = case.decide(POLICY)
    again, was = restored(json.loads(json.dumps(stored(case, outcome), allow_nan=False)))
    assert again == case
    assert was == outcome
    assert again.decide(POLICY) == outcome
    assert again.decide(OTHER_POLICY) == case.decide(OTHER_POLICY)


def test_the_database_keeps_every_digit_and_its_order_of_keys_does_not_matter(database_url: str) -> None:
    plain = database_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain) as connection:
        for text in WORDS[:-1]:
            case = case_of(request(text, second_opinion=True, minimum=Tier.R1_32B), fleet())
            outcome = case.decide(POLICY)
            row = connection.execute("SELECT %s::jsonb", (Jsonb(stored(case, outcome)),)).fetchone()
            assert row is not None
            again, was = restored(row[0])
            assert (again, was) == (case, outcome)
            assert again.decide(POLICY) == outcome


def test_nothing_of_the_text_is_stored_but_words_of_the_tables() -> None:
    case = case_of(request("Zhang Wei, born in Suzhou, asks which dose of warfarin"), fleet())
    written = json.dumps(stored(case, case.decide(POLICY)), ensure_ascii=False)
    assert not any(word in written for word in ("Zhang", "Suzhou", "warfarin", "zhang", "suzhou"))
    assert '"risky": ["dose"]' in written


def test_a_number_that_json_lacks_is_stored_as_unknown() -> None:
    views = tuple(
        replace(view, replicas=tuple(replace(one, kv_use=float("nan")) for one in view.replicas))
        for view in fleet().tiers
    )
    case = case_of(request(), Fleet(views))
    again, _ = restored(json.loads(json.dumps(stored(case, case.decide(POLICY)), allow_nan=False)))
    assert {one.kv_use for view in again.fleet.tiers for one in view.replicas} == {None}


@pytest.mark.parametrize("broken", [{}, {"replay": None}, {"replay": {"format": 99}}, {"replay": {"format": 1}}])
def test_what_was_stored_before_or_is_not_whole_says_so(broken: dict[str, object]) -> None:
    case = case_of(request(), fleet())
    document = {**stored(case, case.decide(POLICY)), **broken} if broken else {"task": "note", "reasons": []}
    with pytest.raises(NotReplayable):
        restored(document)
