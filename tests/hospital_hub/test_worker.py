"""The worker as a process: what stops its start, and what it knows."""

from pathlib import Path

import pytest

from hospital_hub.broker import BATCH, FILES, VISIBILITY_SECONDS, make_celery
from hospital_hub.errors import WrongSetup
from hospital_hub.settings import Settings
from tests.fixtures.processes import WORKER, background


@pytest.mark.parametrize(
    ("missing", "words"),
    [("database_url", "HUB_DATABASE_URL is not set"), ("redis_url", "HUB_REDIS_URL is not set")],
)
async def test_a_missing_setting_is_one_line_and_code_2(
    settings: Settings, tmp_path: Path, missing: str, words: str
) -> None:
    async with background(WORKER, settings.model_copy(update={missing: ""}), folder=tmp_path) as process:
        assert await process.process.wait() == 2
        assert process.said().splitlines()[-1].startswith(words)
        assert "Traceback" not in process.said()


async def test_another_schema_stops_the_start(settings: Settings, postgres_url: str, tmp_path: Path) -> None:
    async with background(
        WORKER, settings.model_copy(update={"database_url": postgres_url}), folder=tmp_path
    ) as process:
        assert await process.process.wait() == 2
        assert "hospital-hub db upgrade" in process.said().splitlines()[-1]


async def test_it_knows_every_task_and_both_queues(settings: Settings, redis_url: str, tmp_path: Path) -> None:
    async with background(WORKER, settings.model_copy(update={"redis_url": redis_url}), folder=tmp_path) as process:
        await process.says(" ready.")
        for task in ("notes.file", "research.run"):
            assert f". {task}" in process.said()
        for queue in (FILES, BATCH):
            assert f".> {queue}" in process.said()
        assert await process.end() == 0


def test_the_time_a_message_may_stay_away_is_set_in_all_places(settings: Settings) -> None:
    """The shortest one counts, and kombu looks for lost messages every 100 s unless told otherwise."""
    conf = make_celery(settings).conf
    options = conf.broker_transport_options
    assert options["visibility_timeout"] == conf.visibility_timeout == VISIBILITY_SECONDS
    assert conf.result_backend_transport_options["visibility_timeout"] == VISIBILITY_SECONDS
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 5
    assert conf.task_time_limit * 2 <= VISIBILITY_SECONDS
    assert all(options[name] for name in ("socket_timeout", "socket_connect_timeout", "health_check_interval"))
    assert all((conf.task_acks_late, conf.task_reject_on_worker_lost))
    assert conf.accept_content == ["json"]
    assert conf.result_backend is None


def test_a_queue_gets_its_own_messages_only(settings: Settings) -> None:
    found = {(queue.exchange.name, queue.routing_key) for queue in make_celery(settings).amqp.queues.values()}
    assert found == {(FILES, FILES), (BATCH, BATCH)}


def test_without_a_broker_there_is_no_celery(settings: Settings) -> None:
    with pytest.raises(WrongSetup):
        make_celery(settings.model_copy(update={"redis_url": ""}))
