"""An authorisation server at the wire, written from SMART App Launch 2.2 alone: strict, hostile where a test says so.

It keeps every request it got, so that a test can say what the hub did send, and what it did not.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"text": "Alder Demo"}], "birthDate": "1961-01-01"}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Refusal(Exception):
    """An OAuth error, by its code."""


@dataclass
class Lies:
    """What this server says instead of the truth; all empty: it is honest."""

    configuration: Json = field(default_factory=dict)
    redirect: Json = field(default_factory=dict)  # members of the answer at the redirect URI
    token: Json = field(default_factory=dict)  # members of the token answer
    renewal: Json = field(default_factory=dict)  # members of the answer to a refresh token
    claims: Json = field(default_factory=dict)  # of the id_token
    header: Json = field(default_factory=dict)
    signing_key: Any = None
    id_token: str = ""
    refuse_renewal: str = ""  # an OAuth error
    status: int = 0  # of every token answer


@dataclass
class Authority:
    """`client_jwks` is what the client registered; without them it is a public client."""

    origin: str = ""
    client_id: str = "hub-panel"
    client_jwks: Any = None
    redirect_uris: set[str] = field(default_factory=set)
    patient: str = "p1"
    seconds: int = 300
    lies: Lies = field(default_factory=Lies)
    capabilities: list[str] = field(default_factory=lambda: ["launch-ehr", "permission-online", "permission-v2"])
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-384", {"kid": "authority", "use": "sig"}))
    asked: list[dict[str, str]] = field(default_factory=list)  # at the authorization endpoint
    forms: list[dict[str, str]] = field(default_factory=list)  # at the token endpoint
    visits: list[str] = field(default_factory=list)  # every path, in order
    bearers: list[str] = field(default_factory=list)  # at the FHIR base
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    jtis: set[str] = field(default_factory=set)
    living: set[str] = field(default_factory=set)  # access tokens
    refresh: dict[str, str] = field(default_factory=dict)  # refresh token to scope, each good for one use
    stored: list[Json] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/fhir/.well-known/smart-configuration", self._configuration),
                Route("/fhir/{kind}/{id}", self._read),
                Route("/fhir/{kind}", self._type, methods=["GET", "POST"]),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks", self._jwks),
                Route("/patient", self._page),
            ]
        )

    async def _configuration(self, request: Request) -> Response:
        self.visits.append(request.url.path)
        truth = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/jwks",
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "capabilities": self.capabilities,
        }
        return JSONResponse({**truth, **self.lies.configuration})

    async def _jwks(self, request: Request) -> Response:
        self.visits.append(request.url.path)
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    # ---- authorization endpoint ----
    async def _authorize(self, request: Request) -> Response:
        self.visits.append(request.url.path)
        asked = dict(request.query_params)
        self.asked.append(asked)
        if asked.get("client_id") != self.client_id or asked.get("redirect_uri") not in self.redirect_uris:
            return JSONResponse({"error": "invalid_request"}, 400)
        problem = self._problem(asked)
        answer = {"error": problem} if problem else {"code": self.code(asked)}
        answer |= {"state": asked["state"], **self.lies.redirect}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    def code(self, asked: Mapping[str, str]) -> str:
        code = secrets.token_hex(8)
        self.codes[code] = dict(asked)
        return code

    def _problem(self, asked: Mapping[str, str]) -> str:
        scopes = asked.get("scope", "").split()
        right = (
            asked.get("response_type") == "code"
            and asked.get("aud") == self.base
            and asked.get("code_challenge_method") == "S256"
            and len(asked.get("code_challenge", "")) == 43
            and len(asked.get("state", "")) >= 22
            and ("launch" in scopes) == bool(asked.get("launch"))
        )
        return "" if right else "invalid_request"

    # ---- token endpoint ----
    async def _token(self, request: Request) -> Response:
        self.visits.append(request.url.path)
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        form = dict(pairs)
        self.forms.append(form)
        if self.lies.status:
            return JSONResponse({"error": "server_error"}, self.lies.status)
        try:
            assert len(form) == len(pairs), "a member twice"
            self._check_client(form)
            grants = {"authorization_code": self._by_code, "refresh_token": self._by_refresh}
            return JSONResponse(grants[form["grant_type"]](form) if form["grant_type"] in grants else self._own(form))
        except Refusal as refusal:
            return JSONResponse({"error": str(refusal), "error_description": "secret"}, 400)

    def _check_client(self, form: Mapping[str, str]) -> None:
        if self.client_jwks is None:
            if form.get("client_id") != self.client_id or "client_assertion" in form:
                raise Refusal("invalid_client")
            return
        if form.get("client_assertion_type") != ASSERTION_TYPE or "client_id" in form:
            raise Refusal("invalid_client")
        try:
            token = jwt.decode(
                form["client_assertion"], KeySet.import_key_set(self.client_jwks), algorithms=["ES384", "RS384"]
            )
        except (JoseError, ValueError, KeyError) as wrong:
            raise Refusal("invalid_client") from wrong
        claims = token.claims
        right = (
            token.header.get("typ") == "JWT"
            and claims["iss"] == claims["sub"]
            and claims["aud"] == f"{self.origin}/token"
            and 0 < claims["exp"] - time.time() <= 300
            and claims["jti"] not in self.jtis
        )
        if not right:
            raise Refusal("invalid_client")
        self.jtis.add(claims["jti"])

    def _by_code(self, form: Mapping[str, str]) -> Json:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            raise Refusal("invalid_grant")
        verifier = form.get("code_verifier", "").encode()
        if base64url(hashlib.sha256(verifier).digest()) != asked["code_challenge"]:
            raise Refusal("invalid_grant")
        scope = asked["scope"]
        answer = {**self._bearer(scope), "patient": self.patient, "encounter": "e1", "id_token": self.id_token(asked)}
        return {**answer, **self._next(scope), **self.lies.token}

    def _by_refresh(self, form: Mapping[str, str]) -> Json:
        scope = self.refresh.pop(form.get("refresh_token", ""), None)
        if scope is None or self.lies.refuse_renewal:
            raise Refusal(self.lies.refuse_renewal or "invalid_grant")
        return {**self._bearer(scope), **self._next(scope), **self.lies.renewal}

    def _own(self, form: Mapping[str, str]) -> Json:
        if form["grant_type"] != "client_credentials":
            raise Refusal("unsupported_grant_type")
        return {**self._bearer(form["scope"]), **self.lies.token}

    def _bearer(self, scope: str) -> Json:
        token = secrets.token_hex(8)
        self.living.add(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.seconds, "scope": scope}

    def _next(self, scope: str) -> Json:
        if not {"online_access", "offline_access"} & set(scope.split()):
            return {}
        token = secrets.token_hex(8)
        self.refresh[token] = scope
        return {"refresh_token": token}

    def id_token(self, asked: Mapping[str, str]) -> str:
        if self.lies.id_token:
            return self.lies.id_token
        now = int(time.time())
        claims = {"iss": self.base, "sub": "u1", "aud": self.client_id, "nonce": asked["nonce"], "iat": now}
        claims |= {"exp": now + 300, "fhirUser": "Practitioner/dr-1", "name": "Dr. Demo", **self.lies.claims}
        header = {"alg": "ES384", "kid": "authority", **self.lies.header}
        key = self.lies.signing_key or self.key
        registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
        return jwt.encode(header, claims, key, algorithms=[header["alg"]], registry=registry)

    # ---- FHIR ----
    def _bearer_of(self, request: Request) -> bool:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.bearers.append(token)
        self.visits.append(request.url.path)
        return token in self.living

    async def _read(self, request: Request) -> Response:
        if not self._bearer_of(request):
            return JSONResponse({"resourceType": "OperationOutcome", "issue": []}, 401)
        found = PATIENT if request.path_params["id"] == "p1" and request.path_params["kind"] == "Patient" else None
        return JSONResponse(found or {"resourceType": "OperationOutcome", "issue": []}, 200 if found else 404)

    async def _type(self, request: Request) -> Response:
        if not self._bearer_of(request):
            return JSONResponse({"resourceType": "OperationOutcome", "issue": []}, 401)
        if request.method == "POST":
            made = {**await request.json(), "id": secrets.token_hex(6)}
            self.stored.append(made)
            return JSONResponse(made, 201)
        return JSONResponse({"resourceType": "Bundle", "type": "searchset", "entry": []})

    async def _page(self, request: Request) -> Response:
        """The EMR's page with the hub in a frame."""
        query = urlencode({"iss": self.base, "launch": "l1"}).replace("&", "&amp;")
        frame = f'<iframe name="panel" title="Panel" src="{request.query_params["hub"]}/notes/launch?{query}"></iframe>'
        return HTMLResponse(f'<!doctype html><html lang="en"><title>EMR</title>{frame}</html>')
