"""A FHIR R4 client for one server and one token. Reads are tried again, writes never: their caller knows what may be.

The token goes to the base alone: links to other places are refused and redirects are not followed.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp

from integrations.fhir.bundles import OUTCOME, Found, Resource, comes_along, entries_of, is_match
from integrations.fhir.errors import Fault, FhirFault, fault_of
from integrations.fhir.lossless import dumps, loads
from integrations.fhir.paths import items
from integrations.fhir.peculiar import Kind, peculiarities

__all__ = ["FhirClient", "Found", "Limits", "Resource", "Retries"]

MEDIA_TYPE = "application/fhir+json"
SECONDS = 20.0
LARGEST = 8 * 1024 * 1024
MOST_PAGES = 20
SUCCESS = frozenset({200, 201})
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # R4, datatypes: id


@dataclass(frozen=True)
class Limits:
    """Seconds for one request; bytes of one answer."""

    seconds: float = SECONDS
    bytes: int = LARGEST


@dataclass(frozen=True)
class Retries:
    """How a read is tried again; `first` and `longest` wait in seconds. A server that asks for more is not asked."""

    times: int = 2
    first: float = 0.2
    longest: float = 2.0

    def pause(self, attempt: int, fault: FhirFault) -> float | None:
        """Before the next try, or None where there is none."""
        wait = float(fault.retry_after) or self.first * 2**attempt
        return wait if fault.passing and attempt < self.times and wait <= self.longest else None


@dataclass(frozen=True)
class FhirClient:
    """`base` without a slash at its end."""

    http: aiohttp.ClientSession
    base: str
    token: str = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    retries: Retries = field(default_factory=Retries)

    async def read(self, kind: str, identifier: str) -> Resource:
        if not _ID.fullmatch(identifier):
            raise FhirFault(Fault.NOT_FOUND, "not an id")
        found = await self._get(f"{self.base}/{kind}/{identifier}")
        return _of_kind(found, kind)

    async def search(self, kind: str, query: Mapping[str, str], *, limit: int) -> list[Resource]:
        """At most `limit` matches, page after page; OperationOutcomes and included resources are left out."""
        return (await self.find(kind, query, limit=limit)).matches

    async def find(self, kind: str, query: Mapping[str, str], *, limit: int) -> Found:
        """At most `limit` matches with what they bring along."""
        found = Found([], [])
        known: set[tuple[str, str]] = set()
        async for entries in self._pages(f"{self.base}/{kind}?{urlencode(query)}"):
            found.matches.extend(one["resource"] for one in entries if is_match(one, kind))
            for entry in entries:
                one = entry["resource"]
                name = (str(one.get("resourceType")), str(one.get("id")))
                if comes_along(entry, kind) and name not in known:
                    known.add(name)
                    found.included.append(one)
            if len(found.matches) >= limit:
                break
        return Found(found.matches[:limit], found.included)

    async def operation(self, path: str, query: Mapping[str, str], *, limit: int) -> list[Resource]:
        """All resources of a Bundle that an operation without side effects answers, such as `Patient/1/$everything`."""
        found: list[Resource] = []
        async for entries in self._pages(f"{self.base}/{path}" + (f"?{urlencode(query)}" if query else "")):
            found += [one["resource"] for one in entries if one["resource"].get("resourceType") != OUTCOME]
            if len(found) >= limit:
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

    async def _pages(self, first: str) -> AsyncIterator[list[Resource]]:
        """The entries of each page that hold a resource."""
        url, read = first, set[str]()
        while url and len(read) < MOST_PAGES:
            read.add(url)
            page = _of_kind(await self._get(url), "Bundle")
            yield entries_of(page)
            url = self._next(page)
            if url in read:
                raise FhirFault(Fault.MALFORMED, "pages in a circle")

    def _next(self, page: Resource) -> str:
        named = next((str(link.get("url", "")) for link in items(page, "link") if link.get("relation") == "next"), "")
        url = urljoin(f"{self.base}/", named) if named else ""
        if url and not self._is_ours(url):
            raise FhirFault(Fault.FOREIGN, "next page")
        return url

    def _is_ours(self, url: str) -> bool:
        """Same origin and below the base's path, with nothing in the URL that could climb out of it."""
        ours, theirs = urlsplit(self.base), urlsplit(url)
        same = (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
        below = theirs.path == ours.path or theirs.path.startswith(f"{ours.path}/")
        return same and below and ".." not in theirs.path and "%" not in theirs.path

    async def _get(self, url: str) -> Resource:
        """The tries of one read share the time that one request may take."""
        try:
            async with asyncio.timeout(self.limits.seconds):
                for attempt in count():
                    try:
                        return await self._call("GET", url)
                    except FhirFault as fault:
                        pause = self.retries.pause(attempt, fault)
                        if pause is None:
                            raise
                    await asyncio.sleep(pause)
        except TimeoutError as slow:
            raise FhirFault(Fault.UNREACHABLE, "too slow") from slow
        raise AssertionError

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
                data=BytesIO(dumps(body)) if body is not None else None,
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
            return _in_fhirs_own_names(loads(content))
        if 300 <= response.status < 400:  # noqa: PLR2004 - the range of redirects
            raise FhirFault(Fault.FOREIGN, "redirect", status=response.status)
        retry_after, answered_at = (response.headers.get(name, "") for name in ("Retry-After", "Date"))
        fault = fault_of(response.status, _outcome(content), retry_after=retry_after, answered_at=answered_at)
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


def _in_fhirs_own_names(resource: Resource) -> Resource:
    """What stands under a Python name would be missing without a word."""
    wrong = next((one for one in peculiarities(resource) if one.kind is Kind.PYTHON_NAME), None)
    if wrong is not None:
        raise FhirFault(Fault.MALFORMED, f"{wrong.place} is a name of Python, not of FHIR")
    return resource


def _outcome(content: bytes) -> Resource | None:
    try:
        found = loads(content)
    except FhirFault:
        return None
    return found if found.get("resourceType") == OUTCOME else None
