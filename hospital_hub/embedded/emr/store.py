"""The FHIR server behind this EMR, for nobody else: raw exchanges for the proxy, resources for the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Any

import aiohttp
import orjson
from multidict import CIMultiDictProxy

from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.failures import FhirRefusal

TIMEOUT = aiohttp.ClientTimeout(total=20)
Resource = dict[str, Any]
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Exchange:
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    def json(self) -> Resource:
        return dict(orjson.loads(self.body)) if self.body else {}


@dataclass(frozen=True)
class Call:
    """`path` below the FHIR base, without a leading slash."""

    method: str
    path: str
    query: Query = ()
    headers: Mapping[str, str] | None = None
    body: bytes | None = None


@dataclass(frozen=True)
class FhirStore:
    config: EmrConfig
    http: aiohttp.ClientSession

    async def exchange(self, call: Call) -> Exchange:
        url = f"{self.config.private_fhir}/{call.path}".rstrip("/")
        try:
            async with self.http.request(
                call.method,
                url,
                params=call.query,
                headers=call.headers,
                data=BytesIO(call.body) if call.body else None,
                timeout=TIMEOUT,
            ) as response:
                return Exchange(response.status, response.headers, await response.read())
        except (aiohttp.ClientError, TimeoutError) as failure:
            text = "The record system is not answering; try again in a moment"
            raise FhirRefusal(503, "transient", text=text) from failure

    async def read(self, kind: str, identifier: str) -> Resource | None:
        found = await self.exchange(Call("GET", f"{kind}/{identifier}"))
        return found.json() if found.status == HTTPStatus.OK else None

    async def search(self, kind: str, query: Query) -> list[Resource]:
        found = await self.exchange(Call("GET", kind, query))
        if found.status != HTTPStatus.OK:
            raise FhirRefusal(502, "exception", text="The record system answered unexpectedly")
        return [entry["resource"] for entry in found.json().get("entry", [])]
