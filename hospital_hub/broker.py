"""Celery as this hub uses it: Redis carries hints, PostgreSQL holds the truth, messages hold ids and nothing else.

Opens no connection. Names and defaults: celery/app/defaults.py and kombu/transport/redis.py, both 5.7.
"""

from dataclasses import dataclass
from typing import Any, Final

from celery import Celery

from hospital_hub.errors import WrongSetup
from hospital_hub.settings import Settings

FILES: Final = "files"  # signed notes on their way to the FHIR server
BATCH: Final = "batch"  # research jobs
TASK_SECONDS: Final = 600
VISIBILITY_SECONDS: Final = 2 * TASK_SECONDS
PROCESSES: Final = 2
CHILD_KIB: Final = 400_000


@dataclass(frozen=True)
class Patience:
    """How long a process waits for the broker: seconds for each answer; tries to connect, None for ever."""

    socket_seconds: float = 5.0
    tries: int | None = None


WORKER: Final = Patience()
PUBLISHER: Final = Patience(socket_seconds=2.0, tries=1)


def make_celery(settings: Settings, *, patience: Patience = WORKER) -> Celery:
    """The Celery application of this process.

    Raises:
        WrongSetup: no broker is named.
    """
    if not settings.redis_url:
        raise WrongSetup("HUB_REDIS_URL is not set: run `hospital-hub demo`, or name your Redis there")
    app = Celery("hospital_hub", broker=settings.redis_url, backend=None)
    app.conf.update(_messages() | _broker(patience) | _worker())
    return app


def _messages() -> dict[str, Any]:
    return {
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_queues": {name: {"exchange": name, "routing_key": name} for name in (FILES, BATCH)},
        "task_default_queue": BATCH,
        "task_create_missing_queues": False,  # a mistyped queue is an error, not a queue that nobody reads
        "task_ignore_result": True,
        "task_track_started": False,
        "task_publish_retry": False,  # the outbox is the retry
        "task_time_limit": TASK_SECONDS,  # the last resort; a step ends itself long before
    }


def _broker(patience: Patience) -> dict[str, Any]:
    options: dict[str, Any] = {
        "global_keyprefix": "hub:",
        "visibility_timeout": VISIBILITY_SECONDS,
        # kombu looks for lost messages every 100 s otherwise, whatever the visibility timeout says.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # Without them a half-open connection leaves the worker deaf, and a publication hangs for ever.
        "socket_timeout": patience.socket_seconds,
        "socket_connect_timeout": min(3.0, patience.socket_seconds),
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry_on_timeout": True,
        "queue_order_strategy": "priority",  # files before batch, in the order of task_queues
        "priority_steps": [0],
    }
    if patience.tries is not None:
        options |= {"max_retries": patience.tries, "interval_start": 0}
    return {
        "broker_transport_options": options,
        # The shortest of the three is the one that counts, so all three are set.
        "result_backend_transport_options": {"visibility_timeout": VISIBILITY_SECONDS},
        "visibility_timeout": VISIBILITY_SECONDS,
        "broker_connection_timeout": 3,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
    }


def _worker() -> dict[str, Any]:
    return {
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,  # else the message of a killed child is gone
        "task_acks_on_failure": True,  # a failure is written down in PostgreSQL, never told by redelivery
        "task_acks_on_timeout": True,
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "worker_concurrency": PROCESSES,  # one may file notes while the other has a batch
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # else the work waits for the visibility timeout
        "worker_soft_shutdown_timeout": 5.0,
        "worker_enable_soft_shutdown_on_idle": True,
        "worker_proc_alive_timeout": 15.0,
        "worker_max_tasks_per_child": 200,
        "worker_max_memory_per_child": CHILD_KIB,
        # Its pub/sub connection is the one whose time-out threw away messages already taken from a queue.
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
    }
