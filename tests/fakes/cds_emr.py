"""An EMR that calls CDS Hooks services: signs its tokens, publishes its keys, answers FHIR searches, slowly if told."""

import asyncio
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
HUB = "http://127.0.0.1:8700"
SEARCHED = {"category", "code"}


@dataclass
class CdsEmr:
    """`delay` in seconds before each FHIR answer; `status` answers every FHIR request with it.

    A `careless` one ignores the parameters of a search; one that `remembers` answers a search as it did before.
    """

    name: str = "ward"
    origin: str = ""
    key: ECKey | RSAKey = field(default_factory=lambda: ECKey.generate_key("P-384", {"kid": "ward-1"}))
    algorithm: str = "ES384"
    page: str = "https://emr.example.org"
    delay: float = 0.0
    status: int = 0
    careless: bool = False
    remembers: bool = False
    token: str = "cds-token"
    resources: list[Json] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    jwks_reads: int = 0
    jwks_status: int = 200

    @property
    def fhir(self) -> str:
        return f"{self.origin}/fhir"

    @property
    def issuer(self) -> str:
        return f"https://{self.name}.example.org"

    @property
    def jwks_url(self) -> str:
        return f"{self.origin}/jwks.json"

    @property
    def public(self) -> Json:
        return {"keys": [{**self.key.as_dict(private=False), "kid": self.key.kid, "use": "sig"}]}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/jwks.json", self._jwks),
                Route("/fhir/{kind}", self._search),
                Route("/fhir/{kind}/{id}", self._read),
            ]
        )

    def bearer(self, path: str, *, header: Json | None = None, claims: Json | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.signed(path, header=header, claims=claims)}"}

    def signed(self, path: str, *, header: Json | None = None, claims: Json | None = None) -> str:
        """A token for one call; `header` and `claims` replace or (by None) remove members."""
        now = int(time.time())
        said = {"iss": self.issuer, "aud": HUB + path, "iat": now, "exp": now + 240, "jti": secrets.token_hex(16)}
        head = {"alg": self.algorithm, "typ": "JWT", "kid": self.key.kid, **(header or {})}
        whole = {name: value for name, value in {**said, **(claims or {})}.items() if value is not None}
        shown = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(shown, whole, self.key, algorithms=[self.algorithm], default_type=None)

    def body(self, hook: str, /, **fields: object) -> Json:
        """A call with a token for this EMR's FHIR server and no prefetch; `fields` replace or (by None) remove."""
        context: Json = {"userId": "Practitioner/d1", "patientId": "p1", "encounterId": "e1"}
        whole = {
            "hook": hook,
            "hookInstance": str(uuid.uuid4()),
            "fhirServer": self.fhir,
            "fhirAuthorization": {
                "access_token": self.token,
                "token_type": "Bearer",
                "expires_in": 300,
                "scope": "patient/*.rs",
                "subject": "hub-cds",
                "patient": "p1",
            },
            "context": context,
            **fields,
        }
        return {name: value for name, value in whole.items() if value is not None}

    async def _jwks(self, _request: Request) -> Response:
        self.jwks_reads += 1
        return JSONResponse(self.public, self.jwks_status)

    async def _wait(self, request: Request) -> Response | None:
        self.asked.append(str(request.url).removeprefix(self.fhir))
        if self.delay:
            await asyncio.sleep(self.delay)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"resourceType": "OperationOutcome", "issue": [{"code": "login"}]}, 401)
        if self.status:
            return JSONResponse({"resourceType": "OperationOutcome", "issue": [{"code": "exception"}]}, self.status)
        return None

    async def _search(self, request: Request) -> Response:
        refused = await self._wait(request)
        if refused is not None:
            return refused
        url = str(request.url)
        if not self.remembers:
            self.answers.clear()
        if url not in self.answers:
            self.answers[url] = self._found(request)
        return Response(self.answers[url], media_type="application/fhir+json")

    def _found(self, request: Request) -> bytes:
        query = dict(request.query_params)
        found = [one for one in self.resources if one["resourceType"] == request.path_params["kind"]]
        found = [one for one in found if self.careless or all(_fits(one, *pair) for pair in query.items())]
        entries = [{"resource": one, "search": {"mode": "match"}} for one in found[: int(query.get("_count", 50))]]
        return orjson.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries})

    async def _read(self, request: Request) -> Response:
        refused = await self._wait(request)
        if refused is not None:
            return refused
        wanted = (request.path_params["kind"], request.path_params["id"])
        for one in self.resources:
            if (one["resourceType"], one["id"]) == wanted:
                return JSONResponse(one)
        return JSONResponse({"resourceType": "OperationOutcome", "issue": [{"code": "not-found"}]}, 404)


def _fits(resource: Json, name: str, value: str) -> bool:
    if name in {"_count", "_sort"}:
        return True
    if name == "patient":
        holder = resource.get("subject") or resource.get("patient") or {}
        return bool(holder.get("reference") == f"Patient/{value}")
    if name in SEARCHED:
        held = resource.get(name, [])
        concepts = held if isinstance(held, list) else [held]
        codes = {coding.get("code") for one in concepts for coding in one.get("coding", [])}
        return bool(codes & set(value.split(",")))
    return bool(resource.get(name) == value)
