"""What the adapter relies on of GNU Health. `make test` asks the fake, `make test-gnuhealth` the real one."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import pytest

from hospital_hub.embedded.ports import LOOPBACK, next_free_port
from integrations.fhir.validation import validate
from integrations.gnuhealth import evaluations
from integrations.gnuhealth.client import Account, Server, Session, logged_in
from integrations.gnuhealth.errors import Fault, GnuHealthFault
from integrations.gnuhealth.evaluations import Draft, State, Urgency
from integrations.gnuhealth.patients import patient_by_id, patient_by_number
from tests.gnuhealth.subject import HUB, Subject

pytestmark = pytest.mark.timeout(300, func_only=True)  # the first start of a real server is not counted
TEXT = "胸痛 2 小时。\nChest pain for 2 hours, no fever."
_numbers = itertools.count(1)


@pytest.fixture
async def patient(session: Session, his: Subject) -> int:
    return int((await patient_by_number(session, his.puid))["id"])


@pytest.fixture
def draft(patient: int, his: Subject) -> Draft:
    return Draft(f"urn:test:{next(_numbers)}", patient, his.professional, Urgency.URGENT, TEXT, "a draft")


def fault_of(caught: pytest.ExceptionInfo[GnuHealthFault]) -> Fault:
    return caught.value.fault


async def test_a_patient_comes_as_a_valid_fhir_patient(session: Session, his: Subject) -> None:
    found = await patient_by_number(session, his.puid)
    validate(found)
    assert found["identifier"] == [{"system": f"{his.base}/puid", "value": his.puid}]
    assert found["name"] == [{"use": "official", "family": "Betz", "given": ["Ana"]}]
    assert (found["gender"], found["birthDate"], found["active"]) == ("female", "1985-10-04", True)
    assert await patient_by_id(session, int(found["id"])) == found


async def test_an_unknown_number_is_nobody(session: Session) -> None:
    with pytest.raises(GnuHealthFault) as caught:
        await patient_by_number(session, "NOBODY000")
    assert fault_of(caught) is Fault.NO_PATIENT


@pytest.mark.parametrize(
    ("server", "account", "fault"),
    [
        (lambda there: there, Account(HUB.login, "another password"), Fault.LOGIN),
        (lambda there: there, Account("nobody", "a password"), Fault.LOGIN),
        (lambda there: Server(f"{there.base}-of-yesterday"), HUB, Fault.NO_DATABASE),
        (lambda _: Server(f"http://{LOOPBACK}:{next_free_port(39_000)}/health"), HUB, Fault.UNREACHABLE),
    ],
    ids=["password", "name", "database", "down"],
)
async def test_a_door_that_stays_shut_says_why(
    http: aiohttp.ClientSession, his: Subject, server: Callable[[Server], Server], account: Account, fault: Fault
) -> None:
    with pytest.raises(GnuHealthFault) as caught:
        async with logged_in(http, server(his.server), account=account):
            pass
    assert fault_of(caught) is fault


async def test_a_session_ends_with_its_block(http: aiohttp.ClientSession, his: Subject) -> None:
    async with logged_in(http, his.server, account=HUB) as session:
        pass
    with pytest.raises(GnuHealthFault) as caught:
        await patient_by_number(session, his.puid)
    assert fault_of(caught) is Fault.LOGIN


async def test_a_draft_stands_there_once(session: Session, draft: Draft, his: Subject) -> None:
    made = await evaluations.create(session, draft)
    again = await evaluations.create(session, replace(draft, text="Something else."))
    assert made == again
    assert (made.text, made.urgency, made.state) == (TEXT, Urgency.URGENT, State.IN_PROGRESS)
    assert (made.signed_by, made.ended_at, made.altered) == (None, None, False)
    stored = his.rows(draft.code)
    assert (stored["evaluation_summary"], stored["urgency"], stored["state"]) == (TEXT, "b", "in_progress")


async def test_two_who_write_it_at_once_make_one(session: Session, draft: Draft) -> None:
    found = await asyncio.gather(*(evaluations.create(session, draft) for _ in range(4)))
    assert len({one.id for one in found}) == 1


async def test_an_urgency_that_is_not_known_stays_open(session: Session, draft: Draft, his: Subject) -> None:
    await evaluations.create(session, replace(draft, urgency=None))
    assert his.rows(draft.code)["urgency"] is None


@pytest.mark.parametrize(
    ("changes", "fault"), [({"patient": 999_999}, Fault.NO_PATIENT), ({"author": 999_999}, Fault.REFUSED)]
)
async def test_a_draft_for_or_by_nobody_is_refused_by_name(
    session: Session, draft: Draft, changes: dict[str, int], fault: Fault
) -> None:
    with pytest.raises(GnuHealthFault) as caught:
        await evaluations.create(session, replace(draft, **changes))
    assert fault_of(caught) is fault


async def test_an_evaluation_that_is_not_there(session: Session) -> None:
    assert await evaluations.find(session, "urn:test:none") is None
    with pytest.raises(GnuHealthFault) as caught:
        await evaluations.read(session, 999_999)
    assert fault_of(caught) is Fault.NO_EVALUATION


async def test_a_text_is_replaced_unless_somebody_was_faster(session: Session, draft: Draft) -> None:
    first = await evaluations.create(session, draft)
    second = await evaluations.rewrite(session, first, draft=replace(draft, text="Second."))
    assert (second.id, second.text) == (first.id, "Second.")
    with pytest.raises(GnuHealthFault) as caught:
        await evaluations.rewrite(session, first, draft=replace(draft, text="Third."))
    assert fault_of(caught) is Fault.CHANGED
    assert (await evaluations.read(session, first.id)).text == "Second."


async def test_only_a_health_professional_ends_an_evaluation(session: Session, draft: Draft, his: Subject) -> None:
    made = await evaluations.create(session, draft)
    with pytest.raises(GnuHealthFault) as caught:
        await session.call(evaluations.MODEL, "end_evaluation", [made.id])
    assert fault_of(caught) is Fault.REFUSED
    assert "Betz" not in str(caught.value)
    assert his.rows(draft.code)["state"] == "in_progress"


async def test_its_own_workflow_signs_and_then_nothing_is_written(
    http: aiohttp.ClientSession, session: Session, draft: Draft, his: Subject
) -> None:
    made = await evaluations.create(session, draft)
    await his.as_doctor(http, "end_evaluation", [made.id])
    done = await evaluations.read(session, made.id)
    assert (done.state, done.signed_by) == (State.DONE, his.professional)
    await his.as_doctor(http, "sign_evaluation", [made.id])
    signed = await evaluations.read(session, made.id)
    assert (signed.state, signed.signer, signed.altered) == (State.SIGNED, "Cordara, Cameron", False)
    assert signed.ended_at is not None
    for closed in (done, signed):
        with pytest.raises(GnuHealthFault) as caught:
            await evaluations.rewrite(session, closed, draft=replace(draft, text="Late."))
        assert fault_of(caught) is Fault.CLOSED
    assert his.rows(draft.code)["evaluation_summary"] == TEXT


async def test_its_digest_covers_the_text_and_the_urgency(
    http: aiohttp.ClientSession, session: Session, draft: Draft, his: Subject
) -> None:
    """Why the note stands in evaluation_summary and not in notes."""
    found = {}
    for field, value in (("evaluation_summary", "Another."), ("urgency", "a"), ("notes", "Another.")):
        made = await evaluations.create(session, replace(draft, code=f"{draft.code}:{field}"))
        await his.sign(http, made.id)
        await his.as_doctor(http, "write", [made.id], {field: value})
        found[field] = (await evaluations.read(session, made.id)).altered
    assert found == {"evaluation_summary": True, "urgency": True, "notes": False}
