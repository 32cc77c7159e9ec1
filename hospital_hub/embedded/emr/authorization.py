"""The EMR's SMART authorisation server over HTTP: discovery, authorize, token, introspection, keys."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from hospital_hub.embedded.emr.assertions import ALGORITHMS
from hospital_hub.embedded.emr.authorization_request import checked, client_of
from hospital_hub.embedded.emr.bodies import form, single
from hospital_hub.embedded.emr.clients import BACKEND_SCOPE, PANEL_SCOPE
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.failures import OAuthFailure
from hospital_hub.embedded.emr.keys import ALGORITHM
from hospital_hub.embedded.emr.log_in import COOKIE
from hospital_hub.embedded.emr.parts import Emr, EmrParts

NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CAPABILITIES = [
    *("launch-ehr", "client-confidential-asymmetric", "sso-openid-connect", "permission-patient", "permission-v2"),
    *("context-ehr-patient", "context-ehr-encounter", "context-banner", "permission-online"),
]
GRANTS = ("authorization_code", "refresh_token", "client_credentials")
router = APIRouter()


def discovery(config: EmrConfig) -> dict[str, Any]:
    auth = f"{config.origin}/auth"
    return {
        "issuer": config.fhir_base,
        "jwks_uri": f"{auth}/jwks",
        "authorization_endpoint": f"{auth}/authorize",
        "token_endpoint": config.token_url,
        "introspection_endpoint": f"{auth}/introspect",
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "scopes_supported": [*PANEL_SCOPE.split(), *BACKEND_SCOPE.split()],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "authorization_response_iss_parameter_supported": True,
        "capabilities": CAPABILITIES,
    }


@router.get("/fhir/.well-known/smart-configuration")
@router.get("/fhir/.well-known/openid-configuration")
async def configuration(emr: Emr) -> JSONResponse:
    return JSONResponse(discovery(emr.config))


@router.get("/auth/jwks")
async def jwks(emr: Emr) -> JSONResponse:
    return JSONResponse(emr.tokens.key.public_jwks())


@router.get("/auth/authorize")
async def authorize(request: Request, emr: Emr) -> Response:
    """Consent is the hospital's, given when it registered the client: nothing is asked of the doctor here."""
    query = single(request.query_params.multi_items())
    client_of(query, emr.clients)
    try:
        answer = {"code": _code(request, emr, query=query)}
    except OAuthFailure as failure:
        answer = failure.body
    if query.get("state"):
        answer["state"] = query["state"]
    answer["iss"] = emr.config.fhir_base  # RFC 9207
    return RedirectResponse(f"{query['redirect_uri']}?{urlencode(answer)}", status_code=303, headers=NOT_KEPT)


def _code(request: Request, emr: EmrParts, *, query: dict[str, str]) -> str:
    checked_request = checked(query, client_of(query, emr.clients), fhir_base=emr.config.fhir_base)
    doctor = emr.tokens.read_session(request.cookies.get(COOKIE, ""))
    if doctor is None:
        raise OAuthFailure("access_denied", "Nobody is logged in to the EMR in this browser")
    return emr.grants.code(checked_request, doctor)


@router.post("/auth/token")
async def token(request: Request, emr: Emr) -> JSONResponse:
    fields = await form(request)
    client = await emr.check.client(fields)
    kind = fields.get("grant_type", "")
    makers = {"authorization_code": emr.grants.exchange, "client_credentials": emr.grants.backend}
    make = {**makers, "refresh_token": emr.grants.renew}.get(kind)
    if make is None:
        raise OAuthFailure("unsupported_grant_type", f"grant_type must be one of {', '.join(GRANTS)}")
    if client.grant_type != ("authorization_code" if kind == "refresh_token" else kind):
        raise OAuthFailure("unauthorized_client", f"{client.client_id} is registered for {client.grant_type}")
    return JSONResponse(make(client, fields), headers=NOT_KEPT)


@router.post("/auth/introspect")
async def introspect(request: Request, emr: Emr) -> JSONResponse:
    """RFC 7662 with the additions of SMART 2.2, for a registered client about any token."""
    fields = await form(request)
    await emr.check.client(fields)
    access = emr.grants.valid(fields.get("token", ""))
    if access is None:
        return JSONResponse({"active": False}, headers=NOT_KEPT)
    context = access.context
    told = {"patient": context.patient, "encounter": context.encounter, "fhirUser": context.fhir_user}
    base = {"active": True, "client_id": access.client_id, "scope": access.scope, "exp": access.until}
    return JSONResponse({**base, **{key: value for key, value in told.items() if value}}, headers=NOT_KEPT)
