"""What a hostile EMR, network or page tries: each is refused with a sentence, logs nobody in and learns nothing."""

import base64
import json
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc.jwk import ECKey, OctKey

from hospital_hub.identity.guard import COOKIE
from hospital_hub.settings import Settings
from tests.fakes.authority import Lies, base64url
from tests.fixtures.hub import rows
from tests.hospital_hub.notes.several_emrs import TwoEmrs, Visitor, emrs, settings, visitor

__all__ = ["emrs", "settings", "visitor"]
Lie = Callable[[TwoEmrs], None]
STRANGER = ECKey.generate_key("P-384", {"kid": "authority", "use": "sig"})


def refused(answer: httpx.Response, visitor: Visitor, *, code: str) -> None:
    body = answer.json()
    assert body["code"] == code, body
    assert 400 <= answer.status_code < 600
    assert body["detail"].count(".") >= 1  # a sentence, and what to do next
    assert "secret" not in answer.text
    assert visitor.client.cookies.get(COOKIE) is None


def unsigned(claims: dict[str, object]) -> str:
    head = base64url(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    return f"{head}.{base64url(json.dumps(claims).encode())}."


async def test_honest_servers_are_let_in(emrs: TwoEmrs, visitor: Visitor) -> None:
    for emr in (emrs.ward, emrs.clinic):
        assert (await visitor.launch(emr)).headers.get("location") == "/notes/panel"


def lie(**members: object) -> Lie:
    def tell(emrs: TwoEmrs) -> None:
        for name, value in members.items():
            setattr(emrs.ward.lies, name, value)

    return tell


def alg_none(emrs: TwoEmrs) -> None:
    now = int(time.time())
    claims = {"iss": emrs.ward.base, "sub": "u1", "aud": "hub-panel", "iat": now, "exp": now + 300}
    emrs.ward.lies.id_token = unsigned(claims)


def shared_secret(emrs: TwoEmrs) -> None:
    """The public key as an HMAC secret (RFC 8725, 2.1)."""
    public = json.dumps(emrs.ward.key.as_dict(private=False))
    emrs.ward.lies.signing_key, emrs.ward.lies.header = OctKey.import_key(public), {"alg": "HS256"}


def foreign_jku(emrs: TwoEmrs) -> None:
    emrs.ward.lies.header = {"jku": f"{emrs.clinic.origin}/jwks", "kid": "stranger"}
    emrs.ward.lies.signing_key = emrs.clinic.key


def key_in_the_header(emrs: TwoEmrs) -> None:
    emrs.ward.lies.header, emrs.ward.lies.signing_key = {"jwk": STRANGER.as_dict(private=False)}, STRANGER


def tokens_elsewhere(emrs: TwoEmrs) -> None:
    emrs.ward.lies.configuration = {"token_endpoint": f"{emrs.clinic.origin}/token"}


def log_in_elsewhere(emrs: TwoEmrs) -> None:
    emrs.ward.lies.configuration = {"authorization_endpoint": f"{emrs.clinic.origin}/authorize"}


def keys_elsewhere(emrs: TwoEmrs) -> None:
    emrs.ward.lies.configuration = {"jwks_uri": f"{emrs.clinic.origin}/jwks"}


def name_in_the_address(emrs: TwoEmrs) -> None:
    host = emrs.clinic.origin.removeprefix("http://")
    own = emrs.ward.origin.removeprefix("http://")
    emrs.ward.lies.configuration = {"token_endpoint": f"http://{own}@{host}/token"}


def other_issuer(emrs: TwoEmrs) -> None:
    emrs.ward.lies.redirect = {"iss": emrs.clinic.base}


ID_TOKEN, DENIED, MIXED, FOREIGN = "id_token_refused", "launch_denied", "issuer_mixed_up", "emr_foreign_address"
AT_THE_CALLBACK: dict[str, tuple[Lie, str]] = {
    "alg none": (alg_none, ID_TOKEN),
    "the public key as a secret": (shared_secret, ID_TOKEN),
    "a stranger's key": (lie(signing_key=STRANGER), ID_TOKEN),
    "a foreign jku": (foreign_jku, ID_TOKEN),
    "a key in the header": (key_in_the_header, ID_TOKEN),
    "an id_token for another client": (lie(claims={"aud": "other-app"}), ID_TOKEN),
    "an id_token for two clients": (lie(claims={"aud": ["hub-panel", "other-app"]}), ID_TOKEN),
    "an id_token of another issuer": (lie(claims={"iss": "https://other.test/fhir"}), ID_TOKEN),
    "a nonce of another launch": (lie(claims={"nonce": "n" * 43}), ID_TOKEN),
    "no nonce": (lie(claims={"nonce": None}), ID_TOKEN),
    "an expired id_token": (lie(claims={"exp": int(time.time()) - 120}), ID_TOKEN),
    "an id_token from tomorrow": (lie(claims={"iat": int(time.time()) + 86_400}), ID_TOKEN),
    "a user of another server": (lie(claims={"fhirUser": "https://other.test/fhir/Practitioner/1"}), ID_TOKEN),
    "a patient as the user": (lie(claims={"fhirUser": "Patient/p1"}), "not_a_clinician"),
    "a widened scope": (lie(token={"scope": "openid patient/*.cruds"}), "scope_widened"),
    "a scope of another context": (lie(token={"scope": "openid system/Patient.rs"}), "scope_widened"),
    "a scope of version 1 that writes": (lie(token={"scope": "openid patient/Condition.write"}), "scope_widened"),
    "an address in the place of a patient": (lie(token={"patient": "../Practitioner/1?x="}), "emr_log_in_unusable"),
    "a token that is no bearer's": (lie(token={"token_type": "mac"}), "emr_log_in_unusable"),
    "an answer of another issuer": (other_issuer, MIXED),
    "an issuer that keeps silent": (
        lie(configuration={"authorization_response_iss_parameter_supported": True}),
        MIXED,
    ),
}
AT_THE_START: dict[str, tuple[Lie, str]] = {
    "tokens from another origin": (tokens_elsewhere, FOREIGN),
    "a log-in at another origin": (log_in_elsewhere, FOREIGN),
    "keys from another origin": (keys_elsewhere, FOREIGN),
    "an origin as a name in an address": (name_in_the_address, "emr_log_in_unusable"),
    "no PKCE": (lie(configuration={"code_challenge_methods_supported": ["plain"]}), "emr_log_in_unusable"),
}


async def test_an_answer_that_lies_logs_nobody_in(emrs: TwoEmrs, visitor: Visitor, settings: Settings) -> None:
    """All against one hub: a lie that was told leaves nothing behind for the next one."""
    for tell, code in AT_THE_CALLBACK.values():
        emrs.ward.lies = Lies()
        tell(emrs)
        refused(await visitor.launch(emrs.ward), visitor, code=code)
    assert emrs.clinic.visits == []
    assert emrs.ward.bearers == []  # nobody read a chart with what was got
    assert len(emrs.ward.forms) == len(AT_THE_CALLBACK) - 2  # to an answer of nobody in particular no code is spent
    assert rows(settings.database_url, "SELECT count(*) FROM login") == [(0,)]


async def test_a_discovery_that_lies_is_not_followed(emrs: TwoEmrs, visitor: Visitor) -> None:
    for tell, code in AT_THE_START.values():
        emrs.ward.lies = Lies()
        tell(emrs)
        refused(await visitor.start(emrs.ward), visitor, code=code)
    assert emrs.clinic.visits == []
    assert emrs.ward.forms == emrs.ward.asked == []


async def test_the_honest_answer_to_rfc_9207_is_taken(emrs: TwoEmrs, visitor: Visitor) -> None:
    emrs.ward.lies.configuration = {"authorization_response_iss_parameter_supported": True}
    emrs.ward.lies.redirect = {"iss": emrs.ward.base}
    assert (await visitor.launch(emrs.ward)).status_code == 303


async def test_a_code_of_one_emr_is_never_taken_to_another(emrs: TwoEmrs, visitor: Visitor) -> None:
    """The mix-up of RFC 9700, 4.4: a hostile EMR sends the browser on to an honest one, with the hub's own state."""
    asked = {
        name: one[0]
        for name, one in parse_qs(urlsplit((await visitor.start(emrs.ward)).headers["location"]).query).items()
    }
    asked |= {
        "client_id": "clinic-panel",
        "aud": emrs.clinic.base,
        "redirect_uri": next(iter(emrs.clinic.redirect_uris)),
    }
    async with httpx.AsyncClient() as outside:
        back = await outside.get(f"{emrs.clinic.origin}/authorize?{urlencode(asked)}")
    parts = urlsplit(back.headers["location"])
    refused(await visitor.client.get(f"{parts.path}?{parts.query}"), visitor, code=MIXED)
    assert emrs.ward.forms == emrs.clinic.forms == []


async def test_another_audience_gets_no_code(emrs: TwoEmrs, visitor: Visitor) -> None:
    """The wrong `aud`: the EMR refuses, and the hub says so."""
    location = (await visitor.start(emrs.ward)).headers["location"]
    wrong = location.replace(urlencode({"aud": emrs.ward.base}), urlencode({"aud": emrs.clinic.base}))
    assert wrong != location
    async with httpx.AsyncClient() as outside:
        back = urlsplit((await outside.get(wrong)).headers["location"])
    refused(await visitor.client.get(f"{back.path}?{back.query}"), visitor, code="emr_log_in_unusable")


async def test_a_state_is_good_for_one_answer(emrs: TwoEmrs, visitor: Visitor) -> None:
    back = await visitor.authorized(await visitor.start(emrs.ward))
    assert (await visitor.client.get(back)).status_code == 303
    visitor.client.cookies.delete(COOKIE)
    refused(await visitor.client.get(back), visitor, code="launch_unknown")
    assert len(emrs.ward.forms) == 1


async def test_a_code_is_good_for_one_token(emrs: TwoEmrs, visitor: Visitor) -> None:
    first = await visitor.authorized(await visitor.start(emrs.ward))
    assert (await visitor.client.get(first)).status_code == 303
    visitor.client.cookies.delete(COOKIE)
    spent = parse_qs(urlsplit(first).query)["code"][0]
    second = await visitor.authorized(await visitor.start(emrs.ward))
    fresh = parse_qs(urlsplit(second).query)["code"][0]
    refused(await visitor.client.get(second.replace(fresh, spent)), visitor, code=DENIED)


async def test_a_code_of_another_launch_fails_by_its_verifier(emrs: TwoEmrs, visitor: Visitor) -> None:
    """The attacker's code in the victim's launch, and the other way round."""
    mine = await visitor.authorized(await visitor.start(emrs.ward))
    other = await visitor.authorized(await visitor.start(emrs.ward))
    code, stolen = (parse_qs(urlsplit(back).query)["code"][0] for back in (mine, other))
    refused(await visitor.client.get(mine.replace(code, stolen)), visitor, code=DENIED)


async def test_a_launch_of_another_browser(emrs: TwoEmrs, visitor: Visitor) -> None:
    back = await visitor.authorized(await visitor.start(emrs.ward))
    visitor.client.cookies.clear()
    visitor.client.cookies.set("hub_launch", "the attacker's own", path="/notes")
    refused(await visitor.client.get(back), visitor, code="launch_unknown")
    assert emrs.ward.forms == []


async def test_a_browser_without_cookies(emrs: TwoEmrs, visitor: Visitor) -> None:
    back = await visitor.authorized(await visitor.start(emrs.ward))
    visitor.client.cookies.clear()
    refused(await visitor.client.get(back), visitor, code="cookies_blocked")
    assert emrs.ward.forms == []


async def test_an_assertion_is_never_used_twice(emrs: TwoEmrs, visitor: Visitor) -> None:
    for _ in range(3):
        assert (await visitor.launch(emrs.ward)).status_code == 303
    claims = [_claims(form["client_assertion"]) for form in emrs.ward.forms]
    assert len({one["jti"] for one in claims}) == 3
    assert {one["aud"] for one in claims} == {f"{emrs.ward.origin}/token"}  # of no use at another EMR


async def test_an_unregistered_emr_is_asked_for_nothing(emrs: TwoEmrs, visitor: Visitor) -> None:
    for odd in (
        "https://evil.test/fhir",
        f"{emrs.ward.base}.evil.test",
        f"{emrs.ward.origin}/other",
        "//evil.test",
        "",
    ):
        refused(
            await visitor.client.get("/notes/launch", params={"iss": odd, "launch": "l1"}), visitor, code="wrong_issuer"
        )
    assert emrs.ward.visits == []


async def test_no_address_of_a_request_is_followed(emrs: TwoEmrs, visitor: Visitor) -> None:
    """An open redirect: neither end of a launch goes where its caller says."""
    evil = {"next": "https://evil.test/", "redirect_uri": "https://evil.test/", "url": "//evil.test"}
    query = {"iss": emrs.ward.base, "launch": "https://evil.test/?a=b&redirect_uri=https://evil.test/"}
    started = await visitor.client.get("/notes/launch", params={**query, **evil})
    assert urlsplit(started.headers["location"]).netloc == urlsplit(emrs.ward.origin).netloc
    asked = parse_qs(urlsplit(started.headers["location"]).query)
    assert asked["redirect_uri"] == list(emrs.ward.redirect_uris)
    back = await visitor.authorized(started)
    arrived = await visitor.client.get(f"{back}&{urlencode(evil)}")
    assert arrived.headers["location"] == "/notes/panel"


async def test_an_emr_without_standalone_has_none(emrs: TwoEmrs, visitor: Visitor) -> None:
    answer = await visitor.client.get("/notes/standalone", params={"iss": emrs.clinic.base})
    refused(answer, visitor, code="no_standalone_launch")


async def test_one_emr_does_not_frame_the_other_ones_panel(emrs: TwoEmrs, visitor: Visitor, settings: Settings) -> None:
    for emr, origin in ((emrs.ward, "http://emr.ward.test"), (emrs.clinic, "http://emr.clinic.test")):
        started = await visitor.start(emr)
        await visitor.launch(emr)
        for answer in (started, await visitor.client.get("/notes/panel")):
            assert answer.headers["content-security-policy"].endswith(f"frame-ancestors {origin}")
    assert rows(settings.database_url, "SELECT count(*) FROM smart_launch") == [(2,)]  # those that were never finished


def _claims(assertion: str) -> dict[str, object]:
    body = assertion.split(".")[1]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found
