"""Celery in: the id of a case, one call."""

import time
import uuid

from celery import shared_task

from hospital_hub.background import run
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from hospital_hub.triage import filing
from hospital_hub.triage.refiling import TASK
from integrations.smart.backend import BackendTokens

# One a worker process: the EMR's token outlives a task.
_tokens = BackendTokens(jti=new_token, clock=time.time)


@shared_task(name=TASK, ignore_result=True)  # type: ignore[untyped-decorator] # Celery ships no types
def file_case(case: str) -> None:
    run(lambda resources: filing.step(resources, _tokens, identifier=uuid.UUID(case), now=utc_now()))
