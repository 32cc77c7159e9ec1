"""A note for a patient of GNU Health: from there, back there, signed there, final here; and nothing else is final."""

import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest

from hospital_hub.clinical.levels import Level
from hospital_hub.embedded.ports import LOOPBACK, next_free_port
from hospital_hub.errors import HubError
from hospital_hub.notes.draft import State, text_hash
from hospital_hub.notes.handing_over import NewNote, Outcome, begin, finalise, hand_over, patient
from hospital_hub.notes.signed_there import code_of
from hospital_hub.notes.store import Kept, load_for_filing
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from integrations.gnuhealth import evaluations
from integrations.gnuhealth.client import Session
from tests.fixtures.hub import rows
from tests.gnuhealth.subject import Subject

pytestmark = pytest.mark.timeout(300, func_only=True)  # the first start of a real server is not counted
TEXT = "Chest pain for 2 hours.\n血压 150/90 mmHg。"


@dataclass(frozen=True)
class Note:
    """One note on its way."""

    id: uuid.UUID
    resources: Resources
    his: Subject
    session: Session
    http: aiohttp.ClientSession

    async def kept(self) -> Kept:
        async with self.resources.database.work() as work:
            return await load_for_filing(work, self.resources, identifier=self.id)

    async def send(self, level: Level | None = Level.II) -> str:
        return await hand_over(self.resources, self.id, level=level)

    async def finalise(self) -> Outcome:
        return await finalise(self.resources, self.id)

    async def number(self) -> int:
        found = await evaluations.find(self.session, code_of(self.id))
        assert found is not None
        return found.id

    async def sign(self) -> None:
        await self.his.sign(self.http, await self.number())

    async def write(self, text: str) -> None:
        """The doctor changes the text there."""
        await self.his.as_doctor(self.http, "write", [await self.number()], {"evaluation_summary": text})

    def there(self) -> dict[str, object]:
        return self.his.rows(code_of(self.id))


@pytest.fixture
async def note(resources: Resources, his: Subject, session: Session, http: aiohttp.ClientSession) -> Note:
    wanted = NewNote(his.puid, his.professional, TEXT, "en")
    return Note(await begin(resources, wanted, now=utc_now()), resources, his, session, http)


async def refusal(step: object) -> HubError:
    with pytest.raises(HubError) as caught:
        await step  # type: ignore[misc]
    return caught.value


async def test_the_whole_way(note: Note, settings: Settings) -> None:
    name = await note.send()
    there = note.there()
    assert (there["evaluation_summary"], there["urgency"], there["state"]) == (TEXT, "c", "in_progress")
    assert await note.finalise() is Outcome.WAITING
    assert (await note.kept()).draft.state is State.DRAFTED

    await note.his.as_doctor(note.http, "end_evaluation", [await note.number()])
    assert await note.finalise() is Outcome.WAITING
    await note.his.as_doctor(note.http, "sign_evaluation", [await note.number()])
    assert await note.finalise() is Outcome.FINAL
    assert await note.finalise() is Outcome.FINAL

    draft, there = (await note.kept()).draft, note.there()
    assert (draft.state, draft.resource, draft.fault) == (State.FILED, name, "")
    assert draft.signature is not None
    assert draft.signature.name == "Cordara, Cameron"
    assert draft.signature.by == f"{note.his.base}|Practitioner/{note.his.professional}"
    assert draft.signature.sha256 == text_hash(str(there["evaluation_summary"]))
    assert (there["state"], there["signed_by"]) == ("signed", note.his.professional)
    told = rows(settings.database_url, "SELECT deed, entity, detail->>'sha256' FROM audit_event ORDER BY id")
    ours = f"note_draft/{note.id}"
    assert told == [
        ("READ", "Patient in GNU Health", None),
        ("CREATE", ours, None),
        ("FILE", name, text_hash(TEXT)),
        ("SIGN", ours, None),
        ("READ", ours, None),
    ]


async def test_it_is_sent_once_however_often(note: Note) -> None:
    assert {await note.send() for _ in range(3)} == {f"{evaluations.MODEL}/{await note.number()}"}


async def test_a_new_level_replaces_the_old_one(note: Note) -> None:
    for level, urgency in ((None, None), (Level.IV, "a"), (Level.III, "b"), (Level.I, "c")):
        await note.send(level)
        assert note.there()["urgency"] == urgency


async def test_the_reader_there_is_told_that_it_is_a_draft(note: Note) -> None:
    await note.send()
    found = await evaluations.find(note.session, code_of(note.id))
    assert found is not None
    assert "nobody answers for it until it is signed" in found.origin
    assert "no AI" in found.origin


async def test_a_text_changed_before_the_signature_is_found(note: Note) -> None:
    await note.send()
    await note.write("Chest pain for 3 hours.")
    await note.sign()
    wrong = await refusal(note.finalise())
    kept = await note.kept()
    assert (wrong.code, kept.draft.state, kept.draft.fault) == ("other_text", State.DRAFTED, "other_text")
    assert kept.draft.signature is None


@pytest.mark.parametrize("past_its_code", [False, True], ids=["written", "in the database"])
@pytest.mark.parametrize("was_final", [False, True], ids=["before", "after"])
async def test_a_text_changed_after_the_signature_is_found(note: Note, past_its_code: bool, was_final: bool) -> None:
    await note.send()
    await note.sign()
    if was_final:
        assert await note.finalise() is Outcome.FINAL
    if past_its_code:
        note.his.tamper(code_of(note.id), TEXT.replace("2 hours", "3 hours"))
    else:
        await note.write(TEXT.replace("2 hours", "3 hours"))
    wrong = await refusal(note.finalise())
    assert wrong.code == "altered_there"
    assert (await note.kept()).draft.fault == "altered_there"


async def test_a_text_put_back_is_final_after_all(note: Note) -> None:
    await note.send()
    await note.sign()
    await note.write("Something else.")
    assert (await refusal(note.finalise())).code == "altered_there"
    await note.write(TEXT)
    assert await note.finalise() is Outcome.FINAL
    assert (await note.kept()).draft.fault == ""


async def test_a_signature_of_nobody_does_not_count(note: Note) -> None:
    """Tryton takes the second step of the workflow without the first."""
    await note.send()
    await note.his.as_doctor(note.http, "sign_evaluation", [await note.number()])
    assert (await refusal(note.finalise())).code == "signed_by_nobody"


async def test_what_a_doctor_wrote_there_is_not_overwritten(note: Note) -> None:
    await note.send()
    await note.write("The doctor's own words.")
    assert (await refusal(note.send(Level.I))).code == "gnuhealth_changed"
    assert note.there()["evaluation_summary"] == "The doctor's own words."


async def test_a_signed_evaluation_takes_nothing_more(note: Note) -> None:
    await note.send(Level.III)
    await note.sign()
    assert (await refusal(note.send(Level.I))).code == "gnuhealth_closed"
    assert note.there()["urgency"] == "b"


async def test_a_note_that_was_never_sent_is_not_waited_for(note: Note) -> None:
    assert (await refusal(note.finalise())).code == "gnuhealth_no_evaluation"


async def test_a_note_of_another_system_is_not_sent_there(note: Note, settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"gnuhealth_url": "https://other.example/health"})
    other = replace(note, resources=replace(note.resources, settings=elsewhere))
    assert (await refusal(other.send())).code == "no_such_note"
    assert (await refusal(other.finalise())).code == "no_such_note"


@pytest.mark.parametrize(
    ("changes", "number", "code"),
    [
        ({}, "NOBODY000", "gnuhealth_no_patient"),
        ({"gnuhealth_login": "nobody"}, "", "gnuhealth_log_in"),
        ({"gnuhealth_url": f"http://{LOOPBACK}:{next_free_port(39_100)}/health"}, "", "gnuhealth_away"),
        ({"gnuhealth_url": ""}, "", "no_gnuhealth"),
        ({"gnuhealth_password_file": None}, "", "no_gnuhealth_password"),
        ({"gnuhealth_password_file": Path("/nonexistent/file")}, "", "no_gnuhealth_password"),
    ],
    ids=["patient", "log-in", "down", "off", "no password", "lost password"],
)
async def test_each_failure_has_its_name_and_a_sentence(
    settings: Settings, his: Subject, changes: dict[str, object], number: str, code: str
) -> None:
    async with open_resources(settings.model_copy(update=changes)) as resources:
        wrong = await refusal(patient(resources, number or his.puid))
    assert wrong.code == code
    assert wrong.message.endswith(".")
    assert wrong.next_step.endswith(".")
