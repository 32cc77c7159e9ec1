"""What a person at the kiosk can do: tell a complaint, call a nurse, look at her own case.

Rules run before anything is stored or asked; a case is on the board the moment it is told, whatever a model does.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed
from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.red_flags import Rule, load_rules
from hospital_hub.clinical.text import Language, language_of
from hospital_hub.errors import NotFound, Refused, TooLong
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.storage.ids import new_id
from hospital_hub.triage import conversation
from hospital_hub.triage.conversation import NewTurn
from hospital_hub.triage.interview_steps import Step, conclude, go_on, hear
from hospital_hub.triage.live import announce
from hospital_hub.triage.tables import AnswerState, Interview, Speaker, TriageCase, TriageTicket, language_of_case

LONGEST: Final = 4000  # characters of a complaint
HOSPITAL_TIME: Final = ZoneInfo("Asia/Shanghai")
_NUMBERS: Final = 999


@dataclass(frozen=True)
class Complaint:
    """As typed; `page_language` stands where the words do not tell."""

    text: str
    with_ai: bool
    page_language: Language

    @property
    def language(self) -> Language:
        return language_of(self.text, default=self.page_language)


@dataclass(frozen=True)
class Told:
    """A case as the kiosk may know it. The level is for nurses; the kiosk shows the hand-over, not the level.

    `coming` once a nurse has acknowledged it.
    """

    id: uuid.UUID
    number: str
    language: Language
    level: Level | None
    flags: tuple[dict[str, Any], ...]
    answer_state: AnswerState
    called: bool
    coming: bool = False

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that fired, each once, most urgent first."""
        return load_rules().named(flag["rule"] for flag in self.flags)

    @property
    def company(self) -> bool:
        """Whether somebody should stay with the person."""
        return any(rule.manner == "company" for rule in self.rules)


def checked(text: str) -> str:
    """The complaint without blanks around it.

    Raises:
        Refused: there are no words. TooLong: there are too many.
    """
    words = text.replace("\x00", "").strip()
    if not words:
        raise Refused(
            "There are no words in your description.", "Write what is wrong, or call a nurse.", code="empty_text"
        )
    if len(words) > LONGEST:
        raise TooLong("Your description is too long.", "Shorten it to 4000 characters, or tell the nurse.")
    return words


async def tell(resources: Resources, who: Principal, *, complaint: Complaint, now: datetime) -> Told:
    """Find danger, then store case, words and audit event in one transaction; the board hears of it on commit.

    A complaint without danger begins an interview, with and without AI.
    """
    words = checked(complaint.text)
    case = _case(who, language=complaint.language, now=now)
    case.with_ai = complaint.with_ai
    async with resources.database.work() as session:
        await _add(session, case=case)
        step = Step(session, resources, who, case)
        await step.say(NewTurn(Speaker.PATIENT, words))
        if await hear(step):
            await conclude(step, ended=Interview.NONE)
        else:
            await go_on(step)
        step.record(Deed.CREATE)
        await announce(session)
    return told(case)


async def call_nurse(resources: Resources, who: Principal, *, language: Language, now: datetime) -> Told:
    """Mark this log-in's newest case as calling, or make one without words."""
    async with resources.database.work() as session:
        case = await _newest(session, who)
        if case is None:
            case = _case(who, language=language, now=now)
            case.called_at = now
            await _add(session, case=case)
            Step(session, resources, who, case).record(Deed.CREATE)
        else:
            case.called_at = now
            step = Step(session, resources, who, case)
            await cut(step)
            step.record(Deed.UPDATE)
        await announce(session)
    return told(case)


async def own_case(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> Told:
    """The case, if this kiosk log-in told it.

    Raises:
        NotFound: it did not, or there is none.
    """
    async with resources.database.work() as session:
        case = await own(session, who, case_id=case_id)
        Step(session, resources, who, case).record(Deed.READ)
    return told(case)


async def coming(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> bool:
    """Whether a nurse has acknowledged the case of this log-in; nothing that was told is read."""
    ours = (col(TriageCase.id) == case_id) & (col(TriageCase.login_id) == who.session_id)
    async with resources.database.work() as session:
        return (await session.exec(select(TriageCase.acknowledged_at).where(ours))).first() is not None


async def own(session: AsyncSession, who: Principal, *, case_id: uuid.UUID, lock: bool = False) -> TriageCase:
    """The row, if this kiosk log-in told it or came with its ticket; the caller records who reads it.

    Raises:
        NotFound: it did not, or there is none.
    """
    case = await session.get(TriageCase, case_id, with_for_update=lock)
    if case is None or case.login_id != who.session_id:
        raise NotFound("This case is not open here.", "Start over, or ask the nurse at the desk.")
    return case


async def cut(step: Step) -> None:
    """An interview that goes on ends here."""
    if step.case.interview is Interview.ASKING:
        step.talk = await conversation.read(step.session, step.resources, case=step.case)
        await conclude(step, ended=Interview.CUT)


def told(case: TriageCase) -> Told:
    return Told(
        id=case.id,
        number=case.number,
        language=language_of_case(case),
        level=None if case.automatic_level is None else Level(case.automatic_level),
        flags=tuple(case.flags),
        answer_state=case.answer_state,
        called=case.called_at is not None,
        coming=case.acknowledged_at is not None,
    )


def _case(who: Principal, *, language: Language, now: datetime) -> TriageCase:
    assert who.session_id is not None  # noqa: S101 - kiosk principals come from a log-in
    return TriageCase(
        id=new_id(_ms(now)),
        number="",
        day=now.astimezone(HOSPITAL_TIME).date(),
        login_id=who.session_id,
        language=language,
        with_ai=False,
        rules_version=load_rules().version,
        answer_state=AnswerState.NONE,
    )


async def _add(session: AsyncSession, *, case: TriageCase) -> None:
    case.number = await _next_number(session, case)
    session.add(case)
    await session.flush()


async def _next_number(session: AsyncSession, case: TriageCase) -> str:
    """`A001` to `A999`, then `B001`: short enough to be called out."""
    row = insert(TriageTicket).values(day=case.day, last=1)
    counted = row.on_conflict_do_update(index_elements=["day"], set_={"last": col(TriageTicket.last) + 1})
    last = int((await session.exec(counted.returning(col(TriageTicket.last)))).scalar_one()) - 1
    return f"{chr(ord('A') + last // _NUMBERS % 26)}{last % _NUMBERS + 1:03d}"


async def _newest(session: AsyncSession, who: Principal) -> TriageCase | None:
    found = await session.exec(
        select(TriageCase).where(TriageCase.login_id == who.session_id).order_by(col(TriageCase.id).desc()).limit(1)
    )
    return found.first()


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
