"""What a question becomes for one tier: the model card's rules, the lane's place, the limits of the server."""

import pytest

from hospital_hub.inference.question import Message, Prompt, Wishes
from hospital_hub.inference.request_body import Manner, chat_body
from hospital_hub.registry import Registry, TierEntry
from hospital_hub.settings import Settings
from routing import Lane

PROMPT = Prompt("test@1", (Message("system", "Be short."), Message("user", "Hello.")))
SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}}


@pytest.fixture(scope="module")
def entry() -> TierEntry:
    return Registry.parse(Settings().models_document()).tiers["r1-32b"]


@pytest.fixture(scope="module")
def played() -> TierEntry:
    return Registry.parse(Settings().models_document(), model_url="http://127.0.0.1:1/v1").tiers["r1-32b"]


def messages(entry: TierEntry, *said: tuple[str, str]) -> list[tuple[str, str]]:
    prompt = Prompt("test@1", tuple(Message(role, content) for role, content in said))
    body = chat_body(entry, prompt, answer_tokens=9)
    return [(message["role"], message["content"]) for message in body["messages"]]


def test_a_real_tier_gets_the_card_and_its_limits(entry: TierEntry) -> None:
    assert entry.thinking is not None
    body = chat_body(entry, PROMPT, answer_tokens=100, manner=Manner(Lane.CLINICIAN, cache_salt="s"))
    assert (body["temperature"], body["top_p"]) == (0.6, 0.95)
    assert body["thinking_token_budget"] == entry.thinking.clinician
    assert body["max_tokens"] == 100 + entry.thinking.clinician
    assert body["repetition_detection"] == {"min_pattern_size": 8, "max_pattern_size": 64, "min_count": 6}
    assert body["cache_salt"] == "s"
    assert "stream_interval" not in body
    assert "include_reasoning" not in body


def test_more_urgent_lanes_have_lower_numbers(entry: TierEntry) -> None:
    numbers = [chat_body(entry, PROMPT, answer_tokens=9, manner=Manner(lane)).get("priority", 0) for lane in Lane]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)


def test_a_server_without_priority_scheduling_is_sent_none(entry: TierEntry) -> None:
    plain = entry.model_copy(update={"serve": {**entry.serve, "scheduling_policy": "fcfs"}})
    assert "priority" not in chat_body(plain, PROMPT, answer_tokens=9, manner=Manner(Lane.BATCH))


def test_the_demonstration_model_is_sent_nothing_of_vllms(played: TierEntry) -> None:
    body = chat_body(played, PROMPT, answer_tokens=9, manner=Manner(Lane.BATCH))
    assert body.keys() == {"messages", "temperature", "top_p", "max_tokens"}
    assert body["max_tokens"] == 9


@pytest.mark.parametrize(("wished", "sent"), [(None, 0.6), (0.0, 0.5), (0.65, 0.65), (1.5, 0.7)])
def test_a_wished_temperature_stays_where_the_model_works(entry: TierEntry, wished: float | None, sent: float) -> None:
    body = chat_body(
        entry, PROMPT, answer_tokens=9, manner=Manner(wishes=Wishes(temperature=wished, seed=3, stop=("x",)))
    )
    assert (body["temperature"], body["seed"], body["stop"]) == (sent, 3, ["x"])


def test_a_schema_goes_as_response_format(entry: TierEntry) -> None:
    body = chat_body(entry, Prompt("test@1", PROMPT.messages, SCHEMA), answer_tokens=9)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


def test_an_answer_that_nobody_watches_comes_in_few_events(entry: TierEntry) -> None:
    assert chat_body(entry, PROMPT, answer_tokens=9, manner=Manner(whole=True))["stream_interval"] > 1


def test_instructions_move_into_the_first_turn_of_the_person(entry: TierEntry) -> None:
    assert messages(entry, ("system", "A"), ("system", "B"), ("user", "C")) == [("user", "A\n\nB\n\nC")]
    assert messages(entry, ("system", "A")) == [("user", "A")]
    assert messages(entry, ("system", "A"), ("assistant", "B")) == [("user", "A"), ("assistant", "B")]


@pytest.mark.parametrize(
    ("kept", "sent"),
    [
        ("<think>\nHm.\n</think>\n\nYes.", "Yes."),
        ("Hm.</think>Yes.", "Yes."),
        ("<think>one</think><think>two</think> Yes.", "Yes."),
        ("<think>never closed", ""),
        ("Yes.", "Yes."),
    ],
)
def test_earlier_thinking_is_left_out(entry: TierEntry, kept: str, sent: str) -> None:
    assert messages(entry, ("user", "Q"), ("assistant", kept), ("user", "R"))[1] == ("assistant", sent)


def test_what_a_person_writes_is_left_alone(entry: TierEntry) -> None:
    assert messages(entry, ("user", "<think>a</think>b")) == [("user", "<think>a</think>b")]


@pytest.mark.parametrize(("left", "budget"), [(10_000, 512), (500, 500), (3, 16)])
def test_a_long_chart_leaves_less_room_to_think(entry: TierEntry, left: int, budget: int) -> None:
    manner = Manner(Lane.CLINICIAN, prompt_tokens=entry.context_tokens - 100 - left)
    body = chat_body(entry, PROMPT, answer_tokens=100, manner=manner)
    assert body["thinking_token_budget"] == budget
    assert body["max_tokens"] == 100 + budget
