"""What Celery calls: an id in, one call."""

import uuid

from celery import shared_task

from hospital_hub import background
from hospital_hub.research.service import TASK
from hospital_hub.research.shift import work_on


@shared_task(name=TASK, ignore_result=True)  # type: ignore[untyped-decorator] # Celery ships no types
def run(job_id: str) -> None:
    background.run(lambda resources: work_on(resources, uuid.UUID(job_id), stopping=background.stopping))
