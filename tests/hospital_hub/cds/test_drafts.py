"""A clinician's own unsigned drafts stand in the cards; signed ones, other people's and other patients' do not."""

import json
import uuid
from dataclasses import asdict
from typing import Any

import pytest
import pytest_asyncio

from hospital_hub.emr import subject_of
from hospital_hub.notes.draft import State
from hospital_hub.notes.states import OPEN
from hospital_hub.notes.store import About
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.resources import Resources
from hospital_hub.storage.vault import Place
from tests.hospital_hub.cds.conftest import Caller

DRAFT = uuid.uuid4()
OWN = "Practitioner/d1"


@pytest_asyncio.fixture
async def drafts(caller: Caller, resources: Resources) -> None:
    vault, issuer = resources.vault, caller.emr.fhir
    wanted = [
        (DRAFT, "p1", OWN, State.DRAFTED),
        *((uuid.uuid4(), "p1", OWN, state) for state in State if state not in OPEN),
        (uuid.uuid4(), "p1", "Practitioner/d2", State.DRAFTED),
        (uuid.uuid4(), "p2", OWN, State.DRAFTED),
    ]
    async with resources.database.work() as session:
        for identifier, patient, author, state in wanted:
            place = Place("note_draft", "about", str(identifier))
            text = json.dumps(asdict(About(patient, "e1", author)))
            about = await vault.seal(session, subject=f"note_draft/{identifier}", place=place, text=text)
            row = NoteDraft(
                id=identifier,
                issuer=issuer,
                subject=vault.blind(subject_of(issuer, patient)),
                about=about,
                author=f"{issuer}|{author}",
                author_name="Dr Demo",
                state=state,
                series=identifier,
            )
            session.add(row)


def of_topic(cards: list[dict[str, Any]], topic: str) -> list[dict[str, Any]]:
    return [one for one in cards if one["source"]["topic"]["code"] == topic]


async def test_patient_view_names_the_draft_and_leads_to_it(caller: Caller, drafts: None) -> None:
    (card,) = of_topic(await caller.cards("patient-view"), "drafts")
    assert card["summary"] == "1 unsigned draft(s) of yours for this patient"
    assert card["detail"].count("Draft of ") == 1
    assert "not part of the record before it is signed" in card["detail"]
    (link,) = card["links"]
    assert json.loads(link["appContext"]) == {"hub": "cds", "hook": "patient-view", "draft": str(DRAFT)}


@pytest.mark.parametrize("user", ["Practitioner/d3", "PractitionerRole/d1"])
async def test_nobody_is_told_of_another_clinicians_draft(caller: Caller, drafts: None, user: str) -> None:
    context = {"userId": user, "patientId": "p1", "encounterId": "e1"}
    assert of_topic(await caller.cards("patient-view", context=context), "drafts") == []
    (card,) = of_topic(await caller.cards("encounter-discharge", context=context), "summary")
    assert "draft" not in json.loads(card["links"][0]["appContext"])


async def test_a_draft_whose_ids_were_erased_is_nobodys(caller: Caller, drafts: None, resources: Resources) -> None:
    async with resources.database.work() as session:
        await resources.vault.erase(session, subject=f"note_draft/{DRAFT}")
    assert of_topic(await caller.cards("patient-view"), "drafts") == []


async def test_discharge_asks_to_check_the_draft(caller: Caller, drafts: None) -> None:
    (card,) = of_topic(await caller.cards("encounter-discharge"), "summary")
    assert card["summary"] == "1 unsigned draft(s) of yours: check before discharge"
    assert json.loads(card["links"][0]["appContext"])["draft"] == str(DRAFT)
