"""The one door: what a caller gets, and what the usage row and the audit say afterwards."""

import asyncio
from contextlib import aclosing

import pytest
from fastapi import FastAPI

from hospital_hub.errors import HubError, ModelsUnavailable, TooLong, UpstreamFailed
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ask import answer, ask
from hospital_hub.inference.question import Answered, Decided, Message, Prompt, Question, Token, estimate_tokens
from routing import Lane, Task
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import rows as rows_now

DOCTOR = Principal(id="emr|doctor", role=Role.CLINICIAN, display_name="Doctor")


def question(text: str = "Summarise the stay.", *, task: Task = Task.NOTE, answer_tokens: int = 64) -> Question:
    return Question(
        who=DOCTOR,
        prompt=Prompt("test/plain@1", (Message("system", "Be brief."), Message("user", text))),
        text=text,
        lane=Lane.CLINICIAN,
        entity="note_draft/1",
        answer_tokens=answer_tokens,
        surface=task,
        subject=b"\x01" * 32,
    )


async def rows(app: FastAPI, query: str) -> list[tuple[object, ...]]:
    """What the ledger says once it has written everything."""
    await app.state.models.ledger.settle()
    return rows_now(app.state.resources.settings.database_url, query)


async def test_an_answer_comes_token_by_token_and_leaves_a_usage_row_and_an_audit_row(
    app: FastAPI, fake_vllm: FakeVllm
) -> None:
    events = [event async for event in ask(app.state.models, question())]

    assert isinstance(events[0], Decided)
    assert "".join(event.text for event in events if isinstance(event, Token)) == "".join(fake_vllm.tokens)
    last = events[-1]
    assert isinstance(last, Answered)
    assert last.text == "Please wait for a nurse."
    assert last.tier == "r1-70b"
    assert last.notice == "demonstration weights, not for clinical use"
    assert await rows(
        app,
        "SELECT outcome, tier, task, prompt_tokens, completion_tokens, attempts FROM model_call",
    ) == [("ANSWERED", "r1-70b", "note", 7, 5, 1)]  # a thought and four words
    assert await rows(app, "SELECT deed, who, entity, subject FROM audit_event") == [
        ("ASK", "emr|doctor", "note_draft/1", b"\x01" * 32)
    ]


async def test_thinking_reaches_nobody(app: FastAPI, fake_vllm: FakeVllm) -> None:
    fake_vllm.thoughts = ["The patient might be lying."]
    for name in ("reasoning", "reasoning_content"):
        fake_vllm.reasoning_field = name
        assert "lying" not in (await answer(app.state.models, question())).text


@pytest.mark.parametrize(
    ("mode", "error", "outcome"),
    [
        (Mode.ERROR, ModelsUnavailable, "FAILED"),
        (Mode.THINKING, ModelsUnavailable, "FAILED"),
        (Mode.REJECT, TooLong, "FAILED"),
        (Mode.CUT, UpstreamFailed, "CUT"),
        (Mode.MALFORMED, UpstreamFailed, "CUT"),
    ],
)
async def test_every_fault_is_an_error_with_a_name_and_never_a_second_answer(
    app: FastAPI, fake_vllm: FakeVllm, *, mode: Mode, error: type[HubError], outcome: str
) -> None:
    fake_vllm.mode, fake_vllm.gap = mode, 0.02
    with pytest.raises(error):
        await answer(app.state.models, question())
    assert len(fake_vllm.asked) == 1
    assert await rows(app, "SELECT outcome FROM model_call") == [(outcome,)]


async def test_a_replica_that_fails_five_times_is_asked_no_more(app: FastAPI, fake_vllm: FakeVllm) -> None:
    fake_vllm.mode = Mode.ERROR
    for _ in range(9):
        with pytest.raises(ModelsUnavailable):
            await answer(app.state.models, question())
    assert len(fake_vllm.asked) == 5


async def test_a_caller_who_leaves_closes_the_upstream(app: FastAPI, fake_vllm: FakeVllm) -> None:
    fake_vllm.tokens, fake_vllm.gap = ["word "] * 500, 0.02
    async with aclosing(ask(app.state.models, question())) as events:
        async for event in events:
            if isinstance(event, Token):
                break
    async with asyncio.timeout(1):
        while fake_vllm.open:
            await asyncio.sleep(0.01)
    assert await rows(app, "SELECT outcome FROM model_call") == [("ABANDONED",)]


async def test_a_text_that_fits_no_model_is_refused_before_any_is_asked(app: FastAPI, fake_vllm: FakeVllm) -> None:
    with pytest.raises(TooLong):
        await answer(app.state.models, question("病" * 5000))
    assert fake_vllm.asked == []


async def test_instructions_keep_their_system_turn_only_where_the_model_wants_one(
    app: FastAPI, fake_vllm: FakeVllm
) -> None:
    await answer(app.state.models, question())
    assert [message["role"] for message in fake_vllm.asked[0]["messages"]] == ["system", "user"]


def test_the_estimate_of_tokens_is_on_the_safe_side() -> None:
    # SmolLM2's own tokenizer: 8 tokens for the English sentence, about 2 a character for the Chinese one.
    assert estimate_tokens("The patient has a fever and cough.") >= 8
    assert estimate_tokens("患者发热咳嗽三天") >= 8
