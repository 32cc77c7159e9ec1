"""What SMART App Launch 2.2 demands of a client, requirement by requirement, on requests that a real launch made."""

import base64
import hashlib
import html
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hospital_hub.settings import Settings
from integrations.smart.keys import ClientKey
from tests.fakes.authority import ASSERTION_TYPE, Authority, base64url
from tests.fixtures.hub import rows
from tests.hospital_hub.notes.several_emrs import HUB, TwoEmrs, Visitor, emrs, settings, visitor

__all__ = ["emrs", "settings", "visitor"]
Json = dict[str, Any]
CODE_MEMBERS = {"grant_type", "code", "redirect_uri", "code_verifier"}


@dataclass
class Made:
    """The requests of one launch."""

    emr: Authority

    @property
    def asked(self) -> dict[str, str]:
        return self.emr.asked[-1]

    @property
    def form(self) -> dict[str, str]:
        return self.emr.forms[-1]

    @property
    def header(self) -> Json:
        return part(self.form["client_assertion"], 0)

    @property
    def claims(self) -> Json:
        return part(self.form["client_assertion"], 1)


def part(token: str, place: int) -> Json:
    text = token.split(".")[place]
    found: Json = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def challenged(made: Made) -> bool:
    digest = hashlib.sha256(made.form["code_verifier"].encode()).digest()
    return base64url(digest) == made.asked["code_challenge"]


Check = Callable[[Made], bool]
OF_EVERY_CLIENT: dict[str, Check] = {
    "discovery comes before anything else": lambda made: made.emr.visits[0].endswith(
        "/.well-known/smart-configuration"
    ),
    "response_type is code": lambda made: made.asked["response_type"] == "code",
    "client_id is the registered one": lambda made: made.asked["client_id"] == made.emr.client_id,
    "redirect_uri is a registered one": lambda made: made.asked["redirect_uri"] in made.emr.redirect_uris,
    "launch is the EMR's own word": lambda made: made.asked["launch"] == "l1",
    "scope asks for launch": lambda made: "launch" in made.asked["scope"].split(),
    "scope asks who the user is": lambda made: {"openid", "fhirUser"} <= set(made.asked["scope"].split()),
    "scopes are of version 2": lambda made: all(
        re.fullmatch(r"patient/[A-Z]\w+\.c?r?u?d?s?", one) for one in made.asked["scope"].split() if "/" in one
    ),
    "no scope writes": lambda made: not re.search(r"/\w+\.\w*[cud]", made.asked["scope"]),
    "state cannot be guessed": lambda made: len(made.asked["state"]) >= 22,
    "aud is the FHIR base": lambda made: made.asked["aud"] == made.emr.base,
    "code_challenge_method is S256": lambda made: made.asked["code_challenge_method"] == "S256",
    "the verifier fits the challenge": challenged,
    "the verifier is of a lawful length": lambda made: 43 <= len(made.form["code_verifier"]) <= 128,
    "the verifier was not told before": lambda made: made.form["code_verifier"] not in json.dumps(made.emr.asked),
    "redirect_uri is repeated with the code": lambda made: made.form["redirect_uri"] == made.asked["redirect_uri"],
    "the grant is the code's": lambda made: made.form["grant_type"] == "authorization_code",
    "tokens travel in the header alone": lambda made: (
        set(made.emr.bearers) <= made.emr.living
        and not any("token" in visit for visit in made.emr.visits if visit.startswith("/fhir"))
    ),
}
OF_A_CONFIDENTIAL_CLIENT: dict[str, Check] = {
    "the form holds nothing else": lambda made: (
        made.form.keys() == CODE_MEMBERS | {"client_assertion_type", "client_assertion"}
    ),
    "the assertion's type": lambda made: made.form["client_assertion_type"] == ASSERTION_TYPE,
    "typ is JWT": lambda made: made.header["typ"] == "JWT",
    "alg is ES384 or RS384": lambda made: made.header["alg"] in {"ES384", "RS384"},
    "kid names a registered key": lambda made: (
        made.header["kid"] in [key["kid"] for key in made.emr.client_jwks["keys"]]
    ),
    "iss and sub are the client": lambda made: made.claims["iss"] == made.claims["sub"] == made.emr.client_id,
    "aud is the token endpoint": lambda made: made.claims["aud"] == f"{made.emr.origin}/token",
    "exp is at most five minutes away": lambda made: 0 < made.claims["exp"] - time.time() <= 300,
    "jti cannot be guessed": lambda made: len(made.claims["jti"]) >= 22,
}
OF_A_PUBLIC_CLIENT: dict[str, Check] = {
    "the form names the client and holds no secret": lambda made: made.form.keys() == CODE_MEMBERS | {"client_id"},
}


def unmet(made: Made, checks: dict[str, Check]) -> list[str]:
    return [name for name, holds in checks.items() if not holds(made)]


async def test_a_launch_meets_every_requirement(emrs: TwoEmrs, visitor: Visitor) -> None:
    assert (await visitor.launch(emrs.ward)).status_code == 303
    assert (await visitor.client.get("/notes/panel")).status_code == 200
    assert unmet(Made(emrs.ward), OF_EVERY_CLIENT | OF_A_CONFIDENTIAL_CLIENT) == []
    assert (await visitor.launch(emrs.clinic)).status_code == 303
    assert unmet(Made(emrs.clinic), OF_EVERY_CLIENT | OF_A_PUBLIC_CLIENT) == []


async def test_two_launches_share_no_secret(emrs: TwoEmrs, visitor: Visitor) -> None:
    for _ in range(2):
        assert (await visitor.launch(emrs.ward)).status_code == 303
    first, second = emrs.ward.asked
    assert not {first[name] for name in ("state", "nonce", "code_challenge")} & set(second.values())
    assert emrs.ward.forms[0]["code_verifier"] != emrs.ward.forms[1]["code_verifier"]


async def test_the_published_keys_are_the_registered_ones(emrs: TwoEmrs, visitor: Visitor) -> None:
    keys = (await visitor.client.get("/.well-known/jwks.json")).json()["keys"]
    assert {key["kid"] for key in keys} == {key["kid"] for key in emrs.ward.client_jwks["keys"]}
    assert not any({"d", "p", "q"} & key.keys() for key in keys)


async def test_a_standalone_launch_asks_the_emr_for_the_patient(emrs: TwoEmrs, visitor: Visitor) -> None:
    page = await visitor.client.get("/", headers={"accept": "text/html"})
    (entrance,) = re.findall(r'href="(/notes/standalone[^"]*)"', page.text)  # the other EMR has none
    started = await visitor.client.get(html.unescape(entrance))
    arrived = await visitor.client.get(await visitor.authorized(started))
    assert arrived.headers.get("location") == "/notes/panel", arrived.text
    assert "launch" not in emrs.ward.asked[-1]
    words = emrs.ward.asked[-1]["scope"].split()
    assert "launch/patient" in words
    assert "launch" not in words
    assert (await visitor.client.get("/notes/panel")).status_code == 200


async def test_renewal_is_asked_for_only_where_there_is_one(emrs: TwoEmrs, visitor: Visitor) -> None:
    emrs.clinic.capabilities = ["launch-ehr"]
    for emr, asked in ((emrs.ward, True), (emrs.clinic, False)):
        await visitor.launch(emr)
        assert ("online_access" in emr.asked[-1]["scope"].split()) is asked
        assert bool(emr.refresh) is asked


@pytest.fixture
def rs384(emrs: TwoEmrs, settings: Settings, tmp_path: Path) -> None:
    """The ward's client has an RSA key of its own. Comes before the application is made."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "ward.pem"
    file.write_bytes(pem)
    assert settings.emrs_file is not None
    blocks = settings.emrs_file.read_text()
    own = f'panel.key_file = "{file}"\nbackend.key_file = "{file}"\n\n[emr.clinic]'
    settings.emrs_file.write_text(blocks.replace("[emr.clinic]", own))
    emrs.ward.client_jwks = ClientKey(pem.decode()).public_jwks()


async def test_a_client_may_have_an_rsa_key_of_its_own(rs384: None, emrs: TwoEmrs, visitor: Visitor) -> None:
    assert (await visitor.launch(emrs.ward)).status_code == 303
    assert Made(emrs.ward).header["alg"] == "RS384"
    assert unmet(Made(emrs.ward), OF_A_CONFIDENTIAL_CLIENT) == []
    keys = (await visitor.client.get("/.well-known/jwks.json")).json()["keys"]
    assert sorted(key["alg"] for key in keys) == ["ES384", "RS384"]


async def test_a_way_of_proof_that_the_emr_does_not_take_is_not_tried(emrs: TwoEmrs, visitor: Visitor) -> None:
    emrs.ward.lies.configuration = {"token_endpoint_auth_signing_alg_values_supported": ["RS384"]}
    assert (await visitor.launch(emrs.ward)).json()["code"] == "emr_log_in_unusable"
    assert emrs.ward.forms == []


class TestInAFrame:
    """Of an EMR of another site: what the browser keeps there, and what happens where it keeps nothing."""

    HEADERS: ClassVar = {"sec-fetch-dest": "iframe", "sec-fetch-site": "cross-site", "accept": "text/html"}

    async def test_a_cookie_is_tried_before_the_launch_is_spent(self, emrs: TwoEmrs, client: httpx.AsyncClient) -> None:
        query = {"iss": emrs.ward.base, "launch": "l1"}
        first = await client.get("/notes/launch", params=query, headers=self.HEADERS)
        assert first.headers["location"].startswith("/notes/launch?")
        cookie = first.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "secure", "samesite=none", "; partitioned"))
        client.cookies.clear()  # the browser keeps none
        again = await client.get(first.headers["location"], headers=self.HEADERS)
        assert again.status_code == 403
        assert 'target="_blank"' in again.text
        assert "launch=l1" in again.text
        assert emrs.ward.visits == []

    async def test_a_kept_cookie_leads_to_a_partitioned_log_in(self, emrs: TwoEmrs, visitor: Visitor) -> None:
        started = await visitor.start(emrs.ward)
        back = await visitor.authorized(started)
        arrived = await visitor.client.get(back, headers=self.HEADERS)
        assert arrived.headers["location"] == "/notes/panel"
        assert "hub_session" in arrived.headers["set-cookie"]
        assert arrived.headers["set-cookie"].lower().endswith("; partitioned")

    async def test_the_own_window_needs_no_frame(self, emrs: TwoEmrs, visitor: Visitor) -> None:
        top = {**self.HEADERS, "sec-fetch-dest": "document"}
        query = {"iss": emrs.ward.base, "launch": "l1"}
        started = await visitor.client.get("/notes/launch", params=query, headers=top)
        assert started.headers["location"].startswith(f"{emrs.ward.origin}/authorize?")
        assert "samesite=lax" in started.headers["set-cookie"].lower()


async def test_launches_are_of_their_emr_in_the_database(emrs: TwoEmrs, visitor: Visitor, settings: Settings) -> None:
    await visitor.start(emrs.ward)
    await visitor.launch(emrs.clinic)
    assert rows(settings.database_url, "SELECT issuer FROM smart_launch") == [(emrs.ward.base,)]
    assert rows(settings.database_url, "SELECT principal_id FROM login") == [(f"{emrs.clinic.base}|u1",)]
    assert Made(emrs.clinic).asked["redirect_uri"] == f"{HUB}/notes/callback/clinic"
