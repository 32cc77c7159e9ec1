"""The small model behind the OpenAI protocol, as the hub meets it."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from openai import AsyncOpenAI, BadRequestError

from hospital_hub.embedded.ports import LOOPBACK, is_free, next_free_port
from hospital_hub.embedded.small_model_part import small_model_part
from tests.fixtures.servers import running

pytestmark = pytest.mark.embedded
LEVEL = {
    "type": "object",
    "properties": {"level": {"enum": ["I", "II", "III", "IV"]}, "urgent": {"type": "boolean"}},
    "required": ["level", "urgent"],
    "additionalProperties": False,
}


def client(url: str) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=url, api_key="none", max_retries=0)


@pytest.mark.parametrize("tier", ["r1-32b", "r1-70b", "r1-671b"])
async def test_every_tier_streams_an_answer(small_model_url: str, tier: str) -> None:
    async with client(small_model_url) as model:
        stream = await model.chat.completions.create(
            model=tier,
            messages=[{"role": "user", "content": "Count from one to ten."}],
            max_tokens=8,
            temperature=0,  # left to chance it may be a single sign
            stream=True,
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    assert len(pieces) > 3
    assert "".join(pieces).strip()


async def test_names_all_tiers_and_its_counters(small_model_url: str) -> None:
    async with httpx.AsyncClient(base_url=small_model_url.removesuffix("/v1")) as http:
        models = (await http.get("/v1/models")).json()["data"][0]
        metrics = (await http.get("/metrics")).text
    assert set(models["aliases"]) == {"r1-32b", "r1-70b", "r1-671b"}
    assert models["meta"]["n_ctx"] == 8192
    assert "llamacpp:tokens_predicted_total" in metrics


async def test_answer_follows_a_json_schema(small_model_url: str) -> None:
    async with client(small_model_url) as model:
        answer = await model.chat.completions.create(
            model="r1-32b",
            messages=[{"role": "user", "content": "Chest pain. Which level?"}],
            max_tokens=60,
            response_format={"type": "json_schema", "json_schema": {"name": "triage", "schema": LEVEL}},
        )
    found = json.loads(answer.choices[0].message.content or "")
    assert set(found) == {"level", "urgent"}
    assert found["level"] in {"I", "II", "III", "IV"}


async def test_text_longer_than_the_context_is_a_clean_error(small_model_url: str) -> None:
    async with client(small_model_url) as model:
        with pytest.raises(BadRequestError) as refused:
            await model.chat.completions.create(
                model="r1-70b", messages=[{"role": "user", "content": "chest pain " * 6000}], max_tokens=5
            )
    assert refused.value.type == "exceed_context_size_error"


async def test_four_people_are_answered_at_once(small_model_url: str) -> None:
    async with client(small_model_url) as model:
        answers = await asyncio.gather(
            *(
                model.chat.completions.create(
                    model="r1-32b", messages=[{"role": "user", "content": f"Count from {number}."}], max_tokens=12
                )
                for number in range(4)
            )
        )
    assert all(answer.usage and answer.usage.completion_tokens > 0 for answer in answers)


async def test_stops_while_it_answers(tmp_path: Path) -> None:
    port = next_free_port(21_800)
    async with running(small_model_part(port, env={}), tmp_path) as child:
        async with client(f"http://{LOOPBACK}:{port}/v1") as model:
            stream = await model.chat.completions.create(
                model="r1-32b", messages=[{"role": "user", "content": "Tell a story."}], max_tokens=4000, stream=True
            )
            await anext(aiter(stream))
            began = asyncio.get_running_loop().time()
            await child.stop()
            taken = asyncio.get_running_loop().time() - began
            await stream.close()
        assert taken < 4.0
        assert child.code == 0
        assert is_free(port)
        assert not child.log.text()
