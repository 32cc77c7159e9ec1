"""Draft, edit, sign, file: the whole way, with the FHIR server's own state read back."""

import base64
import hashlib
import html
import re
import time
import uuid

import pytest

from hospital_hub.identity.permissions import Role
from hospital_hub.notes import filing
from hospital_hub.notes.filing import Outcome
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.ids import new_token
from integrations.smart.backend import BackendTokens
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import LogIn, rows
from tests.hospital_hub.notes.charts import chinese, observation
from tests.hospital_hub.notes.conftest import Browser

SAID = "Pneumonia. Heart rate 99 bpm. Body temperature 38.0 °C. Denies chest pain. Start metformin 500 mg. "

WINDOW = "w" * 20
EDIT = {"text": "x", "revision": "1", "window": WINDOW}


@pytest.fixture(autouse=True)
def _answer(fake_vllm: FakeVllm) -> None:
    fake_vllm.tokens = re.findall(r"\S+ ", SAID)


@pytest.fixture
def tokens() -> BackendTokens:
    return BackendTokens(jti=new_token, clock=time.time)


async def sign(browser: Browser, note: str, *, text: str = "", confirmed: bool = True) -> int:
    """Review the text, then sign what the review showed."""
    page = await browser.client.get(f"/notes/drafts/{note}")
    revision = re.search(r'name="revision" value="(\d+)"', page.text)
    assert revision
    login = await browser.login_id()
    shown = text or html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.DOTALL)[1])  # type: ignore[index]
    form = {"login": login, "text": shown.replace("\n", "\r\n"), "revision": revision[1], "window": WINDOW}
    review = await browser.client.post(f"/notes/drafts/{note}/review", data=form)
    assert review.status_code == 200, review.text
    sha = re.search(r'name="text_sha256" value="([0-9a-f]{64})"', review.text)
    assert sha
    tick = {"confirmed": "true"} if confirmed else {}
    answer = await browser.client.post(
        f"/notes/drafts/{note}/sign", data={"login": login, "text_sha256": sha[1], **tick}
    )
    return answer.status_code


async def test_a_draft_streams_its_sentences_with_sources_and_marks(launched: Browser) -> None:
    asked = await launched.client.post("/notes/drafts", data={"login": await launched.login_id()})
    note = asked.text.split("/notes/drafts/")[1].split("/")[0]
    stream = (await launched.client.get(f"/notes/drafts/{note}/events", headers={"Accept-Language": "en"})).text
    places = [stream.index(part) for part in ("#note-live", "#note-stage", "Heart rate 99 bpm.", 'hx-target="#work"')]
    assert places == sorted(places)
    assert "Observation/o2" in stream
    assert "unsupported" in stream
    assert "metformin" in stream
    assert re.match(r"id: [0-9a-f]{12}-1\ndata: <hx-partial", stream)


async def test_the_prompt_holds_no_name_number_or_birth_date(launched: Browser, fake_vllm: FakeVllm) -> None:
    await launched.new_draft()
    prompt = str(fake_vllm.asked[-1]["messages"])
    assert "66-year-old female" in prompt
    assert "Body temperature: 38.0 °C high" in prompt
    assert "the patient slept well" in prompt
    for hidden in ("Alder", "1960-05-18", "p1"):
        assert hidden not in prompt


async def test_a_chinese_chart_is_asked_for_in_chinese(launched: Browser, fake_vllm: FakeVllm) -> None:
    launched.emr.stored.clear()
    launched.emr.put(*chinese())
    await launched.new_draft()
    prompt = str(fake_vllm.asked[-1]["messages"])
    assert "病程记录" in prompt
    assert "对青霉素过敏" in prompt
    assert "张一" not in prompt


async def test_a_draft_is_kept_sealed_with_an_audit_row(launched: Browser, settings: Settings) -> None:
    await launched.new_draft()
    ((text, facts, about, state),) = rows(settings.database_url, "SELECT text, facts, about, state FROM note_draft")
    assert str(state).lower() == "drafted"
    for sealed in (text, facts, about):
        assert b"Pneumonia" not in bytes(sealed)  # type: ignore[call-overload]
        assert b"p1" not in bytes(sealed)  # type: ignore[call-overload]
    deeds = [str(one[0]).lower() for one in rows(settings.database_url, "SELECT deed FROM audit_event ORDER BY id")]
    assert {"read", "ask", "create"} <= set(deeds)


async def test_the_signed_text_is_in_the_emr_once(
    launched: Browser, resources: Resources, tokens: BackendTokens
) -> None:
    note = await launched.new_draft()
    assert await sign(launched, note, text="Pneumonia.\nHeart rate 99 bpm.") == 200
    assert "filed-as" not in (await launched.client.get(f"/notes/drafts/{note}/status")).text
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.FILED
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.NOTHING_TO_DO
    made = [one for one in launched.emr.all("DocumentReference") if "identifier" in one]
    assert len(made) == 1
    (document,) = made
    assert base64.b64decode(document["content"][0]["attachment"]["data"]).decode() == "Pneumonia.\nHeart rate 99 bpm."
    assert document["docStatus"] == "final"
    assert document["subject"] == {"reference": "Patient/p1"}
    assert document["context"]["encounter"] == [{"reference": "Encounter/e1"}]
    assert document["author"][0]["reference"] == "Practitioner/dr-1"
    assert [label["code"] for label in document["meta"]["security"]] == ["AIAST"]
    (proof,) = launched.emr.all("Provenance")
    assert proof["target"] == [{"reference": f"DocumentReference/{document['id']}"}]
    roles = {agent["type"]["coding"][0]["code"]: agent["who"] for agent in proof["agent"]}
    assert roles["verifier"]["reference"] == "Practitioner/dr-1"
    assert "SmolLM2" in roles["assembler"]["display"]
    status = (await launched.client.get(f"/notes/drafts/{note}/status")).text
    assert f"DocumentReference/{document['id']}" in status


async def test_a_worker_that_died_between_the_two_writes_is_completed(
    launched: Browser, resources: Resources, tokens: BackendTokens, settings: Settings
) -> None:
    note = await launched.new_draft()
    await sign(launched, note)
    launched.emr.forbidden_kinds = {"Provenance"}
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.FAILED
    assert "fhir_forbidden" in (await launched.client.get(f"/notes/drafts/{note}/status")).text
    launched.emr.forbidden_kinds = set()
    await launched.client.post(f"/notes/drafts/{note}/retry", data={"login": await launched.login_id()})
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.FILED
    assert len([one for one in launched.emr.all("DocumentReference") if "identifier" in one]) == 1
    assert len(launched.emr.all("Provenance")) == 1
    open_rows = rows(settings.database_url, "SELECT 1 FROM outbox WHERE done_at IS NULL")
    assert open_rows == []


async def test_a_server_that_is_down_only_delays_the_note(
    launched: Browser, resources: Resources, tokens: BackendTokens, settings: Settings
) -> None:
    note = await launched.new_draft()
    await sign(launched, note)
    launched.emr.status, launched.emr.retry_after = 503, "40"
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.PUT_OFF
    status = await launched.client.get(f"/notes/drafts/{note}/status", headers={"Accept-Language": "en"})
    assert "waiting to be filed" in status.text
    assert "fhir_busy" in status.text
    ((later,),) = rows(settings.database_url, "SELECT run_after > now() + interval '30 seconds' FROM outbox")
    assert later is True
    launched.emr.status = 0
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.NOTHING_TO_DO
    rows(settings.database_url, "UPDATE outbox SET run_after = now() RETURNING 1")
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.FILED


async def test_the_token_of_the_worker_is_asked_for_once(
    launched: Browser, resources: Resources, tokens: BackendTokens
) -> None:
    before = launched.emr.token_requests
    for _ in range(2):
        note = await launched.new_draft()
        await sign(launched, note)
        await filing.step(resources, tokens, identifier=uuid.UUID(note))
    assert launched.emr.token_requests == before + 1


async def test_another_document_under_the_same_identifier_is_never_taken_for_ours(
    launched: Browser, resources: Resources, tokens: BackendTokens
) -> None:
    note = await launched.new_draft()
    await sign(launched, note)
    identifier = [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{note}"}]
    launched.emr.put({"resourceType": "DocumentReference", "id": "x", "identifier": identifier, "content": []})
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.FAILED
    assert launched.emr.all("Provenance") == []


async def test_two_documents_under_one_identifier_stop_the_filing(
    launched: Browser, resources: Resources, tokens: BackendTokens
) -> None:
    note = await launched.new_draft()
    await sign(launched, note)
    identifier = [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{note}"}]
    for name in ("x", "y"):
        launched.emr.put({"resourceType": "DocumentReference", "id": name, "identifier": identifier, "content": []})
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.FAILED
    assert "fhir_ambiguous" in (await launched.client.get(f"/notes/drafts/{note}/status")).text


async def test_an_unsigned_draft_is_never_filed(launched: Browser, resources: Resources, tokens: BackendTokens) -> None:
    note = await launched.new_draft()
    assert await filing.step(resources, tokens, identifier=uuid.UUID(note)) is Outcome.NOTHING_TO_DO
    assert all("identifier" not in one for one in launched.emr.all("DocumentReference"))


async def test_unsupported_sentences_need_a_tick(launched: Browser) -> None:
    note = await launched.new_draft()
    assert await sign(launched, note, confirmed=False) == 422
    assert await sign(launched, note, text="Heart rate 99 bpm.", confirmed=False) == 200


async def test_another_text_than_the_shown_one_is_not_signed(launched: Browser) -> None:
    note = await launched.new_draft()
    form = {"login": await launched.login_id(), "text_sha256": hashlib.sha256(b"x").hexdigest(), "confirmed": "true"}
    refused = await launched.client.post(f"/notes/drafts/{note}/sign", data=form)
    assert refused.status_code == 409
    assert refused.json()["code"] == "other_text"


async def test_an_older_window_does_not_overwrite(launched: Browser) -> None:
    note = await launched.new_draft()
    login = await launched.login_id()
    first = {"login": login, "text": "one", "revision": "1", "window": WINDOW}
    assert (await launched.client.post(f"/notes/drafts/{note}/text", data=first)).status_code == 200
    second = {"login": login, "text": "two", "revision": "1", "window": "x" * 20}
    lost = await launched.client.post(f"/notes/drafts/{note}/text", data=second)
    assert lost.status_code == 409
    assert lost.json()["code"] == "draft_changed"


async def test_the_ai_text_can_be_brought_back(launched: Browser) -> None:
    note = await launched.new_draft()
    login = await launched.login_id()
    await launched.client.post(f"/notes/drafts/{note}/text", data={"login": login, **EDIT, "text": "mine"})
    form = {"login": login, **EDIT, "revision": "2", "origin": "model"}
    back = await launched.client.post(f"/notes/drafts/{note}/restore", data=form)
    assert "Heart rate 99 bpm." in back.text


async def test_the_facts_of_the_chart_can_stand_for_the_ai_text(launched: Browser) -> None:
    note = await launched.new_draft()
    form = {"login": await launched.login_id(), **EDIT, "origin": "facts"}
    page = (await launched.client.post(f"/notes/drafts/{note}/restore", data=form)).text
    assert "Objective:\nBody temperature: 38.0 °C high" in page
    assert "Allergy to Sulfonamide antibiotic" in page
    assert await sign(launched, note, confirmed=False) == 200


async def test_a_signed_note_cannot_be_edited(launched: Browser) -> None:
    note = await launched.new_draft()
    await sign(launched, note)
    login = await launched.login_id()
    for path, form in (("text", EDIT), ("restore", {**EDIT, "origin": "model"})):
        refused = await launched.client.post(f"/notes/drafts/{note}/{path}", data={"login": login, **form})
        assert refused.json()["code"] == "wrong_state"


async def test_a_panel_of_the_patient_before_changes_nothing(launched: Browser) -> None:
    note, old = await launched.new_draft(), await launched.login_id()
    launched.emr.put({"resourceType": "Patient", "id": "p2"})
    launched.emr.patient, launched.emr.encounter = "p2", ""
    await launched.launch()
    asked = await launched.client.post("/notes/drafts", data={"login": old})
    assert asked.status_code == 409
    assert asked.json()["code"] == "patient_switched"
    for path in (f"/notes/drafts/{note}", f"/notes/drafts/{note}/status"):
        assert (await launched.client.get(path)).json()["code"] == "no_such_note"
    assert note not in (await launched.client.get("/notes/panel")).text


async def test_another_clinician_does_not_see_the_draft(launched: Browser) -> None:
    note = await launched.new_draft()
    launched.emr.id_claims = {"sub": "u2"}
    await launched.launch()
    assert (await launched.client.get(f"/notes/drafts/{note}")).status_code == 404


async def test_data_of_another_patient_stops_the_draft(launched: Browser, fake_vllm: FakeVllm) -> None:
    stray = observation("o9", "p9", name="Potassium", value=7.1, unit="mmol/L")
    launched.emr.stored["Observation"]["o9"] = stray
    launched.emr.stored["Encounter"]["e1"]["subject"] = {"reference": "Patient/p9"}
    asked = await launched.client.post("/notes/drafts", data={"login": await launched.login_id()})
    note = asked.text.split("/notes/drafts/")[1].split("/")[0]
    stream = await launched.client.get(f"/notes/drafts/{note}/events", headers={"Accept-Language": "en"})
    assert "another patient" in stream.text
    assert fake_vllm.asked == []


async def test_what_the_emr_withholds_is_said(launched: Browser) -> None:
    launched.emr.forbidden_kinds = {"AllergyIntolerance"}
    chart = await launched.client.get("/notes/chart", headers={"Accept-Language": "en"})
    assert "did not give everything" in chart.text
    note = await launched.new_draft()
    page = await launched.client.get(f"/notes/drafts/{note}", headers={"Accept-Language": "en"})
    assert "The EMR did not give:" in page.text


async def test_a_model_that_breaks_off_leaves_nothing_and_can_be_asked_again(
    launched: Browser, fake_vllm: FakeVllm
) -> None:
    asked = await launched.client.post("/notes/drafts", data={"login": await launched.login_id()})
    note = asked.text.split("/notes/drafts/")[1].split("/")[0]
    fake_vllm.mode = Mode.CUT
    broken = await launched.client.get(f"/notes/drafts/{note}/events", headers={"Accept-Language": "en"})
    assert "The answer broke off." in broken.text
    fake_vllm.mode = Mode.WELL
    await launched.client.get(f"/notes/drafts/{note}/events")
    assert "Heart rate 99 bpm." in (await launched.client.get(f"/notes/drafts/{note}")).text


async def test_a_finished_draft_is_not_written_twice(launched: Browser, fake_vllm: FakeVllm) -> None:
    note = await launched.new_draft()
    await launched.client.get(f"/notes/drafts/{note}/events")
    assert len(fake_vllm.asked) == 1


async def test_what_a_model_writes_is_never_markup(launched: Browser, fake_vllm: FakeVllm) -> None:
    fake_vllm.tokens = ["Pneumonia <script>alert(1)</script> ", "</hx-partial><b>x</b>. ", "End. "]
    note = await launched.new_draft()
    for path in (f"/notes/drafts/{note}/events", f"/notes/drafts/{note}"):
        shown = (await launched.client.get(path)).text
        assert "<script>alert" not in shown
        assert "<b>x</b>" not in shown


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CLINICIAN])
async def test_other_roles_stay_outside(client: object, log_in: LogIn, browser: Browser, role: Role) -> None:
    cookies = await log_in(role)
    browser.client.cookies.update({"hub_session": next(iter(cookies.values()))})
    for method, path in (("GET", "/notes/panel"), ("GET", "/notes/chart"), ("POST", "/notes/drafts")):
        assert (await browser.client.request(method, path)).status_code == 403
    note = uuid.uuid4()
    assert (await browser.client.post(f"/notes/drafts/{note}/sign")).status_code == 403


async def test_a_clinician_without_a_launch_is_sent_back_to_the_emr(log_in: LogIn, browser: Browser) -> None:
    browser.client.cookies.update(await log_in(Role.CLINICIAN))
    assert (await browser.client.get("/notes/panel")).json()["code"] == "launch_ended"


@pytest.mark.parametrize(
    "form", [{"text": "x"}, {**EDIT, "revision": "-1"}, {**EDIT, "signed": "true"}, {**EDIT, "window": "'; --"}]
)
async def test_forms_are_strict(launched: Browser, form: dict[str, str]) -> None:
    note = await launched.new_draft()
    login = await launched.login_id()
    assert (await launched.client.post(f"/notes/drafts/{note}/text", data={"login": login, **form})).status_code == 422


async def test_a_note_that_is_too_long_is_refused(launched: Browser) -> None:
    note = await launched.new_draft()
    form = {"login": await launched.login_id(), **EDIT, "text": "a" * 20_001}
    refused = await launched.client.post(f"/notes/drafts/{note}/text", data=form)
    assert refused.status_code == 413
