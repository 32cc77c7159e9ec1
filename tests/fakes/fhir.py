"""An EMR at the wire: SMART authorisation server and a FHIR R4 server in memory, strict, and breakable on request."""

import copy
import html
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from integrations.smart.launch import challenge

Json = dict[str, Any]
PRACTITIONER = "Practitioner/dr-1"
MOST_CONDITIONAL = 8  # entries of a transaction with conditional creates, as Medplum has it


def outcome(code: str) -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, "diagnostics": "secret"}]}


@dataclass
class FakeEmr:
    """`client_jwks` is the hub's public key set; `status` answers every FHIR request with that status."""

    origin: str = ""
    client_jwks: Any = field(default_factory=dict)
    patient: str = "p1"
    encounter: str = "e1"
    status: int = 0
    issue: str = "exception"
    retry_after: str = ""
    forbidden: set[str] = field(default_factory=set)
    forbidden_kinds: set[str] = field(default_factory=set)
    seconds: int = 300
    id_claims: Json = field(default_factory=dict)
    id_header: Json = field(default_factory=dict)
    id_key: ECKey | None = None
    configuration: Json = field(default_factory=dict)
    banner: bool = True
    app_context: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-384", {"kid": "emr", "use": "sig"}))
    stored: dict[str, dict[str, Json]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    jtis: set[str] = field(default_factory=set)
    seen: list[tuple[str, str]] = field(default_factory=list)
    sent: list[Mapping[str, str]] = field(default_factory=list)
    token_requests: int = 0
    lost_answers: set[int] = field(default_factory=set)  # of which transactions nobody hears that they were committed
    transactions: int = 0
    read_only: set[str] = field(default_factory=set)  # kinds that single updates are forbidden of
    before_transaction: Callable[[], None] | None = None  # somebody else is faster, once

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    def put(self, *resources: Json) -> None:
        for one in resources:
            meta = {"versionId": "1", **one.get("meta", {})}
            self.stored.setdefault(one["resourceType"], {})[one["id"]] = {**one, "meta": meta}

    def changed(self, resource: Json) -> None:
        """Somebody else writes it: under its next version."""
        known = self.stored[resource["resourceType"]][resource["id"]]
        version = str(int(known["meta"]["versionId"]) + 1)
        self.put({**resource, "meta": {**resource.get("meta", {}), "versionId": version}})

    def all(self, kind: str) -> list[Json]:
        return list(self.stored.get(kind, {}).values())

    def system_token(self) -> str:
        return self._new_token("system")

    def patient_token(self) -> str:
        return self._new_token("patient")

    def _new_token(self, kind: str) -> str:
        token = secrets.token_hex(8)
        self.tokens[token] = kind
        return token

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/fhir/.well-known/smart-configuration", self._configuration),
                Route("/auth/authorize", self._authorize),
                Route("/auth/token", self._token, methods=["POST"]),
                Route("/auth/jwks", self._jwks),
                Route("/patient", self._patient_page),
                Route("/fhir", self._transaction, methods=["POST"]),
                Route("/fhir/{kind}", self._type, methods=["GET", "POST"]),
                Route("/fhir/{kind}/{id}", self._instance, methods=["GET", "PUT"]),
            ]
        )

    # ---- SMART ----
    async def _configuration(self, request: Request) -> Response:
        found = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.origin}/auth/authorize",
            "token_endpoint": f"{self.origin}/auth/token",
            "jwks_uri": f"{self.origin}/auth/jwks",
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }
        return JSONResponse({**found, **self.configuration})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["aud"] == self.base
        assert asked["code_challenge_method"] == "S256"
        assert asked["state"]
        assert asked["nonce"]
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    async def _token(self, request: Request) -> Response:
        self.token_requests += 1
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        client = self._client(form.get("client_assertion", ""))
        if client is None:
            return JSONResponse({"error": "invalid_client"}, 401)
        if form["grant_type"] == "client_credentials":
            return self._bearer(form["scope"], self._new_token("system"))
        asked = self.codes.pop(form.get("code", ""), None)
        fits = asked is not None and (asked["redirect_uri"], asked["client_id"]) == (form["redirect_uri"], client)
        if asked is None or not fits or challenge(form["code_verifier"]) != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant", "error_description": "secret"}, 400)
        extra = {"patient": self.patient, "encounter": self.encounter, "need_patient_banner": self.banner}
        if self.app_context:
            extra["appContext"] = self.app_context
        extra["id_token"] = self.id_token(client, nonce=asked["nonce"])
        return self._bearer(asked["scope"], self._new_token("patient"), extra)

    def id_token(self, client: str, *, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.base, "sub": "u1", "aud": client, "nonce": nonce, "iat": now, "exp": now + 300}
        claims |= {"fhirUser": f"{self.base}/{PRACTITIONER}", "name": "Dr. Demo", **self.id_claims}
        header = {"alg": "ES384", "kid": "emr", **self.id_header}
        return jwt.encode(header, claims, self.id_key or self.key, algorithms=[header["alg"]])

    def _bearer(self, scope: str, token: str, extra: Json | None = None) -> Response:
        return JSONResponse(
            {"access_token": token, "token_type": "Bearer", "expires_in": self.seconds, "scope": scope, **(extra or {})}
        )

    def _client(self, assertion: str) -> str | None:
        try:
            token = jwt.decode(assertion, KeySet.import_key_set(self.client_jwks), algorithms=["ES384"])
        except (JoseError, ValueError):
            return None
        claims = token.claims
        good = claims["iss"] == claims["sub"] and claims["aud"] == f"{self.origin}/auth/token"
        good = good and 0 < claims["exp"] - time.time() <= 300 and claims["jti"] not in self.jtis
        self.jtis.add(claims["jti"])
        return str(claims["sub"]) if good and token.header["typ"] == "JWT" else None

    async def _jwks(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _patient_page(self, request: Request) -> Response:
        """The EMR's page of a patient with the hub in a frame, as wide as a side panel."""
        launch = f"{request.query_params['hub']}/notes/launch?{urlencode({'iss': self.base, 'launch': 'l1'})}"
        frame = f'<iframe name="panel" title="Panel" width="420" height="880" src="{html.escape(launch)}"></iframe>'
        return HTMLResponse(f'<!doctype html><html lang="en"><title>EMR</title><main><h1>EMR</h1>{frame}</main></html>')

    # ---- FHIR ----
    def _refused(self, request: Request, kind: str) -> Response | None:
        self.seen.append((request.method, kind))
        self.sent.append(dict(request.headers))
        owner = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if owner is None:
            return JSONResponse(outcome("login"), 401)
        if self.status:
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return JSONResponse(outcome(self.issue), self.status, headers=headers)
        if kind in self.forbidden_kinds or (request.method != "GET" and owner != "system"):
            return JSONResponse(outcome("forbidden"), 403)
        return None

    async def _type(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        refused = self._refused(request, kind)
        if refused is not None:
            return refused
        if request.method == "GET":
            return self._search(kind, dict(request.query_params))
        body = json.loads(await request.body())
        condition = request.headers.get("if-none-exist")
        matches = self._matching(kind, {k: v[0] for k, v in parse_qs(condition).items()}) if condition else []
        if len(matches) > 1:
            return JSONResponse(outcome("multiple-matches"), 412)
        if matches:
            return JSONResponse(matches[0])
        self.put({**body, "id": secrets.token_hex(6)})
        return JSONResponse(self.all(kind)[-1], 201)

    def _matching(self, kind: str, query: Mapping[str, str]) -> list[Json]:
        return [one for one in self.all(kind) if all(_fits(one, name, value) for name, value in query.items())]

    def _search(self, kind: str, query: Mapping[str, str]) -> Response:
        offset, count = int(query.get("_offset", 0)), int(query.get("_count", 50))
        found = self._matching(kind, {k: v for k, v in query.items() if not k.startswith("_")})
        page = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        page["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in found[offset : offset + count]]
        if offset + count < len(found):
            following = urlencode({**query, "_offset": offset + count})
            page["link"] = [{"relation": "next", "url": f"{self.base}/{kind}?{following}"}]
        return JSONResponse(page)

    async def _instance(self, request: Request) -> Response:
        kind, identifier = request.path_params["kind"], request.path_params["id"]
        refused = self._refused(request, kind)
        if refused is not None:
            return refused
        known = self.stored.get(kind, {}).get(identifier)
        if known is None:
            return JSONResponse(outcome("not-found"), 404)
        if request.method == "GET":
            return JSONResponse(known)
        if kind in self.read_only:
            return JSONResponse(outcome("forbidden"), 403)
        version = known["meta"]["versionId"]
        if request.headers.get("if-match") != f'W/"{version}"':
            return JSONResponse(outcome("conflict"), 412)
        body = json.loads(await request.body())
        self.put({**body, "meta": {"versionId": str(int(version) + 1)}})
        return JSONResponse(self.stored[kind][identifier])

    async def _transaction(self, request: Request) -> Response:
        """All or nothing (R4, 3.1.0.11.2): conditional creates, guarded updates, references between the entries."""
        refused = self._refused(request, "Bundle")
        if refused is not None:
            return refused
        entries = json.loads(await request.body())["entry"]
        kinds = {entry["resource"]["resourceType"] for entry in entries}
        if kinds & self.forbidden_kinds:
            return JSONResponse(outcome("forbidden"), 403)
        conditional = any("ifNoneExist" in entry["request"] for entry in entries)
        if conditional and len(entries) > MOST_CONDITIONAL:
            return JSONResponse(outcome("too-costly"), 400)
        if self.before_transaction is not None:
            faster, self.before_transaction = self.before_transaction, None
            faster()
        before = copy.deepcopy(self.stored)
        try:
            done = self._committed(entries)
        except _Refused as wrong:
            self.stored = before
            return JSONResponse(outcome(wrong.issue), 412)
        self.transactions += 1
        if self.transactions in self.lost_answers:
            return JSONResponse(outcome("exception"), 500)
        return JSONResponse({"resourceType": "Bundle", "type": "transaction-response", "entry": done})

    def _committed(self, entries: list[Json]) -> list[Json]:
        names: dict[str, str] = {}
        new: list[tuple[Json, bool]] = []
        for entry in entries:
            kind, asked = entry["resource"]["resourceType"], entry["request"]
            condition = {name: one[0] for name, one in parse_qs(asked.get("ifNoneExist", "")).items()}
            matches = self._matching(kind, condition) if condition else []
            if len(matches) > 1:
                raise _Refused("multiple-matches")
            known = asked["url"].partition("/")[2] or (matches[0]["id"] if matches else "")
            identifier = known or secrets.token_hex(6)
            names[entry.get("fullUrl", identifier)] = f"{kind}/{identifier}"
            if asked["method"] == "PUT":
                self._guard(kind, identifier, match=asked["ifMatch"])
            new.append(({**entry["resource"], "id": identifier}, not matches))
        for resource, written in new:
            if written:
                self._keep_next(_renamed(resource, names))
        return [{"response": {"status": "200", "location": place}} for place in names.values()]

    def _guard(self, kind: str, identifier: str, *, match: str) -> None:
        known = self.stored.get(kind, {}).get(identifier)
        if known is None or match != f'W/"{known["meta"]["versionId"]}"':
            raise _Refused("conflict")

    def _keep_next(self, resource: Json) -> None:
        known = self.stored.get(resource["resourceType"], {}).get(resource["id"])
        version = 1 if known is None else int(known["meta"]["versionId"]) + 1
        self.put({**resource, "meta": {**resource.get("meta", {}), "versionId": str(version)}})


class _Refused(Exception):
    """A transaction that cannot be committed."""

    def __init__(self, issue: str) -> None:
        super().__init__(issue)
        self.issue = issue


def _renamed(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Wherever a placeholder stands, not in references alone (R4, 3.1.0.11.2)."""
    if isinstance(value, dict):
        return {key: _renamed(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def _fits(resource: Json, name: str, value: str) -> bool:
    """One of the values between commas (R4, 3.1.1.4.4)."""
    return any(_fits_one(resource, name, one) for one in value.split(","))


def _fits_one(resource: Json, name: str, value: str) -> bool:
    if name == "patient":
        holder = resource.get("subject") or resource.get("patient") or {}
        return bool(holder.get("reference") == f"Patient/{value.rpartition('/')[2]}")
    if name == "identifier":
        system, bar, wanted = value.rpartition("|")
        own = resource.get("identifier", [])
        known = [*(own if isinstance(own, list) else [own]), *filter(None, [resource.get("masterIdentifier")])]
        return any(one["value"] == wanted and (not bar or one["system"] == system) for one in known)
    if name == "target":
        return any(one["reference"] == value for one in resource.get("target", []))
    if name == "birthdate":
        return bool(resource.get("birthDate") == value)
    if name == "name":
        return any(_names(one, value.casefold()) for one in resource.get("name", []))
    return bool(resource.get(name) == value)


def _names(name: Json, start: str) -> bool:
    parts = [name.get("text", ""), name.get("family", ""), *name.get("given", [])]
    return any(part.casefold().startswith(start) for part in parts)
