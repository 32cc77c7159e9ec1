"""The background worker: `celery -A hospital_hub.worker:app worker`. Files cases and signed notes, answers batches.

Prefork, not solo: the parent goes on talking to the broker while a child works, and a child that a task kills or
that grows too large is replaced. The children share the parent's modules, so a second one costs little memory.
Where many batches run, give each queue its own worker: `--queues files` and `--queues batch`.
"""

import asyncio
import gc
import sys
from typing import Final, NoReturn

from celery import Celery

from hospital_hub.background import serve_steps
from hospital_hub.broker import make_celery
from hospital_hub.errors import WrongSetup
from hospital_hub.logs import configure_logs
from hospital_hub.notes import tasks as notes_tasks
from hospital_hub.research import tasks as research_tasks
from hospital_hub.resources import open_resources
from hospital_hub.settings import load_settings
from hospital_hub.storage.schema import check
from hospital_hub.triage import tasks as triage_tasks

WRONG_SETUP: Final = 2
TASK_MODULES: Final = (triage_tasks, notes_tasks, research_tasks)


def _fail(wrong: WrongSetup) -> NoReturn:
    sys.stderr.write(f"{wrong}\n")
    raise SystemExit(WRONG_SETUP)


def _check() -> None:
    """Before the first fork, so that a wrong setting is one line and not one for each child."""
    try:
        asyncio.run(_checked())
    except WrongSetup as wrong:
        _fail(wrong)
    gc.freeze()  # the collector would touch, and so copy, the pages that the children share with this process


async def _checked() -> None:
    async with open_resources(load_settings()) as resources:
        await check(resources.database)


def _application() -> Celery:
    try:
        settings = load_settings()
        configure_logs(settings.log_format)
        made = make_celery(settings)
    except WrongSetup as wrong:
        _fail(wrong)
    serve_steps(before_forks=_check)
    return made


app = _application()
