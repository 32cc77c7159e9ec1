"""Puts the synthetic patients into a FHIR server, once: a second run with the same edition changes nothing."""

from collections.abc import Iterator, Sequence
from datetime import date

import aiohttp

from hospital_hub.embedded.population.edition import has_edition
from hospital_hub.embedded.population.patients import population
from hospital_hub.embedded.population.shared import Resource
from hospital_hub.errors import WrongSetup

AT_ONCE = 100
TIMEOUT = aiohttp.ClientTimeout(total=60)
FHIR_JSON = {"Content-Type": "application/fhir+json"}


async def seed(fhir_url: str, anchor: date) -> int:
    """How many resources were written; 0 when the server has this edition already."""
    async with aiohttp.ClientSession(timeout=TIMEOUT, headers=FHIR_JSON) as http:
        if await has_edition(http, fhir_url):
            return 0
        resources = population(anchor)
        # The marker comes last and alone: a start that was interrupted is repeated in full.
        for part in (*_parts(resources[:-1]), resources[-1:]):
            await _put(http, fhir_url, resources=part)
    return len(resources)


def _parts(resources: Sequence[Resource]) -> Iterator[Sequence[Resource]]:
    for start in range(0, len(resources), AT_ONCE):
        yield resources[start : start + AT_ONCE]


async def _put(http: aiohttp.ClientSession, fhir_url: str, *, resources: Sequence[Resource]) -> None:
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in resources
    ]
    async with http.post(fhir_url, json={"resourceType": "Bundle", "type": "batch", "entry": entries}) as response:
        answer = await response.json(content_type=None)
    refused = [one for one in answer.get("entry", [answer]) if not _accepted(one)]
    if refused:
        raise WrongSetup(
            f"The FHIR server at {fhir_url} refused {len(refused)} of {len(resources)} synthetic resources"
        )


def _accepted(entry: Resource) -> bool:
    return str(entry.get("response", {}).get("status", "")).startswith("2")
