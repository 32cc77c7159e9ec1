"""Whether a FHIR server has these patients already: the marker, which is written last, names the edition."""

from http import HTTPStatus

import aiohttp

from hospital_hub.embedded.population import shared


async def has_edition(http: aiohttp.ClientSession, fhir_url: str) -> bool:
    async with http.get(f"{fhir_url}/Organization/{shared.MARKER}") as response:
        if response.status != HTTPStatus.OK:
            return False
        marker = await response.json(content_type=None)
    return bool(marker["identifier"][0]["value"] == shared.EDITION)
