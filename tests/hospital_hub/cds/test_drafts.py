"""The hub's own unsigned drafts stand in the cards; signed ones and those of other patients do not."""

import json
import uuid

import pytest_asyncio

from hospital_hub.emr import subject_of
from hospital_hub.notes.draft import State
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.resources import Resources
from tests.hospital_hub.cds.conftest import Caller

DRAFT = uuid.uuid4()


@pytest_asyncio.fixture
async def drafts(caller: Caller, resources: Resources) -> None:
    def draft(identifier: uuid.UUID, patient: str, state: State) -> NoteDraft:
        return NoteDraft(
            id=identifier,
            issuer=caller.emr.fhir,
            subject=resources.vault.blind(subject_of(caller.emr.fhir, patient)),
            about=b"sealed",
            author="someone",
            author_name="Dr Demo",
            state=state,
        )

    async with resources.database.work() as session:
        session.add(draft(DRAFT, "p1", State.DRAFT))
        for state in (State.WRITING, State.SIGNED, State.FILED):
            session.add(draft(uuid.uuid4(), "p1", state))
        session.add(draft(uuid.uuid4(), "p2", State.DRAFT))


async def test_patient_view_names_the_draft_and_leads_to_it(caller: Caller, drafts: None) -> None:
    cards = await caller.cards("patient-view")
    (card,) = [one for one in cards if one["source"]["topic"]["code"] == "drafts"]
    assert card["summary"] == "1 unsigned draft(s) of the hub for this patient"
    assert "Draft for Dr Demo" in card["detail"]
    assert "not part of the record before it is signed" in card["detail"]
    (link,) = card["links"]
    assert json.loads(link["appContext"]) == {"hub": "cds", "hook": "patient-view", "draft": str(DRAFT)}


async def test_discharge_asks_to_check_the_draft(caller: Caller, drafts: None) -> None:
    cards = await caller.cards("encounter-discharge")
    (card,) = [one for one in cards if one["source"]["topic"]["code"] == "summary"]
    assert card["summary"] == "1 unsigned draft(s) of the hub: check before discharge"
    assert json.loads(card["links"][0]["appContext"])["draft"] == str(DRAFT)
