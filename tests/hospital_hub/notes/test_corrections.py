"""After the signature: filed by transaction, amended, withdrawn, discarded, read back; with the EMR's own state."""

import asyncio
import base64
import html
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hospital_hub.notes import filing
from hospital_hub.notes.emr_profile import EVERYTHING, PLAIN, Arrives, Profile
from hospital_hub.notes.filing import Outcome
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.ids import new_token
from integrations.smart.backend import BackendTokens
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows
from tests.hospital_hub.notes.conftest import Browser

Json = dict[str, Any]
FIRST, SECOND = "Heart rate 99 bpm.", "Heart rate 99 bpm. Pneumonia."
WINDOW = "w" * 20
ENGLISH = {"Accept-Language": "en"}


@dataclass
class Ward:
    """A clinician's browser and the worker of the same hub."""

    browser: Browser
    worker: Resources
    tokens: BackendTokens
    settings: Settings

    async def post(self, note: str, action: str, **fields: str) -> Any:  # noqa: ANN401 - a response
        form = {"login": await self.browser.login_id(), **fields}
        return await self.browser.client.post(f"/notes/drafts/{note}/{action}", data=form, headers=ENGLISH)

    async def sign(self, note: str, text: str) -> None:
        page = (await self.browser.client.get(f"/notes/drafts/{note}")).text
        revision = re.search(r'name="revision" value="(\d+)"', page)
        assert revision, page
        review = await self.post(note, "review", text=text, revision=revision[1], window=WINDOW)
        sha = re.search(r'name="text_sha256" value="([0-9a-f]{64})"', review.text)
        assert sha, review.text
        signed = await self.post(note, "sign", text_sha256=sha[1], confirmed="true")
        assert signed.status_code == 200, signed.text

    async def file(self, note: str, profile: Profile = PLAIN) -> Outcome:
        return await filing.step(self.worker, self.tokens, identifier=uuid.UUID(note), profile=profile)

    async def filed(self, text: str = FIRST, profile: Profile = PLAIN) -> str:
        note = await self.browser.new_draft()
        await self.sign(note, text)
        assert await self.file(note, profile) is Outcome.FILED
        return note

    async def amend(self, note: str, reason: str = "Diagnosis was missing") -> str:
        answer = await self.post(note, "amend", reason=reason)
        assert answer.status_code == 200, answer.text
        anew = re.search(r"/notes/drafts/([0-9a-f-]{36})/text", answer.text)
        assert anew, answer.text
        return anew[1]

    def document(self, note: str) -> Json:
        (found,) = [one for one in self.browser.emr.all("DocumentReference") if _is_of(one, note)]
        return found

    def states(self) -> list[str]:
        return [str(one[0]) for one in rows(self.settings.database_url, "SELECT state FROM note_draft ORDER BY id")]

    def due(self) -> None:
        rows(self.settings.database_url, "UPDATE outbox SET run_after = now() RETURNING 1")


@pytest.fixture
def ward(launched: Browser, resources: Resources, settings: Settings, fake_vllm: FakeVllm) -> Ward:
    fake_vllm.tokens = ["Heart ", "rate ", "99 ", "bpm. "]
    return Ward(launched, resources, BackendTokens(jti=new_token, clock=time.time), settings)


def _is_of(document: Json, note: str) -> bool:
    return any(one["value"] == f"urn:uuid:{note}" for one in document.get("identifier", []))


def text_of(document: Json) -> str:
    return base64.b64decode(document["content"][0]["attachment"]["data"]).decode()


def codes(records: Sequence[Json]) -> list[str]:
    return sorted(one["activity"]["coding"][0]["code"] for one in records)


async def test_the_record_names_model_card_prompt_rules_and_verifier(ward: Ward) -> None:
    note = await ward.filed(profile=EVERYTHING)
    emr, document = ward.browser.emr, ward.document(note)
    (proof,), (device,), (composition,) = emr.all("Provenance"), emr.all("Device"), emr.all("Composition")
    targets = [one["reference"] for one in proof["target"]]
    assert targets == [f"DocumentReference/{document['id']}", f"Composition/{composition['id']}"]
    for made in (document, composition, proof):
        assert made["meta"]["security"][0]["code"] == "AIAST"
    machine, person = proof["agent"]
    assert machine["who"]["reference"] == f"Device/{device['id']}"
    assert machine["role"][0]["coding"][0]["code"] == "Artificial-Intelligence"
    assert person["who"]["reference"] == "Practitioner/dr-1"
    assert [one["type"]["text"] for one in device["version"]] == ["weights", "models.toml"]
    derived = [one["what"]["reference"] for one in proof["entity"] if one["role"] == "derivation"]
    kinds = [emr.stored["DocumentReference"][one.split("/")[1]]["type"]["coding"][0]["code"] for one in derived]
    assert kinds == ["AIModelCard", "AIInputPrompt"]
    card = next(one for one in device["extension"] if "modelCard" in one["url"])
    assert card["valueReference"]["reference"] == derived[0]
    named = {
        one["what"]["identifier"]["system"].rpartition(":")[2] for one in proof["entity"] if "identifier" in one["what"]
    }
    assert named == {"prompt", "model-call", "rules", "text-sha256"}


async def test_two_notes_share_one_model(ward: Ward) -> None:
    for text in (FIRST, SECOND):
        await ward.filed(text)
    assert len(ward.browser.emr.all("Device")) == 1
    assert len([one for one in ward.browser.emr.all("DocumentReference") if "masterIdentifier" in one]) == 2
    assert len(ward.browser.emr.all("Provenance")) == 2


async def test_an_answer_that_got_lost_files_once(ward: Ward) -> None:
    note = await ward.browser.new_draft()
    await ward.sign(note, FIRST)
    ward.browser.emr.lost_answers = {1}
    assert await ward.file(note) is Outcome.PUT_OFF
    ward.due()
    assert await ward.file(note) is Outcome.FILED
    assert len(ward.browser.emr.all("Provenance")) == len(ward.browser.emr.all("Device")) == 1
    assert text_of(ward.document(note)) == FIRST


async def test_two_workers_at_once_file_once(ward: Ward) -> None:
    note = await ward.browser.new_draft()
    await ward.sign(note, FIRST)
    outcomes = await asyncio.gather(ward.file(note), ward.file(note), ward.file(note))
    assert sorted(outcomes) == [Outcome.FILED, Outcome.NOTHING_TO_DO, Outcome.NOTHING_TO_DO]
    assert len(ward.browser.emr.all("Provenance")) == 1


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        (Profile(transactions=False), "final"),
        (Profile(transactions=False, kinds=EVERYTHING.kinds, arrives=Arrives.PRELIMINARY), "preliminary"),
        (Profile(kinds=frozenset({"Provenance"}), arrives=Arrives.UNSAID), None),
        (Profile(kinds=frozenset()), "final"),
    ],
)
async def test_what_an_emr_does_not_take_is_not_sent(ward: Ward, profile: Profile, status: str | None) -> None:
    emr = ward.browser.emr
    emr.forbidden_kinds = {"Device", "Composition", "Provenance"} - profile.kinds
    if not profile.transactions:
        emr.before_transaction = lambda: pytest.fail("this EMR takes no transaction")
    note = await ward.filed(profile=profile)
    document = ward.document(note)
    assert document.get("docStatus") == status
    assert len(emr.all("Device")) == int(profile.takes("Device"))
    for device in emr.all("Device"):
        card = next(one for one in device["extension"] if "modelCard" in one["url"])["valueReference"]["reference"]
        assert card.startswith("DocumentReference/")
    for proof in emr.all("Provenance"):
        who = proof["agent"][0]["who"]
        assert ("reference" in who) is profile.takes("Device")
        assert "SmolLM2" in who["display"]


@pytest.mark.parametrize("profile", [PLAIN, replace(EVERYTHING, transactions=False)])
async def test_an_amendment_replaces_the_version_before(ward: Ward, profile: Profile) -> None:
    old = await ward.filed(profile=profile)
    new = await ward.amend(old)
    assert ward.states() == ["FILED", "DRAFTED"]
    page = (await ward.browser.client.get(f"/notes/drafts/{new}", headers=ENGLISH)).text
    assert "Version 2 of this note" in page
    assert "Diagnosis was missing" in page
    await ward.sign(new, SECOND)
    assert ward.document(old)["status"] == "current"
    assert await ward.file(new, profile) is Outcome.FILED
    before, after = ward.document(old), ward.document(new)
    assert (before["status"], before["docStatus"], text_of(before)) == ("superseded", "final", FIRST)
    assert (after["status"], after["docStatus"], text_of(after)) == ("current", "amended", SECOND)
    target = {"reference": f"DocumentReference/{before['id']}"}
    assert after["relatesTo"] == [{"code": "replaces", "target": target}]
    assert ward.states() == ["AMENDED", "FILED"]
    proof = ward.browser.emr.all("Provenance")[-1]
    assert {"role": "revision", "what": target} in proof["entity"]
    assert proof["reason"][1] == {"text": "Diagnosis was missing"}
    history = (await ward.browser.client.get(f"/notes/drafts/{new}/versions", headers=ENGLISH)).text
    assert history.index("Version 2") < history.index("Version 1")
    assert "Superseded" in history


async def test_an_amendment_needs_a_reason_a_change_and_a_signature_of_its_own(ward: Ward) -> None:
    note = await ward.filed()
    assert (await ward.post(note, "amend", reason="  ")).json()["code"] == "reason_missing"
    new = await ward.amend(note)
    assert (await ward.post(note, "amend", reason="again")).json()["code"] == "amendment_open"
    assert (await ward.post(note, "withdraw", reason="wrong")).json()["code"] == "amendment_open"
    review = await ward.post(new, "review", text=FIRST, revision="1", window=WINDOW)
    sha = re.search(r'name="text_sha256" value="([0-9a-f]{64})"', review.text)
    assert sha
    same = await ward.post(new, "sign", text_sha256=sha[1], confirmed="true")
    assert same.json()["code"] == "nothing_amended"
    assert await ward.file(new) is Outcome.NOTHING_TO_DO


async def test_a_discarded_amendment_makes_room_and_does_not_come_back_beside_another(ward: Ward) -> None:
    note = await ward.filed()
    first = await ward.amend(note)
    assert "Take it back" in (await ward.post(first, "discard")).text
    second = await ward.amend(note, "Another reason")
    assert (await ward.post(first, "take-back")).json()["code"] == "other_version"
    await ward.post(second, "discard")
    assert (await ward.post(first, "take-back")).status_code == 200
    assert ward.states() == ["FILED", "DRAFTED", "DISCARDED"]


async def test_what_was_changed_in_the_emr_is_not_written_over(ward: Ward) -> None:
    old = await ward.filed()
    new = await ward.amend(old)
    await ward.sign(new, SECOND)
    theirs = ward.document(old)
    theirs["content"][0]["attachment"]["data"] = base64.b64encode(b"Written by hand there.").decode()
    ward.browser.emr.changed(theirs)
    assert await ward.file(new) is Outcome.FAILED
    assert text_of(ward.document(old)) == "Written by hand there."
    assert ward.document(old)["status"] == "current"
    assert not [one for one in ward.browser.emr.all("DocumentReference") if _is_of(one, new)]
    status = (await ward.browser.client.get(f"/notes/drafts/{new}/status", headers=ENGLISH)).text
    assert "changed_in_emr" in status


async def test_somebody_faster_in_the_emr_makes_the_worker_look_again(ward: Ward) -> None:
    old = await ward.filed()
    new = await ward.amend(old)
    await ward.sign(new, SECOND)
    ward.browser.emr.before_transaction = lambda: ward.browser.emr.changed(
        {**ward.document(old), "description": "filed in folder 7"}
    )
    assert await ward.file(new) is Outcome.PUT_OFF
    assert not [one for one in ward.browser.emr.all("DocumentReference") if _is_of(one, new)]
    ward.due()
    assert await ward.file(new) is Outcome.FILED
    assert (ward.document(old)["description"], ward.document(old)["status"]) == ("filed in folder 7", "superseded")


@pytest.mark.parametrize("profile", [EVERYTHING, Profile(transactions=False)])
async def test_a_withdrawn_note_is_entered_in_error_in_the_emr(ward: Ward, profile: Profile) -> None:
    note = await ward.filed(profile=profile)
    answer = await ward.post(note, "withdraw", reason="Wrong patient's ward round")
    assert "Withdrawn, the EMR is being told" in answer.text
    assert ward.document(note)["docStatus"] == "final"
    assert await ward.file(note, profile) is Outcome.STRUCK
    assert await ward.file(note, profile) is Outcome.NOTHING_TO_DO
    document = ward.document(note)
    assert (document["status"], document["docStatus"]) == ("entered-in-error", "entered-in-error")
    assert [one["status"] for one in ward.browser.emr.all("Composition")] == ["entered-in-error"] * (
        profile is EVERYTHING
    )
    assert codes(ward.browser.emr.all("Provenance")) == ["LA", "NULLIFY"]
    said = ward.browser.emr.all("Provenance")[-1]
    assert said["reason"] == [{"text": "Wrong patient's ward round"}]
    page = html.unescape((await ward.browser.client.get(f"/notes/drafts/{note}", headers=ENGLISH)).text)
    assert "Withdrawn: entered in error" in page
    assert "Wrong patient's ward round" in page
    sealed = rows(ward.settings.database_url, "SELECT withdrawn_reason FROM note_draft")[0][0]
    assert b"patient" not in bytes(sealed)  # type: ignore[call-overload]
    assert (await ward.post(note, "amend", reason="x")).json()["code"] == "wrong_state"


async def test_a_lost_answer_of_a_withdrawal_says_it_once(ward: Ward) -> None:
    note = await ward.filed()
    await ward.post(note, "withdraw", reason="wrong")
    ward.browser.emr.lost_answers = {ward.browser.emr.transactions + 1}
    assert await ward.file(note) is Outcome.PUT_OFF
    ward.due()
    assert await ward.file(note) is Outcome.STRUCK
    assert codes(ward.browser.emr.all("Provenance")) == ["LA", "NULLIFY"]


async def test_a_note_withdrawn_before_it_is_filed_never_comes_to_the_emr(ward: Ward) -> None:
    note = await ward.browser.new_draft()
    await ward.sign(note, FIRST)
    await ward.post(note, "withdraw", reason="wrong")
    assert await ward.file(note) is Outcome.STRUCK
    assert not [one for one in ward.browser.emr.all("DocumentReference") if _is_of(one, note)]
    assert ward.states() == ["ENTERED_IN_ERROR"]


async def test_a_note_withdrawn_while_it_is_filed_does_not_stay(ward: Ward) -> None:
    note = await ward.browser.new_draft()
    await ward.sign(note, FIRST)
    withdrawal: list[asyncio.Task[Any]] = []
    ward.browser.emr.before_transaction = lambda: withdrawal.append(
        asyncio.get_running_loop().create_task(ward.post(note, "withdraw", reason="wrong"))
    )
    first = asyncio.create_task(ward.file(note))
    while not withdrawal:
        await asyncio.sleep(0.001)
    outcomes = [await first]
    await withdrawal[0]
    while ward.states() != ["ENTERED_IN_ERROR"]:
        outcomes.append(await ward.file(note))
        assert len(outcomes) < 5, outcomes
    assert outcomes[-1] is Outcome.STRUCK
    assert ward.document(note)["docStatus"] == "entered-in-error"


async def test_an_emr_that_takes_no_update_needs_a_person(ward: Ward) -> None:
    profile = Profile(updates=False)
    note = await ward.filed(profile=profile)
    await ward.post(note, "withdraw", reason="wrong")
    assert await ward.file(note, profile) is Outcome.FAILED
    assert ward.states() == ["WITHDRAWAL_FAILED"]
    page = (await ward.browser.client.get(f"/notes/drafts/{note}", headers=ENGLISH)).text
    assert "the EMR did not accept that" in page
    await ward.post(note, "retry")
    assert await ward.file(note) is Outcome.STRUCK


async def test_a_discarded_draft_can_be_taken_back_and_not_be_signed_before(ward: Ward) -> None:
    note = await ward.browser.new_draft()
    before = {"text": "x", "revision": "1", "window": WINDOW}
    assert "This draft is discarded" in (await ward.post(note, "discard")).text
    for action, fields in (("text", before), ("review", before), ("sign", {"text_sha256": "0" * 64}), ("discard", {})):
        assert (await ward.post(note, action, **fields)).json()["code"] == "wrong_state"
    assert "note-unsigned" in (await ward.post(note, "take-back")).text
    assert ward.states() == ["DRAFTED"]
    assert (await ward.post(note, "text", **before)).json()["code"] == "draft_changed"
    await ward.sign(note, FIRST)


async def test_no_step_for_another_patient_s_or_clinician_s_note(ward: Ward) -> None:
    note = await ward.filed()
    ward.browser.emr.put({"resourceType": "Patient", "id": "p2"})
    ward.browser.emr.patient, ward.browser.emr.encounter = "p2", ""
    await ward.browser.launch()
    for action, fields in (
        ("discard", {}),
        ("take-back", {}),
        ("amend", {"reason": "x"}),
        ("withdraw", {"reason": "x"}),
    ):
        assert (await ward.post(note, action, **fields)).json()["code"] == "no_such_note"
    for page in ("versions", "record"):
        assert (await ward.browser.client.get(f"/notes/drafts/{note}/{page}")).json()["code"] == "no_such_note"


CHANGES_THERE: list[tuple[Json, str]] = [
    ({}, "same_signed"),
    ({"docStatus": "preliminary"}, "same_unsigned"),
    ({"status": "superseded"}, "superseded"),
    ({"docStatus": "entered-in-error"}, "struck"),
    ({"content": []}, "other_text"),
    ({"subject": {"reference": "Patient/p2"}}, "absent"),
]


async def test_a_note_is_read_back_from_the_emr(ward: Ward) -> None:
    note = await ward.filed()
    document = ward.document(note)
    for change, standing in CHANGES_THERE:
        ward.browser.emr.put({**document, **change})
        shown = (await ward.browser.client.get(f"/notes/drafts/{note}/record", headers=ENGLISH)).text
        assert f'data-standing="{standing}"' in shown


async def test_a_text_that_was_signed_in_the_emr_by_hand_is_found(ward: Ward) -> None:
    note = await ward.browser.new_draft()
    url = f"/notes/drafts/{note}/record"
    assert 'data-standing="absent"' in (await ward.browser.client.get(url)).text
    data = base64.b64encode(b"Heart rate 99 bpm.\r\n").decode()
    ward.browser.emr.put(
        {
            "resourceType": "DocumentReference",
            "id": "by-hand",
            "status": "current",
            "docStatus": "final",
            "subject": {"reference": "Patient/p1"},
            "authenticator": {"display": "Dr. Hand"},
            "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
        }
    )
    shown = (await ward.browser.client.get(url, headers=ENGLISH)).text
    assert 'data-standing="same_signed"' in shown
    assert "Dr. Hand" in shown
