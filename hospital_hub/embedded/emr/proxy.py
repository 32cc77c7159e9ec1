"""The FHIR API that apps see: the private server behind the scopes and the patient of their token.

Reads under `patient/` scopes are checked on the resource itself, searches are held to the record.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from hospital_hub.embedded.emr.authorization import discovery
from hospital_hub.embedded.emr.bodies import limited
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.failures import FhirRefusal, forbidden, no_token
from hospital_hub.embedded.emr.interactions import (
    Interaction,
    all_belong,
    interaction,
    plain_search,
    within_record,
)
from hospital_hub.embedded.emr.parts import Emr, EmrParts
from hospital_hub.embedded.emr.scopes import contexts_for
from hospital_hub.embedded.emr.store import Call, Exchange
from hospital_hub.embedded.emr.tokens import Access

FHIR_JSON = "application/fhir+json"
PASSED_ON = ("content-type", "if-match", "if-none-exist", "if-none-match", "prefer")
PASSED_BACK = ("content-type", "etag", "location", "last-modified")
SECURITY_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
router = APIRouter()


@router.get("/fhir/metadata")
async def metadata(emr: Emr) -> JSONResponse:
    statement = (await emr.store.exchange(Call("GET", "metadata"))).json()
    found = discovery(emr.config)
    uris = [
        {"url": name, "valueUri": found[f"{name}_endpoint" if name == "token" else "authorization_endpoint"]}
        for name in ("authorize", "token")
    ]
    service = [{"coding": [{"system": SECURITY_SERVICE, "code": "SMART-on-FHIR"}]}]
    statement["rest"][0]["security"] = {"extension": [{"url": OAUTH_URIS, "extension": uris}], "service": service}
    statement["implementation"]["url"] = emr.config.fhir_base
    return JSONResponse(statement, media_type=FHIR_JSON)


@router.api_route("/fhir", methods=["POST"])
@router.api_route("/fhir/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def proxied(request: Request, emr: Emr, *, path: str = "") -> Response:
    access = _access(request, emr)
    body = await limited(request)
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    call = Call(request.method, path.strip("/"), request.query_params.multi_items(), headers, body or None)
    answer = await (_bundle(emr, access, call=call) if call.path == "" else _single(emr, access, call=call))
    return _outside(answer, emr.config)


def _access(request: Request, emr: EmrParts) -> Access:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise FhirRefusal(401, "login", text="Send an access token as Bearer", challenge="Bearer")
    access = emr.grants.valid(token.strip())
    if access is None:
        raise no_token("The access token is not valid here, or no longer")
    return access


async def _single(emr: EmrParts, access: Access, *, call: Call) -> Exchange:
    wanted = interaction(call.method, call.path)
    contexts = contexts_for(access.scope, wanted.kind, letter=wanted.letter)
    if wanted.searches:
        plain_search(call.query)
    if "system" in contexts:
        return await emr.store.exchange(call)
    if "patient" in contexts and access.context.patient:
        return await _in_record(emr, access.context.patient, wanted=wanted, call=call)
    if "fhirUser" in access.scope.split() and call.method == "GET" and call.path == access.context.fhir_user:
        return await emr.store.exchange(call)
    raise forbidden(f"The token's scopes do not include {wanted.letter} on {wanted.kind}")


async def _in_record(emr: EmrParts, patient: str, *, wanted: Interaction, call: Call) -> Exchange:
    if wanted.letter not in "rs":
        raise forbidden("This EMR takes writes under system scopes only")
    if wanted.searches:
        call = _held_search(call, kind=wanted.kind, patient=patient)
    answer = await emr.store.exchange(call)
    if answer.status == HTTPStatus.OK and not all_belong(answer.json(), patient):
        raise forbidden("This is not in the record of the token's patient")
    return answer


def _held_search(call: Call, *, kind: str, patient: str) -> Call:
    if call.method == "POST":
        raise FhirRefusal(405, "not-supported", text="Search with GET under patient scopes")
    return Call("GET", call.path, within_record(list(call.query), kind=kind, patient=patient), call.headers)


async def _bundle(emr: EmrParts, access: Access, *, call: Call) -> Exchange:
    """Each entry of a transaction or batch needs a `system/` scope; patient scopes work on single resources."""
    for entry in _entries(_json(call.body)):
        path, _, query = str(entry["url"]).partition("?")
        wanted = interaction(str(entry["method"]), path)
        plain_search((name, "") for name in query.split("&"))
        if "system" not in contexts_for(access.scope, wanted.kind, letter=wanted.letter):
            raise forbidden(f"The token's scopes do not include {wanted.letter} on {wanted.kind}")
    return await emr.store.exchange(call)


def _entries(bundle: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    try:
        requests = [entry["request"] for entry in bundle["entry"]]
        complete = all(isinstance(one["method"], str) and isinstance(one["url"], str) for one in requests)
    except (KeyError, TypeError) as wrong:
        raise FhirRefusal(400, "structure", text="Each entry needs request.method and request.url") from wrong
    if not complete:
        raise FhirRefusal(400, "structure", text="request.method and request.url must be text")
    return requests


def _json(body: bytes | None) -> dict[str, Any]:
    try:
        document = orjson.loads(body or b"")
    except orjson.JSONDecodeError as wrong:
        raise FhirRefusal(400, "structure", text="The body is not JSON") from wrong
    if not isinstance(document, dict):
        raise FhirRefusal(400, "structure", text="The body is not a JSON object")
    return document


def _outside(answer: Exchange, config: EmrConfig) -> Response:
    """With the addresses that apps may use in place of the private server's."""
    inside, outside = config.private_fhir, config.fhir_base
    headers = {name: answer.headers[name].replace(inside, outside) for name in PASSED_BACK if name in answer.headers}
    body = answer.body.replace(f'"{inside}/'.encode(), f'"{outside}/'.encode())
    return Response(body, status_code=answer.status, headers={**headers, "Cache-Control": "no-store"})
