"""Whether a JWT is one that a registered client made for exactly this call.

Source: CDS Hooks 2.0.1, "Trusting CDS Clients"; RFC 7515, 7519. Only asymmetric algorithms; `none` and HMAC never
pass. Keeps nothing: that a `jti` is new, the caller has to make sure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

ALGORITHMS: Final = ("ES384", "RS384", "ES256", "RS256", "PS384")
LEEWAY_SECONDS: Final = 30
LONGEST_JTI: Final = 200
LONGEST_TOKEN: Final = 8000
SMALLEST_RSA: Final = 2048
# Headers that name a key of the token's own, or change how it is read.
_NEVER: Final = frozenset({"jwk", "x5u", "x5c", "crit", "b64"})


class TokenFault(StrEnum):
    UNREADABLE = "token_unreadable"
    ALGORITHM = "token_algorithm"
    HEADER = "token_header"
    ISSUER = "issuer_unknown"
    FOREIGN_JKU = "foreign_jku"
    KEY = "key_unknown"
    SIGNATURE = "token_signature"
    AUDIENCE = "token_audience"
    EXPIRED = "token_expired"
    TOO_LONG = "token_lives_too_long"
    NOT_YET = "token_not_yet"
    JTI = "token_without_jti"
    REUSED = "token_reused"


class WrongToken(Exception):
    def __init__(self, fault: TokenFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True)
class Claimed:
    """What an unread token says of itself; nothing here is to be believed yet."""

    issuer: str
    kid: str
    jku: str


@dataclass(frozen=True)
class Expected:
    """`audience` is the URL that was called; `now` and the longest life are in seconds."""

    issuer: str
    audience: str
    now: int
    longest: int


@dataclass(frozen=True)
class Verified:
    """`until` in seconds since 1970: up to then the `jti` must be remembered."""

    jti: str
    until: int


def claimed(token: str) -> Claimed:
    """Raises WrongToken where the token is none, or its header one that the hub never takes."""
    if len(token) > LONGEST_TOKEN:
        raise WrongToken(TokenFault.UNREADABLE)
    try:
        found = jws.extract_compact(token.encode("ascii"))
        header: Mapping[str, Any] = found.headers()
        claims = json.loads(found.payload)
        issuer = claims["iss"]
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        raise WrongToken(TokenFault.UNREADABLE) from wrong
    if header.get("alg") not in ALGORITHMS:
        raise WrongToken(TokenFault.ALGORITHM)
    kid, jku = header.get("kid"), header.get("jku", "")
    if header.get("typ") != "JWT" or not isinstance(kid, str) or not kid or _NEVER & set(header):
        raise WrongToken(TokenFault.HEADER)
    if not isinstance(issuer, str) or not isinstance(jku, str):
        raise WrongToken(TokenFault.UNREADABLE)
    return Claimed(issuer, kid, jku)


def verify(token: str, *, kid: str, keys: KeySet, expected: Expected) -> Verified:
    """The token of a client whose keys these are.

    Raises:
        WrongToken: with the first thing that does not hold.
    """
    key = next((one for one in keys.keys if one.kid == kid), None)
    if not isinstance(key, ECKey | RSAKey) or (isinstance(key, RSAKey) and _bits(key) < SMALLEST_RSA):
        raise WrongToken(TokenFault.KEY)
    try:
        claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError) as wrong:
        raise WrongToken(TokenFault.SIGNATURE) from wrong
    return _held(claims, expected)


def _bits(key: RSAKey) -> int:
    return key.raw_value.key_size


def _held(claims: Mapping[str, Any], expected: Expected) -> Verified:
    if claims.get("iss") != expected.issuer:
        raise WrongToken(TokenFault.ISSUER)
    if claims.get("aud") not in (expected.audience, [expected.audience]):
        raise WrongToken(TokenFault.AUDIENCE)
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires + LEEWAY_SECONDS < expected.now:
        raise WrongToken(TokenFault.EXPIRED)
    if issued - LEEWAY_SECONDS > expected.now:
        raise WrongToken(TokenFault.NOT_YET)
    if expires - min(issued, expected.now) > expected.longest:
        raise WrongToken(TokenFault.TOO_LONG)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise WrongToken(TokenFault.JTI)
    return Verified(jti, expires + LEEWAY_SECONDS)


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongToken(TokenFault.UNREADABLE)
    return int(value)
