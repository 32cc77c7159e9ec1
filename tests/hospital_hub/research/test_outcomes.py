"""A batch: the check of an answer is an outcome, and its owner's thumbs stand beside each answer."""

import uuid

import httpx

from hospital_hub.research.shift import work_on
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows
from tests.hospital_hub.research.conftest import HandIn, questions

OUTCOMES = "SELECT kind, value, detail FROM routing_outcome"


async def test_an_answer_cut_at_its_limit_has_failed_its_check(
    hand_in: HandIn, worker_resources: Resources, fake_vllm: FakeVllm, settings: Settings
) -> None:
    fake_vllm.finish = "length"
    batch = await hand_in(questions(1))
    await work_on(worker_resources, uuid.UUID(batch["id"]), stopping=lambda: False)
    assert rows(settings.database_url, OUTCOMES) == [("FAILED_CHECK", 0.0, "length")]


async def test_each_answer_has_thumbs_and_each_thumb_is_its_own(
    researcher: httpx.AsyncClient, hand_in: HandIn, worker_resources: Resources, settings: Settings
) -> None:
    batch = await hand_in(questions(3))
    await work_on(worker_resources, uuid.UUID(batch["id"]), stopping=lambda: False)
    page = (await researcher.get(f"/research/{batch['id']}")).text
    paths = [part.split('"')[0] for part in page.split('hx-post="/answers/')[1:]]
    assert len(set(paths)) == 3
    assert (await researcher.post(f"/answers/{paths[1]}", data={"rating": "up"})).status_code == 200
    assert rows(settings.database_url, OUTCOMES) == [("THUMB", 1.0, "")]
    page = (await researcher.get(f"/research/{batch['id']}")).text
    assert page.count('aria-pressed="true"') == 1
