"""An authorization request, checked against SMART App Launch 2.2 and the client's registration. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hospital_hub.embedded.emr.clients import RegisteredClient
from hospital_hub.embedded.emr.failures import OAuthFailure
from hospital_hub.embedded.emr.scopes import granted

_CHALLENGE = re.compile(r"^[A-Za-z0-9_-]{43}$")


@dataclass(frozen=True)
class AuthorizationRequest:
    """`scope` is what will be granted, not what was asked."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str
    launch: str
    nonce: str
    code_challenge: str


def client_of(query: Mapping[str, str], clients: Mapping[str, RegisteredClient]) -> RegisteredClient:
    """The client whose redirect_uri this is. Until both fit, no answer may go to that address (RFC 6749, 4.1.2.1)."""
    client = clients.get(query.get("client_id", ""))
    if client is None or client.grant_type != "authorization_code":
        raise OAuthFailure("unauthorized_client", "client_id is not registered for a launch")
    if query.get("redirect_uri") not in client.redirect_uris:
        raise OAuthFailure("invalid_request", "redirect_uri is not the registered one, letter by letter")
    return client


def checked(query: Mapping[str, str], client: RegisteredClient, *, fhir_base: str) -> AuthorizationRequest:
    if query.get("response_type") != "code":
        raise OAuthFailure("unsupported_response_type", "response_type must be code")
    _require(bool(query.get("state")), "state is required")
    _require(query.get("aud", "").rstrip("/") == fhir_base, f"aud must be {fhir_base}")
    _require(query.get("code_challenge_method") == "S256", "code_challenge_method must be S256")
    _require(bool(_CHALLENGE.match(query.get("code_challenge", ""))), "code_challenge must be 43 base64url characters")
    asked = query.get("scope", "")
    _require("launch" in asked.split() and bool(query.get("launch")), "An EHR launch needs launch and its scope")
    scope = granted(asked, client.scope)
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=query["redirect_uri"],
        scope=scope,
        state=query["state"],
        launch=query["launch"],
        nonce=query.get("nonce", ""),
        code_challenge=query["code_challenge"],
    )


def _require(holds: bool, description: str) -> None:
    if not holds:
        raise OAuthFailure("invalid_request", description)
