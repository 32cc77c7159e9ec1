"""Whether an id_token is one that this issuer made for this launch, and whom it names.

Source: OpenID Connect Core 1.0, 3.1.3.7. Only asymmetric algorithms; `none` and HMAC never pass.
"""

from dataclasses import dataclass
from typing import Any

import aiohttp
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from integrations.smart.discovery import Configuration
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.wire import get_json

ALGORITHMS = ["RS256", "RS384", "ES256", "ES384"]
LEEWAY_SECONDS = 30


@dataclass(frozen=True)
class Person:
    """`fhir_user` is a FHIR reference, `Practitioner/<id>`, possibly absolute; empty where the EMR tells none."""

    subject: str
    fhir_user: str = ""
    name: str = ""


@dataclass(frozen=True)
class Expected:
    """`now` in seconds since 1970."""

    client_id: str
    nonce: str
    now: int


async def verify_id_token(
    http: aiohttp.ClientSession, configuration: Configuration, *, token: str, expected: Expected
) -> Person:
    """The person of an id_token whose signature and claims hold.

    Raises:
        SmartFault: ID_TOKEN when they do not; other faults when the issuer's keys cannot be read.
    """
    keys = await get_json(http, configuration.jwks_uri)
    claims = _signed(token, keys)
    _check(claims, issuer=configuration.issuer, expected=expected)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise SmartFault(Fault.ID_TOKEN, "no sub")
    fhir_user, name = claims.get("fhirUser", ""), claims.get("name", "")
    return Person(
        subject=subject,
        fhir_user=fhir_user if isinstance(fhir_user, str) else "",
        name=name if isinstance(name, str) else "",
    )


def _signed(token: str, keys: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(jwt.decode(token, KeySet.import_key_set({"keys": keys["keys"]}), algorithms=ALGORITHMS).claims)
    except (JoseError, KeyError, ValueError, TypeError, AttributeError) as wrong:
        raise SmartFault(Fault.ID_TOKEN, "signature") from wrong


def _check(claims: dict[str, Any], *, issuer: str, expected: Expected) -> None:
    audience = claims.get("aud")
    for_us = audience in (expected.client_id, [expected.client_id])
    if claims.get("iss") != issuer:
        raise SmartFault(Fault.ID_TOKEN, "iss")
    if not for_us or claims.get("azp", expected.client_id) != expected.client_id:
        raise SmartFault(Fault.ID_TOKEN, "aud")
    if claims.get("nonce") != expected.nonce:
        raise SmartFault(Fault.ID_TOKEN, "nonce")
    expiry, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expiry, int) or expiry + LEEWAY_SECONDS < expected.now:
        raise SmartFault(Fault.ID_TOKEN, "exp")
    if not isinstance(issued, int) or issued - LEEWAY_SECONDS > expected.now:
        raise SmartFault(Fault.ID_TOKEN, "iat")
