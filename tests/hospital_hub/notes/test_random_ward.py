"""Random deeds through the service, the store and the worker, with the real database and an EMR that fails at times."""

import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import pytest

from hospital_hub.errors import HubError, NotFound
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ask import Models
from hospital_hub.notes import corrections, filing, service
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.document import text_hashes
from hospital_hub.notes.draft import Basis, text_hash, written
from hospital_hub.notes.emr_profile import EVERYTHING
from hospital_hub.notes.launch import LaunchContext
from hospital_hub.notes.service import Approval
from hospital_hub.notes.states import UNSIGNED
from hospital_hub.notes.store import Wish, facts_json, keep, load, seal
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from integrations.smart.backend import BackendTokens
from tests.fakes.fhir import FakeEmr
from tests.fixtures.hub import rows

WORDS = ("Pneumonia.", "Better.", "Worse.")
DEEDS_A_WARD = 60


@dataclass
class Ward:
    """Two clinicians at two charts; `shown` and `signed` are hashes by note."""

    worker: Resources
    tokens: BackendTokens
    emr: FakeEmr
    url: str
    dice: Random
    notes: dict[uuid.UUID, Desk] = field(default_factory=dict)
    shown: set[tuple[uuid.UUID, str]] = field(default_factory=set)
    signed: set[str] = field(default_factory=set)

    def desk(self, who: str, patient: str) -> Desk:
        context = LaunchContext(self.emr.base, "t", 0, patient, "", "Practitioner/dr-1", need_patient_banner=False)
        principal = Principal(f"emr|{who}", Role.CLINICIAN, who, session_id=uuid.uuid4())
        return Desk(self.worker, cast("Models", None), principal, context)

    async def asks(self) -> None:
        desk = self.desk(self.dice.choice(("u1", "u2")), self.dice.choice(("p1", "p2")))
        note = await service.ask_for_draft(desk, wish=Wish("progress"), now=utc_now())
        async with self.worker.database.work() as session:
            kept = await load(session, desk, identifier=note, lock=True)
            for column, text in (("ai_text", WORDS[0]), ("facts", facts_json([]))):
                setattr(kept.row, column, await seal(session, self.worker.vault, kept=kept, column=column, text=text))
            kept.row.language, kept.row.tier, kept.row.weights = "en", "r1-70b", "weights"
            kept.row.prompt_version, kept.row.policy = "notes/progress_note@1", "2026-11"
            await keep(session, self.worker.vault, kept=kept, draft=written(kept.draft, WORDS[0]))
        self.notes[note] = desk

    async def deed(self, note: uuid.UUID, desk: Desk) -> None:
        dice, now = self.dice, utc_now()
        match dice.randrange(12):
            case 0 | 1:
                kept = await service.show(desk, note)
                revision = max(kept.draft.revision - dice.randrange(2), 0)
                basis = Basis(revision, dice.choice(("w1", "w2")))
                await service.edit(desk, note, text=dice.choice(WORDS), basis=basis)
            case 2 | 3 | 4:
                kept = await service.show(desk, note)
                sha = text_hash(kept.draft.text)
                self.shown.add((note, sha))
                await service.sign(desk, note, approval=Approval(sha, confirmed=True), now=now)
                self.signed.add(sha)
            case 5:
                stale = [sha for one, sha in sorted(self.shown) if one == note]
                if stale:
                    await service.sign(desk, note, approval=Approval(stale[0], confirmed=True), now=now)
            case 6:
                await corrections.discard(desk, note)
            case 7:
                await corrections.take_back(desk, note)
            case 8 | 9:
                self.notes[await corrections.amend(desk, note, reason="side", now=now)] = desk
            case 10:
                await corrections.withdraw(desk, note, reason="wrong", now=now)
            case _:
                await service.retry(desk, note)

    async def works(self, note: uuid.UUID) -> None:
        rows(self.url, "WITH due AS (UPDATE outbox SET run_after = now() RETURNING 1) SELECT count(*) FROM due")
        self.emr.status = self.dice.choice((0, 0, 0, 0, 503, 403))
        if self.dice.random() < 0.2:
            self.emr.lost_answers.add(self.emr.transactions + 1)
        await filing.step(self.worker, self.tokens, identifier=note, profile=EVERYTHING)
        self.emr.status = 0

    async def holds(self) -> None:
        """What an outside reader of the EMR finds, and what a stranger finds in the hub."""
        documents = [one for one in self.emr.all("DocumentReference") if "identifier" in one]
        for one in documents:
            assert text_hashes(one)[0] in self.signed
        names = [one["identifier"][0]["value"] for one in documents]
        assert len(names) == len(set(names))
        targets = [
            one["target"][0]["reference"]
            for one in self.emr.all("Provenance")
            if one["activity"]["coding"][0]["code"] == "LA"
        ]
        assert len(targets) == len(set(targets))
        for note, desk in self.notes.items():
            kept = await service.show(desk, note)
            signature = kept.draft.signature
            assert (signature is None) is (kept.draft.state in UNSIGNED)
            assert signature is None or (note, signature.sha256) in self.shown
            if kept.draft.state in UNSIGNED:
                assert f"urn:uuid:{note}" not in names
            other = "p2" if desk.context.patient == "p1" else "p1"
            with pytest.raises(NotFound):
                await service.show(self.desk(desk.who.display_name, other), note)


@pytest.fixture
def ward(resources: Resources, settings: Settings, emr: FakeEmr) -> Any:  # noqa: ANN401 - Ward by seed
    tokens = BackendTokens(jti=new_token, clock=time.time)
    return lambda seed: Ward(resources, tokens, emr, settings.database_url, Random(seed))  # noqa: S311 - no secret


async def test_a_ward_of_random_deeds_leaks_nothing(
    ward: Any,  # noqa: ANN401 - Ward by seed
    seed: int,
    pytestconfig: pytest.Config,
) -> None:
    many = 10 if pytestconfig.getoption("--chaos-seeds") > 1 else 1
    for number in range(many):
        one = ward(seed * 100 + number)
        for _ in range(3):
            await one.asks()
        for _ in range(DEEDS_A_WARD):
            note, desk = one.dice.choice(sorted(one.notes.items(), key=lambda item: item[0]))
            with suppress(HubError):
                await (one.works(note) if one.dice.random() < 0.4 else one.deed(note, desk))
        await one.holds()
        states = {str(state) for (state,) in rows(one.url, "SELECT DISTINCT state FROM note_draft")}
        assert states & {"FILED", "AMENDED", "ENTERED_IN_ERROR"}, states
