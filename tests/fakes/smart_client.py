"""A SMART app at the wire, written from the specification alone: publishes a JWKS, launches, asks for tokens."""

import base64
import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import aiohttp
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "launch openid fhirUser " + " ".join(
    f"patient/{kind}.rs"
    for kind in (
        *("Patient", "Condition", "Observation", "MedicationRequest"),
        *("AllergyIntolerance", "Encounter", "DocumentReference"),
    )
)
VERIFIER = "v" * 64
Fields = dict[str, Any]


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class FakeHub:
    """Origins of the hub it plays and of the EMR it talks to; `jwks_reads` counts how often its keys were fetched."""

    origin: str
    emr: str
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-384"))
    jwks_reads: int = 0

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/.well-known/jwks.json", self._jwks)])

    async def _jwks(self, _: Request) -> JSONResponse:
        self.jwks_reads += 1
        public = {**self.key.as_dict(private=False), "kid": self.key.thumbprint(), "alg": "ES384", "use": "sig"}
        return JSONResponse({"keys": [public]})

    def assertion(
        self, client_id: str = "hub-panel", *, header: Fields | None = None, claims: Fields | None = None
    ) -> str:
        now = int(time.time())
        base = {"iss": client_id, "sub": client_id, "aud": f"{self.emr}/auth/token", "iat": now, "exp": now + 240}
        whole_header = {"alg": "ES384", "typ": "JWT", "kid": self.key.thumbprint(), **(header or {})}
        whole = {**base, "jti": secrets.token_urlsafe(16), **(claims or {})}
        return jwt.encode(whole_header, whole, self.key, algorithms=["ES384"])

    def authorize_query(self, launch: str, /, **changes: str) -> dict[str, str]:
        query = {
            "response_type": "code",
            "client_id": "hub-panel",
            "redirect_uri": f"{self.origin}/notes/callback",
            "launch": launch,
            "scope": SCOPE,
            "state": "state-1",
            "aud": f"{self.emr}/fhir",
            "nonce": "nonce-1",
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**query, **changes}.items() if value}

    async def log_in(self, http: aiohttp.ClientSession, **changes: str) -> int:
        form = {"name": "dr.chen", "password": "demo-chen-2026", **changes}
        async with http.post(f"{self.emr}/login", data=form, allow_redirects=False) as response:
            return response.status

    async def launch_id(self, http: aiohttp.ClientSession, patient: str) -> str:
        async with http.get(f"{self.emr}/patients/{patient}") as response:
            page = await response.text()
        source = re.search(r'<iframe src="([^"]+)"', page)
        assert source is not None, page[:300]
        return parse_qs(urlsplit(source[1].replace("&amp;", "&")).query)["launch"][0]

    async def authorize(self, http: aiohttp.ClientSession, query: dict[str, str]) -> dict[str, str]:
        """What comes back at the redirect_uri."""
        async with http.get(f"{self.emr}/auth/authorize", params=query, allow_redirects=False) as response:
            assert response.status == 303, await response.text()
            target = response.headers["location"]
        assert target.startswith(f"{self.origin}/notes/callback?")
        return dict(parse_qsl(urlsplit(target).query))

    def exchange_form(self, code: str, /, **changes: str) -> dict[str, str]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self.origin}/notes/callback",
            "code_verifier": VERIFIER,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        return {**form, **changes}

    def backend_form(self, scope: str, /, **changes: str) -> dict[str, str]:
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion("hub-backend"),
        }
        return {**form, **changes}

    async def token(self, http: aiohttp.ClientSession, form: dict[str, str]) -> tuple[int, Fields]:
        async with http.post(f"{self.emr}/auth/token", data=form) as response:
            return response.status, await response.json()

    async def launched(self, http: aiohttp.ClientSession, patient: str, **changes: str) -> Fields:
        """The token answer of a whole launch by Dr Chen."""
        await self.log_in(http)
        query = self.authorize_query(await self.launch_id(http, patient), **changes)
        answer = await self.authorize(http, query)
        status, body = await self.token(http, self.exchange_form(answer["code"]))
        assert status == 200, body
        return body
