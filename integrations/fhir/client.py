"""A FHIR R4 client for one server and one token. Retries nothing; the caller knows what may be repeated.

The token goes to the base alone: links to other places are refused and redirects are not followed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from integrations.fhir.errors import Fault, FhirFault, fault_of
from integrations.fhir.lossless import dumps, loads

MEDIA_TYPE = "application/fhir+json"
SECONDS = 20.0
LARGEST = 8 * 1024 * 1024
MOST_PAGES = 20
SUCCESS = frozenset({200, 201})
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # R4, datatypes: id
Resource = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """Seconds for one request; bytes of one answer."""

    seconds: float = SECONDS
    bytes: int = LARGEST


@dataclass(frozen=True)
class FhirClient:
    """`base` without a slash at its end."""

    http: aiohttp.ClientSession
    base: str
    token: str = field(repr=False)
    limits: Limits = field(default_factory=Limits)

    async def read(self, kind: str, identifier: str) -> Resource:
        if not _ID.fullmatch(identifier):
            raise FhirFault(Fault.NOT_FOUND, "not an id")
        found = await self._call("GET", f"{self.base}/{kind}/{identifier}")
        return _of_kind(found, kind)

    async def search(self, kind: str, query: Mapping[str, str], *, limit: int) -> list[Resource]:
        """At most `limit` matches, page after page; OperationOutcomes and included resources are left out."""
        url = f"{self.base}/{kind}?{urlencode(query)}"
        found: list[Resource] = []
        for _ in range(MOST_PAGES):
            page = _of_kind(await self._call("GET", url), "Bundle")
            found += _matches(page, kind)
            url = self._next(page) if len(found) < limit else ""
            if not url:
                break
        return found[:limit]

    async def create(self, resource: Resource, *, if_none_exist: str = "") -> Resource:
        """Create; with `if_none_exist` (a search) the one match instead, if there is one (R4, 3.1.0.8.1)."""
        headers = {"If-None-Exist": if_none_exist} if if_none_exist else {}
        kind = str(resource["resourceType"])
        made = await self._call("POST", f"{self.base}/{kind}", body=resource, headers=headers)
        return _of_kind(made, kind)

    async def update(self, resource: Resource, *, version: str) -> Resource:
        """Write a resource over exactly the version that was read (R4, 3.1.0.5)."""
        kind, identifier = str(resource["resourceType"]), str(resource["id"])
        headers = {"If-Match": f'W/"{version}"'}
        made = await self._call("PUT", f"{self.base}/{kind}/{identifier}", body=resource, headers=headers)
        return _of_kind(made, kind)

    async def transaction(self, bundle: Resource) -> Resource:
        """All entries or none (R4, 3.1.0.11)."""
        return _of_kind(await self._call("POST", self.base, body=bundle), "Bundle")

    def _next(self, page: Resource) -> str:
        links = page.get("link") or []
        url = next((str(link.get("url", "")) for link in links if link.get("relation") == "next"), "")
        if url and not self._is_ours(url):
            raise FhirFault(Fault.FOREIGN, "next page")
        return url

    def _is_ours(self, url: str) -> bool:
        """Same origin and below the base's path, with nothing in the URL that could climb out of it."""
        ours, theirs = urlsplit(self.base), urlsplit(url)
        same = (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
        below = theirs.path == ours.path or theirs.path.startswith(f"{ours.path}/")
        return same and below and ".." not in theirs.path and "%" not in theirs.path

    async def _call(
        self, method: str, url: str, *, body: Resource | None = None, headers: Mapping[str, str] | None = None
    ) -> Resource:
        sent = {"Accept": MEDIA_TYPE, "Authorization": f"Bearer {self.token}", **(headers or {})}
        if body is not None:
            sent |= {"Content-Type": MEDIA_TYPE, "Prefer": "return=representation"}
        try:
            async with self.http.request(
                method,
                url,
                data=dumps(body) if body is not None else None,
                headers=sent,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self.limits.seconds),
            ) as response:
                return await self._answer(response, conditional="If-None-Exist" in sent)
        except TimeoutError as slow:
            raise FhirFault(Fault.UNREACHABLE, "too slow") from slow
        except aiohttp.ClientError as gone:
            raise FhirFault(Fault.UNREACHABLE, type(gone).__name__) from gone

    async def _answer(self, response: aiohttp.ClientResponse, *, conditional: bool) -> Resource:
        content = await self._limited(response)
        if response.status in SUCCESS:
            return loads(content)
        if 300 <= response.status < 400:  # noqa: PLR2004 - the range of redirects
            raise FhirFault(Fault.FOREIGN, "redirect", status=response.status)
        fault = fault_of(response.status, _outcome(content), retry_after=response.headers.get("Retry-After", ""))
        if conditional and response.status == 412:  # noqa: PLR2004 - to If-None-Exist this can mean nothing else
            raise FhirFault(Fault.AMBIGUOUS, status=412, issues=fault.issues)
        raise fault

    async def _limited(self, response: aiohttp.ClientResponse) -> bytes:
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self.limits.bytes:
                raise FhirFault(Fault.TOO_LARGE, "answer")
            chunks.append(chunk)
        return b"".join(chunks)


def _of_kind(resource: Resource, kind: str) -> Resource:
    if resource.get("resourceType") != kind:
        raise FhirFault(Fault.MALFORMED, f"not a {kind}")
    return resource


def _matches(page: Resource, kind: str) -> list[Resource]:
    entries = page.get("entry") or []
    if not isinstance(entries, list):
        raise FhirFault(Fault.MALFORMED, "entries")
    resources = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
    return [one for one in resources if isinstance(one, dict) and one.get("resourceType") == kind]


def _outcome(content: bytes) -> Resource | None:
    try:
        found = loads(content)
    except FhirFault:
        return None
    return found if found.get("resourceType") == "OperationOutcome" else None
