"""Who may call (CDS Hooks 2.0.1, "Trusting CDS Clients"), and what an attacker meets.

- the JWT is signed by a key of the registered issuer's set, found by `kid`; ES384 and RS384
- `none` and symmetric algorithms never; `typ` is JWT; no key of the token's own (jwk, x5u, x5c), no `crit`
- `jku` only if it is the registered one, and never fetched otherwise
- `iss` is on the allow-list; `aud` is exactly the URL of the called endpoint
- `exp`, `iat` in their time; `jti` used once, over all processes
- `fhirServer` only if registered for that issuer; the access token only for the call's patient
- CORS for the page of the registered client alone
"""

import asyncio
import base64
import json
import time
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey, OctKey

from hospital_hub.cds.clients import read_clients
from hospital_hub.errors import WrongSetup
from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from tests.fakes.cds_emr import CdsEmr
from tests.fixtures.hub import ORIGIN
from tests.hospital_hub.cds.conftest import Caller

PATH = "/cds-services/patient-view"


def code_of(answer: httpx.Response) -> str:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"][0]["details"]["text"]
    return str(body["issue"][0]["details"]["coding"][0]["code"])


async def sent(caller: Caller, token: str, *, path: str = PATH) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return await caller.client.post(path, json=caller.emr.body("patient-view"), headers=headers)


async def refused(caller: Caller, token: str) -> str:
    answer = await sent(caller, token)
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == "Bearer"
    assert caller.emr.asked == []
    return code_of(answer)


async def test_without_a_token_nothing_is_answered(caller: Caller) -> None:
    answer = await caller.client.post(PATH, json=caller.emr.body("patient-view"))
    assert answer.status_code == 401
    assert code_of(answer) == "not_logged_in"


async def test_rs384_with_keys_in_the_file(caller: Caller, clinic: CdsEmr) -> None:
    other = Caller(caller.client, clinic)
    answer = await other.hook(
        "encounter-discharge", fhirServer=None, fhirAuthorization=None, prefetch={"medicines": None, "encounter": None}
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "https://other.example.org/cds-services/patient-view"}, "token_audience"),
        ({"aud": f"{ORIGIN}/cds-services/order-sign"}, "token_audience"),
        ({"aud": [f"{ORIGIN}{PATH}", "https://other.example.org"]}, "token_audience"),
        ({"aud": None}, "token_audience"),
        ({"exp": int(time.time()) - 60, "iat": int(time.time()) - 120}, "token_expired"),
        ({"exp": int(time.time()) + 100_000}, "token_lives_too_long"),
        ({"iat": int(time.time()) - 100_000}, "token_lives_too_long"),
        ({"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3700}, "token_not_yet"),
        ({"exp": None}, "token_unreadable"),
        ({"exp": "soon"}, "token_unreadable"),
        ({"iat": None}, "token_unreadable"),
        ({"jti": None}, "token_without_jti"),
        ({"jti": ""}, "token_without_jti"),
        ({"iss": "https://unknown.example.org"}, "issuer_unknown"),
        ({"iss": "https://clinic.example.org"}, "key_unknown"),
        ({"iss": None}, "token_unreadable"),
    ],
)
async def test_a_wrong_claim_is_refused_by_name(caller: Caller, claims: dict[str, object], code: str) -> None:
    assert await refused(caller, caller.emr.signed(PATH, claims=claims)) == code


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"kid": "another"}, "key_unknown"),
        ({"kid": None}, "token_header"),
        ({"typ": None}, "token_header"),
        ({"typ": "at+jwt"}, "token_header"),
        ({"jku": "https://attacker.example.org/jwks.json"}, "foreign_jku"),
        ({"x5u": "https://attacker.example.org/cert"}, "token_header"),
        ({"jwk": {"kty": "EC", "crv": "P-384", "x": "a", "y": "b"}}, "token_header"),
    ],
)
async def test_a_wrong_header_is_refused_by_name(caller: Caller, header: dict[str, object], code: str) -> None:
    assert await refused(caller, caller.emr.signed(PATH, header=header)) == code


async def test_the_registered_jku_may_be_named(caller: Caller) -> None:
    token = caller.emr.signed(PATH, header={"jku": caller.emr.jwks_url})
    assert (await sent(caller, token)).status_code == 200


async def test_an_audience_in_an_array_of_one_is_the_same(caller: Caller) -> None:
    assert (await sent(caller, caller.emr.signed(PATH, claims={"aud": [ORIGIN + PATH]}))).status_code == 200


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_algorithm_none(caller: Caller) -> None:
    _, claims, _ = caller.emr.signed(PATH).split(".")
    for word in ("none", "None", "NONE"):
        header = _part({"alg": word, "typ": "JWT", "kid": caller.emr.key.kid})
        assert await refused(caller, f"{header}.{claims}.") == "token_algorithm"


async def test_a_shared_secret_made_of_the_public_key(caller: Caller) -> None:
    secret = OctKey.import_key(json.dumps(caller.emr.public["keys"][0]))
    forger = CdsEmr(origin=caller.emr.origin, key=secret, algorithm="HS256")  # type: ignore[arg-type]
    assert await refused(caller, forger.signed(PATH, header={"kid": "ward-1"})) == "token_algorithm"


async def test_another_key_under_the_same_name(caller: Caller) -> None:
    forger = CdsEmr(origin=caller.emr.origin, key=ECKey.generate_key("P-384", {"kid": "ward-1"}))
    assert await refused(caller, forger.signed(PATH)) == "token_signature"


async def test_changed_claims_under_an_old_signature(caller: Caller) -> None:
    header, claims, signature = caller.emr.signed(PATH).split(".")
    changed = {**json.loads(base64.urlsafe_b64decode(claims + "==")), "jti": "another"}
    assert await refused(caller, f"{header}.{_part(changed)}.{signature}") == "token_signature"


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "....", "x" * 9000, "ü.ü.ü"])
async def test_no_token_at_all(caller: Caller, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode()}
    answer = await caller.client.post(PATH, json={}, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401


async def test_a_token_is_used_once_by_all_processes(caller: Caller, settings: Settings) -> None:
    token = caller.emr.signed(PATH)
    assert (await sent(caller, token)).status_code == 200
    caller.emr.asked.clear()
    assert await refused(caller, token) == "token_reused"
    second = create_app(settings)  # another process: nothing in common but the database
    async with second.router.lifespan_context(second):
        transport = httpx.ASGITransport(app=second, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            assert await refused(Caller(client, caller.emr), token) == "token_reused"


async def test_a_refused_call_uses_the_token_up_too(caller: Caller) -> None:
    """The token is spent by its check, whatever the body says: it cannot be tried on another body."""
    token = caller.emr.signed(PATH)
    answer = await caller.client.post(PATH, json={}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 400
    assert await refused(caller, token) == "token_reused"


async def test_a_new_key_is_found_and_an_unknown_one_asks_only_once_a_minute(caller: Caller) -> None:
    assert (await sent(caller, caller.emr.signed(PATH))).status_code == 200
    assert caller.emr.jwks_reads == 1
    caller.emr.asked.clear()
    for _ in range(3):
        assert await refused(caller, caller.emr.signed(PATH, header={"kid": "new"})) == "key_unknown"
    assert caller.emr.jwks_reads == 1


async def test_many_first_calls_at_once_read_the_keys_once(caller: Caller) -> None:
    tokens = [caller.emr.signed(PATH) for _ in range(12)]
    answers = await asyncio.gather(*(sent(caller, token) for token in tokens))
    assert {answer.status_code for answer in answers} == {200}
    assert caller.emr.jwks_reads == 1


async def test_keys_that_cannot_be_read_are_a_sentence(caller: Caller) -> None:
    caller.emr.jwks_status = 500
    answer = await sent(caller, caller.emr.signed(PATH))
    assert answer.status_code == 503
    assert code_of(answer) == "client_keys_unavailable"


@pytest.mark.parametrize("server", ["https://emr.attacker.example.org/fhir", "http://127.0.0.1:9/fhir"])
async def test_the_server_of_another_issuer_is_asked_nothing(caller: Caller, server: str) -> None:
    answer = await caller.hook("patient-view", fhirServer=server)
    assert answer.status_code == 403
    assert code_of(answer) == "fhir_server_not_registered"
    assert caller.emr.asked == []


async def test_a_token_for_another_patient_is_not_used(caller: Caller) -> None:
    body = caller.emr.body("patient-view")
    body["fhirAuthorization"]["patient"] = "p2"
    answer = await caller.send(PATH, body)
    assert answer.status_code == 403
    assert code_of(answer) == "token_of_another_patient"
    assert caller.emr.asked == []


async def test_a_page_of_a_registered_client_may_ask_and_read(caller: Caller) -> None:
    page = caller.emr.page
    asks = {"Origin": page, "Access-Control-Request-Method": "POST"}
    for path in ("/cds-services", PATH, f"{PATH}/feedback"):
        preflight = await caller.client.options(path, headers=asks)
        assert preflight.status_code == 204, path
        assert preflight.headers["access-control-allow-origin"] == page
        assert "Authorization" in preflight.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in preflight.headers
    answer = await caller.send(PATH, caller.emr.body("patient-view"), headers={"Origin": page})
    assert answer.headers["access-control-allow-origin"] == page
    assert answer.headers["vary"] == "Origin"
    wrong = await caller.send(PATH, {}, headers={"Origin": page})
    assert wrong.status_code == 400
    assert wrong.headers["access-control-allow-origin"] == page  # so that its pages can read what is wrong


@pytest.mark.parametrize("page", ["https://attacker.example.org", "https://emr.example.org.attacker.example", "null"])
async def test_any_other_page_may_not(caller: Caller, page: str) -> None:
    preflight = await caller.client.options(PATH, headers={"Origin": page, "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 401
    assert "access-control-allow-origin" not in preflight.headers
    answer = await caller.send(PATH, caller.emr.body("patient-view"), headers={"Origin": page})
    assert "access-control-allow-origin" not in answer.headers


async def test_the_page_of_one_client_is_not_the_page_of_another(caller: Caller, clinic: CdsEmr) -> None:
    body = clinic.body("patient-view", fhirServer=None, fhirAuthorization=None)
    answer = await Caller(caller.client, clinic).send(PATH, body, headers={"Origin": caller.emr.page})
    assert "access-control-allow-origin" not in answer.headers


async def open_hub(settings: Settings, *, public_url: str = ORIGIN) -> FastAPI:
    return create_app(settings.model_copy(update={"cds_open_on_loopback": True, "public_url": public_url}))


@pytest.mark.parametrize(
    ("peer", "headers", "public_url", "status"),
    [
        ("127.0.0.1", {}, ORIGIN, 200),
        ("::1", {}, ORIGIN, 200),
        ("192.0.2.7", {}, ORIGIN, 401),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, ORIGIN, 401),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, ORIGIN, 401),
        ("127.0.0.1", {}, "https://hub.example.org", 401),
        ("127.0.0.1", {"Authorization": "Bearer abc"}, ORIGIN, 401),
    ],
)
async def test_without_a_token_only_by_the_test_setting_from_this_machine(
    settings: Settings, ward: CdsEmr, peer: str, headers: dict[str, str], public_url: str, status: int
) -> None:
    app = await open_hub(settings, public_url=public_url)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, client=(peer, 1234), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            body = ward.body("patient-view", fhirServer=None, fhirAuthorization=None, prefetch={"encounters": None})
            answer = await client.post(PATH, json=body, headers=headers)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[client]]\nname = "a"\nissuer = "i"\n', "jwks"),
        ('[[client]]\nname = "a"\nissuer = "i"\njwks_url = "http://emr.example.org/jwks"\n', "jwks_url"),
        ('[[client]]\nname = "a"\nissuer = "i"\njwks = { keys = [{ kty = "EC" }] }\n', "JWK Set"),
        ('[[client]]\nname = "A b"\nissuer = "i"\njwks_url = "https://e.example.org/j"\n', "name"),
        (
            '[[client]]\nname = "a"\nissuer = "i"\njwks_url = "https://e.example.org/j"\norigin = "https://e/x"\n',
            "origin",
        ),
        ('[[client]]\nname = "a"\nissuer = "i"\njwks_url = "https://e.example.org/j"\nsecret = "x"\n', "secret"),
        ("[[client]\n", "cannot be read"),
        ('[[client]]\nname = "a"\nissuer = "i"\njwks_url = "https://e/j"\n' * 2, "two clients"),
    ],
)
def test_a_wrong_block_stops_the_start_with_one_line(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "clients.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(WrongSetup, match="HUB_CDS_CLIENTS") as told:
        read_clients(file)
    assert named in str(told.value)


async def test_an_unusable_file_stops_the_hub(settings: Settings, tmp_path: Path) -> None:
    app = create_app(settings.model_copy(update={"cds_clients": tmp_path / "missing.toml"}))
    with pytest.raises(WrongSetup, match="HUB_CDS_CLIENTS"):
        async with app.router.lifespan_context(app):
            pass
