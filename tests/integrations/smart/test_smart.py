"""Discovery, keys and tokens against a strict server and against wrong ones."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from integrations.smart.backend import BackendClient, BackendTokens
from integrations.smart.discovery import discover
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.keys import ClientKey
from integrations.smart.launch import Attempt, Client, Exchange, authorization_url, challenge, exchange_code
from tests.fakes.fhir import FakeEmr
from tests.fakes.serving import served


def new_key() -> ClientKey:
    key = ec.generate_private_key(ec.SECP384R1())
    return ClientKey(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


KEY = new_key()


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest_asyncio.fixture
async def emr() -> AsyncIterator[FakeEmr]:
    fake = FakeEmr(client_jwks=KEY.public_jwks())
    async with served(fake.app()) as origin:
        fake.origin = origin
        yield fake


async def faulty(call: Any) -> SmartFault:  # noqa: ANN401 - any coroutine
    with pytest.raises(SmartFault) as caught:
        await call
    return caught.value


def client(key: ClientKey = KEY) -> Client:
    return Client("hub-panel", "http://127.0.0.1:8700/notes/callback", "launch openid", key)


def test_the_challenge_of_the_specification() -> None:
    """RFC 7636, appendix B."""
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def test_the_authorization_request_has_what_smart_demands(http: aiohttp.ClientSession, emr: FakeEmr) -> None:
    configuration = await discover(http, emr.base)
    url = authorization_url(configuration, client(), attempt=Attempt("s1", "n1", "v" * 43), launch="l1")
    query = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
    assert query == {
        "response_type": "code",
        "client_id": "hub-panel",
        "redirect_uri": "http://127.0.0.1:8700/notes/callback",
        "launch": "l1",
        "scope": "launch openid",
        "state": "s1",
        "nonce": "n1",
        "aud": emr.base,
        "code_challenge": challenge("v" * 43),
        "code_challenge_method": "S256",
    }


def test_an_assertion_has_what_smart_demands() -> None:
    made = KEY.assertion(client_id="c", audience="https://emr.example.org/token", jti="j1", now=1000)
    keys: Any = KEY.public_jwks()
    token = jwt.decode(made, KeySet.import_key_set(keys), algorithms=["ES384"])
    assert token.header == {"alg": "ES384", "typ": "JWT", "kid": keys["keys"][0]["kid"]}
    assert token.claims == {
        "iss": "c",
        "sub": "c",
        "aud": "https://emr.example.org/token",
        "jti": "j1",
        "iat": 1000,
        "exp": 1240,
    }


def test_an_rsa_key_makes_rs384() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = ClientKey(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    keys: Any = key.public_jwks()
    assert keys["keys"][0].keys() == {"kty", "n", "e", "kid", "alg", "use"}
    made = key.assertion(client_id="c", audience="https://emr.example.org/token", jti="j1", now=1000)
    assert jwt.decode(made, KeySet.import_key_set(keys), algorithms=["RS384"]).header["alg"] == "RS384"


def test_other_keys_are_refused_by_name() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is what is refused
    other = ec.generate_private_key(ec.SECP256R1())
    public = ec.generate_private_key(ec.SECP384R1()).public_key()
    pems = [one.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for one in (short, other)]
    for pem in (*pems, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), b"", b"-----BEGIN"):
        with pytest.raises(ValueError, match=r"\w"):
            _ = ClientKey(pem.decode()).kid


def test_keys_and_tokens_do_not_show_themselves() -> None:
    assert "PRIVATE" not in repr(KEY)
    assert "PRIVATE" not in repr(client())
    assert "v1" not in repr(Attempt("s", "n1", "v1"))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"code_challenge_methods_supported": ["plain"]}, Fault.UNSUITED),
        ({"code_challenge_methods_supported": None}, Fault.UNSUITED),
        ({"token_endpoint": "https://emr.example.org/token"}, Fault.FOREIGN),
        ({"jwks_uri": "http://127.0.0.1:1/jwks"}, Fault.FOREIGN),
        ({"token_endpoint": "http://[::1/token"}, Fault.MALFORMED),
        ({"capabilities": "all"}, Fault.MALFORMED),
        ({"token_endpoint": "http://emr.example.org/token"}, Fault.UNSUITED),
        ({"jwks_uri": "file:///etc/passwd"}, Fault.UNSUITED),
        ({"authorization_endpoint": None}, Fault.MALFORMED),
        ({"issuer": 7}, Fault.MALFORMED),
    ],
)
async def test_a_server_without_what_the_hub_insists_on_is_not_used(
    http: aiohttp.ClientSession, emr: FakeEmr, change: dict[str, object], fault: Fault
) -> None:
    emr.configuration = change
    assert (await faulty(discover(http, emr.base))).fault is fault


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Response(b"{", media_type="application/json"), Fault.MALFORMED),
        (Response(b"[]"), Fault.MALFORMED),
        (Response(b"[" * 100_000), Fault.MALFORMED),
        (Response(b" " * 300_000), Fault.TOO_LARGE),
        (Response(b"", 500), Fault.STATUS),
        (RedirectResponse("http://127.0.0.1:1/"), Fault.STATUS),
    ],
)
async def test_odd_answers_have_names(http: aiohttp.ClientSession, answer: Response, fault: Fault) -> None:
    async def respond(request: Request) -> Response:
        return answer

    async with served(Starlette(routes=[Route("/{rest:path}", respond)])) as origin:
        assert (await faulty(discover(http, f"{origin}/fhir"))).fault is fault


async def _code(http: aiohttp.ClientSession, emr: FakeEmr, verifier: str) -> str:
    configuration = await discover(http, emr.base)
    url = authorization_url(configuration, client(), attempt=Attempt("s1", "n1", verifier), launch="l1")
    async with http.get(url, allow_redirects=False) as response:
        return parse_qs(urlsplit(response.headers["location"]).query)["code"][0]


async def test_a_code_is_worth_one_token_for_the_right_verifier(http: aiohttp.ClientSession, emr: FakeEmr) -> None:
    configuration = await discover(http, emr.base)
    now = int(time.time())
    code = await _code(http, emr, "v" * 43)
    good = Exchange(code, "v" * 43, jti="j1", now=now)
    token = await exchange_code(http, configuration, client=client(), exchange=good)
    assert (token.patient, token.encounter, token.seconds, token.need_patient_banner) == ("p1", "e1", 300, True)
    again = await faulty(
        exchange_code(http, configuration, client=client(), exchange=Exchange(code, "v" * 43, "j2", now))
    )
    assert (again.fault, again.oauth_code) == (Fault.DENIED, "invalid_grant")
    assert "secret" not in str(again)
    other = Exchange(await _code(http, emr, "v" * 43), "w" * 43, "j3", now)
    assert (
        await faulty(exchange_code(http, configuration, client=client(), exchange=other))
    ).oauth_code == "invalid_grant"


@pytest.mark.parametrize(
    ("key", "jti", "age"),
    [(new_key(), "j9", 0), (KEY, "used", 0), (KEY, "j8", 600)],
    ids=["foreign", "replay", "expired"],
)
async def test_a_wrong_assertion_gets_nothing(
    http: aiohttp.ClientSession, emr: FakeEmr, key: ClientKey, jti: str, age: int
) -> None:
    emr.jtis.add("used")
    configuration = await discover(http, emr.base)
    exchange = Exchange(await _code(http, emr, "v" * 43), "v" * 43, jti=jti, now=int(time.time()) - age)
    fault = await faulty(exchange_code(http, configuration, client=client(key), exchange=exchange))
    assert (fault.oauth_code, fault.passing) == ("invalid_client", False)


@dataclass
class Clock:
    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


async def test_a_backend_token_is_kept_until_shortly_before_its_end(http: aiohttp.ClientSession, emr: FakeEmr) -> None:
    configuration = await discover(http, emr.base)
    clock, names = Clock(), iter(f"j{number}" for number in range(9))
    tokens = BackendTokens(jti=lambda: next(names), clock=clock)
    backend = BackendClient("hub-backend", "system/Patient.rs", KEY)
    emr.seconds = 40
    first = await tokens.token(http, configuration, client=backend)
    clock.now += 9
    assert await tokens.token(http, configuration, client=backend) == first
    clock.now += 2
    second = await tokens.token(http, configuration, client=backend)
    assert second != first
    tokens.forget()
    assert await tokens.token(http, configuration, client=backend) != second
    assert emr.token_requests == 3


@pytest.mark.parametrize("seconds", [0, -5, 10**9, "300", True, None])
async def test_a_token_without_a_usable_life_is_refused(
    http: aiohttp.ClientSession, emr: FakeEmr, seconds: object
) -> None:
    emr.seconds = seconds  # type: ignore[assignment]
    configuration = await discover(http, emr.base)
    tokens = BackendTokens(jti=lambda: "j1", clock=time.time)
    fault = await faulty(tokens.token(http, configuration, client=BackendClient("hub-backend", "s", KEY)))
    assert fault.fault is Fault.MALFORMED


async def test_an_emr_that_is_away_may_come_back(http: aiohttp.ClientSession) -> None:
    assert (await faulty(discover(http, "http://127.0.0.1:1/fhir"))).passing
