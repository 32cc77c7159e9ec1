"""The hub as others meet it in FHIR R4: what it speaks, and the Task of a draft that is being written.

A draft's text is nowhere here: it is no resource before a named clinician has signed it.
"""

import uuid

from fastapi import APIRouter, Request

from hospital_hub import __version__
from hospital_hub.errors import NotFound
from hospital_hub.notes import service
from hospital_hub.notes.at_desk import AtDesk
from hospital_hub.notes.draft_task import draft_task
from hospital_hub.resources import resources_of
from hospital_hub.web.fhir import FhirResponse
from integrations.fhir.bundles import Resource

PREFIX = "/fhir"
SPOKEN_SINCE = "2026-11-24"
router = APIRouter(prefix=PREFIX, default_response_class=FhirResponse)


@router.get("/metadata", name="fhir_metadata")
async def metadata(request: Request) -> FhirResponse:
    return FhirResponse(capability_statement(resources_of(request).settings.public_url))


@router.get("/Task/{task}", name="fhir_task")
async def read_task(desk: AtDesk, task: str) -> FhirResponse:
    """A clinician's own draft of the patient whose record the EMR opened."""
    try:
        identifier = uuid.UUID(task)
    except ValueError as wrong:
        raise NotFound("There is no such task.", "Check its id.", code="no_task") from wrong
    return FhirResponse(draft_task(await service.show(desk, identifier)))


def capability_statement(public_url: str) -> Resource:
    """R4 4.0.1 alone, and no interaction that is not there."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": SPOKEN_SINCE,
        "kind": "instance",
        "software": {"name": "Hospital hub", "version": __version__},
        "implementation": {"description": "Hospital hub: drafts under way", "url": public_url.rstrip("/") + PREFIX},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "description": "The log-in that a SMART launch began; without it, this statement alone.",
                },
                "resource": [
                    {
                        "type": "Task",
                        "documentation": "The drafting of a note, for the clinician who asked for it.",
                        "interaction": [{"code": "read"}],
                        "versioning": "no-version",
                    }
                ],
            }
        ],
    }
