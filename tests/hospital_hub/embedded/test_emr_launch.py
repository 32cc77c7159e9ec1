"""The EMR as an authorisation server, asked by an app written from the specification: one good launch, many bad."""

import base64
import json
from pathlib import Path

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from hospital_hub.embedded.emr.accounts import DEMO_LOGINS
from tests.fakes.smart_client import SCOPE, FakeHub
from tests.fixtures.hospital import FhirServer, RunningEmr, emr_server

PATIENT = "demo-zh-01"
Http = aiohttp.ClientSession


async def code_of(hub: FakeHub, http: Http, **changes: str) -> dict[str, str]:
    await hub.log_in(http)
    return await hub.authorize(http, hub.authorize_query(await hub.launch_id(http, PATIENT), **changes))


async def test_a_launch_gives_a_token_for_one_patient_and_says_who_the_doctor_is(
    running_emr: RunningEmr, browser_http: Http
) -> None:
    hub = running_emr.hub
    answer = await hub.launched(browser_http, PATIENT)
    async with browser_http.get(f"{hub.emr}/fhir/.well-known/smart-configuration") as response:
        found = await response.json()
    async with browser_http.get(found["jwks_uri"]) as response:
        keys = KeySet.import_key_set(await response.json())
    identity = jwt.decode(answer["id_token"], keys, algorithms=["ES384"]).claims
    assert (answer["patient"], answer["encounter"]) == (PATIENT, f"{PATIENT}-stay")
    assert (answer["token_type"], answer["scope"], answer["need_patient_banner"]) == ("Bearer", SCOPE, False)
    assert 0 < answer["expires_in"] <= 3600
    assert identity["fhirUser"] == "Practitioner/demo-dr-chen"
    assert (identity["iss"], identity["aud"], identity["nonce"]) == (found["issuer"], "hub-panel", "nonce-1")


async def test_discovery_and_metadata_are_open_and_name_what_a_hub_needs(
    running_emr: RunningEmr, browser_http: Http
) -> None:
    base = f"{running_emr.hub.emr}/fhir"
    async with browser_http.get(f"{base}/.well-known/smart-configuration") as response:
        found = await response.json()
    async with browser_http.get(f"{base}/metadata") as response:
        statement = await response.json(content_type=None)
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert {"launch-ehr", "permission-v2", "client-confidential-asymmetric"} <= set(found["capabilities"])
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == base
    assert statement["rest"][0]["security"]["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": ""}, "invalid_request"),
        ({"aud": "http://other.example/fhir"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"launch": "made-up"}, "invalid_request"),
        ({"launch": ""}, "invalid_request"),
        ({"scope": "patient/Patient.rs"}, "invalid_request"),
    ],
)
async def test_a_faulty_authorization_request_is_told_to_the_app(
    running_emr: RunningEmr, browser_http: Http, changes: dict[str, str], error: str
) -> None:
    answer = await code_of(running_emr.hub, browser_http, **changes)
    assert answer["error"] == error
    assert "code" not in answer
    assert answer.get("state", "") == changes.get("state", "state-1")


@pytest.mark.parametrize("changes", [{"redirect_uri": "http://127.0.0.1:1/notes/callback"}, {"client_id": "stranger"}])
async def test_nothing_is_sent_to_an_address_that_is_not_registered(
    running_emr: RunningEmr, browser_http: Http, changes: dict[str, str]
) -> None:
    hub = running_emr.hub
    query = hub.authorize_query("any", **changes)
    async with browser_http.get(f"{hub.emr}/auth/authorize", params=query, allow_redirects=False) as response:
        assert response.status == 400
        assert "location" not in response.headers


async def test_a_launch_id_works_once_and_only_for_its_doctor(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    await hub.log_in(browser_http)
    launch = await hub.launch_id(browser_http, PATIENT)
    lin = next(login for login in DEMO_LOGINS if login.name == "dr.lin")
    await hub.log_in(browser_http, name=lin.name, password=lin.password)
    assert (await hub.authorize(browser_http, hub.authorize_query(launch)))["error"] == "invalid_request"
    await hub.log_in(browser_http)
    assert "code" in await hub.authorize(browser_http, hub.authorize_query(launch))
    assert (await hub.authorize(browser_http, hub.authorize_query(launch)))["error"] == "invalid_request"


async def test_without_a_log_in_there_is_no_code(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    await hub.log_in(browser_http)
    launch = await hub.launch_id(browser_http, PATIENT)
    browser_http.cookie_jar.clear()
    assert (await hub.authorize(browser_http, hub.authorize_query(launch)))["error"] == "access_denied"


async def test_an_old_launch_id_is_refused(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    await hub.log_in(browser_http)
    launch = await hub.launch_id(browser_http, PATIENT)
    running_emr.clock.ahead = 301
    assert (await hub.authorize(browser_http, hub.authorize_query(launch)))["error"] == "invalid_request"


async def test_scopes_beyond_the_registration_are_cut_off(running_emr: RunningEmr, browser_http: Http) -> None:
    wide = "patient/Patient.cruds patient/DocumentReference.rs patient/Procedure.rs system/Patient.rs user/*.rs"
    asked = f"launch openid {wide}"
    answer = await running_emr.hub.launched(browser_http, PATIENT, scope=asked)
    assert answer["scope"] == "launch openid patient/Patient.rs patient/DocumentReference.rs"


async def test_a_code_works_once_and_its_second_use_ends_the_token(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    code = (await code_of(hub, browser_http))["code"]
    status, first = await hub.token(browser_http, hub.exchange_form(code))
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    async with browser_http.get(f"{hub.emr}/fhir/Patient/{PATIENT}", headers=bearer) as response:
        assert (status, response.status) == (200, 200)
    status, second = await hub.token(browser_http, hub.exchange_form(code))
    assert (status, second["error"]) == (400, "invalid_grant")
    async with browser_http.get(f"{hub.emr}/fhir/Patient/{PATIENT}", headers=bearer) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:1/notes/callback"},
        {"code": "made-up"},
    ],
)
async def test_a_code_is_worth_nothing_without_what_belongs_to_it(
    running_emr: RunningEmr, browser_http: Http, changes: dict[str, str]
) -> None:
    hub = running_emr.hub
    code = (await code_of(hub, browser_http))["code"]
    status, answer = await hub.token(browser_http, hub.exchange_form(code, **changes))
    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_a_code_ends_after_a_minute(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    code = (await code_of(hub, browser_http))["code"]
    running_emr.clock.ahead = 61
    status, answer = await hub.token(browser_http, hub.exchange_form(code))
    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({}, {"aud": "http://other.example/token"}),
        ({}, {"exp": 1}),
        ({}, {"exp": 4_000_000_000}),
        ({}, {"iss": "hub-backend"}),
        ({}, {"sub": "stranger", "iss": "stranger"}),
        ({}, {"jti": ""}),
        ({"typ": "at+jwt"}, {}),
        ({"kid": "unknown"}, {}),
    ],
)
async def test_an_assertion_must_be_right_in_every_part(
    running_emr: RunningEmr, browser_http: Http, header: dict[str, str], claims: dict[str, object]
) -> None:
    hub = running_emr.hub
    form = hub.exchange_form("any", client_assertion=hub.assertion(header=header, claims=claims))
    status, answer = await hub.token(browser_http, form)
    assert (status, answer["error"]) == (401, "invalid_client")


async def test_an_unsigned_or_foreign_assertion_is_refused(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    good = hub.assertion()
    header = json.dumps({"alg": "none", "typ": "JWT", "kid": hub.key.thumbprint()}).encode()
    unsigned = f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{good.split('.')[1]}."
    stranger = FakeHub(hub.origin, hub.emr, key=ECKey.generate_key("P-384"))
    foreign = stranger.assertion(header={"kid": hub.key.thumbprint()})
    for assertion in (unsigned, foreign, "a.b.c", ""):
        status, answer = await hub.token(browser_http, hub.exchange_form("any", client_assertion=assertion))
        assert (status, answer["error"]) == (401, "invalid_client")


async def test_an_assertion_is_taken_once(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    form = hub.backend_form("system/Patient.rs")
    assert (await hub.token(browser_http, form))[0] == 200
    status, answer = await hub.token(browser_http, form)
    assert (status, answer["error"]) == (401, "invalid_client")


async def test_each_client_keeps_to_its_own_grant(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    panel_as_backend = hub.backend_form("system/Patient.rs", client_assertion=hub.assertion("hub-panel"))
    assert (await hub.token(browser_http, panel_as_backend))[1]["error"] == "unauthorized_client"
    unknown = hub.backend_form("system/Patient.rs", grant_type="password")
    assert (await hub.token(browser_http, unknown))[1]["error"] == "unsupported_grant_type"
    wide = hub.backend_form("system/*.cruds system/Patient.cruds")
    assert (await hub.token(browser_http, wide))[1]["scope"] == (
        "system/DocumentReference.cruds system/Provenance.cruds system/Patient.rs "
        "system/Encounter.crus system/QuestionnaireResponse.crus system/Observation.crus "
        "system/RiskAssessment.crus system/Task.crus system/Device.crs system/Composition.crus"
    )
    nothing = hub.backend_form("system/Condition.rs system/Observation.d patient/Patient.rs")
    assert (await hub.token(browser_http, nothing))[1]["error"] == "invalid_scope"


async def test_a_field_that_comes_twice_is_refused(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    form = [*hub.backend_form("system/Patient.rs").items(), ("scope", "system/Provenance.r")]
    async with browser_http.post(f"{hub.emr}/auth/token", data=form) as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_request")


async def test_the_hubs_keys_are_kept_and_read_again_for_a_new_kid(
    hospital_fhir: FhirServer, tmp_path: Path, browser_http: Http
) -> None:
    async with emr_server(hospital_fhir.url, tmp_path) as emr:
        hub = emr.hub

        async def asked() -> int:
            return (await hub.token(browser_http, hub.backend_form("system/Patient.rs")))[0]

        assert [await asked() for _ in range(3)] == [200] * 3
        assert hub.jwks_reads == 1
        hub.key = ECKey.generate_key("P-384")
        assert await asked() == 401
        assert hub.jwks_reads == 1  # at most once a minute
        emr.clock.ahead = 61
        assert await asked() == 200
        assert hub.jwks_reads == 2


async def test_introspection_tells_a_client_what_a_token_is(running_emr: RunningEmr, browser_http: Http) -> None:
    hub = running_emr.hub
    token = (await hub.launched(browser_http, PATIENT))["access_token"]

    async def introspected(subject: str) -> dict[str, object]:
        form = hub.backend_form("", token=subject)
        async with browser_http.post(f"{hub.emr}/auth/introspect", data=form) as response:
            return dict(await response.json())

    told = await introspected(token)
    assert (told["active"], told["patient"], told["client_id"]) == (True, PATIENT, "hub-panel")
    assert await introspected(token[:-4]) == {"active": False}
    async with browser_http.post(f"{hub.emr}/auth/introspect", data={"token": token}) as response:
        assert response.status == 401
