"""Cases as a busy hour leaves them on the board, told through the hub's own services; only the clock is turned back."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, islice
from typing import Any

from sqlmodel import col, update

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import decisions, interview_service, service, vitals
from hospital_hub.triage.decisions import Seen
from hospital_hub.triage.final_level import Choice
from hospital_hub.triage.service import Complaint, Told
from hospital_hub.triage.tables import TriageCase, TriageTurn, place_of_acuity, subject_of

NURSE = Principal(id="nurse-1", role=Role.NURSE, display_name="Nurse One")
CHEST: Mapping[Language, str] = {"zh-CN": "胸口疼了半小时，出冷汗", "en": "Crushing chest pain for half an hour"}
KNEE: Mapping[Language, str] = {"zh-CN": "膝盖疼了一周，上楼更疼", "en": "My knee has hurt for a week"}
COUGH: Mapping[Language, str] = {
    "zh-CN": "咳嗽发烧三天了，昨天量体温 38.6 度，今天咳黄痰，走路有点喘",
    "en": "Cough and fever for three days, 38.6 yesterday, yellow phlegm today, a bit out of breath when I walk",
}
BELLY: Mapping[Language, str] = {"zh-CN": "肚子疼，拉肚子两天", "en": "Tummy ache and diarrhoea for two days"}
ANSWERS: Mapping[Language, tuple[str, ...]] = {
    "zh-CN": ("三天前", "没有", "没有吃药", "不知道", "没有"),
    "en": ("Three days ago", "No", "No medicine", "I do not know", "No"),
}
ACUITY: Mapping[str, Any] = {
    "level": 3,
    "provisional": True,
    "indicators": [
        {"kind": "vital", "rule": "temperature", "level": 3, "zh": "体温 38.6 ℃", "en": "Temperature 38.6 °C"},
        {"kind": "complaint", "rule": "cough-fever", "level": 3, "zh": "发热伴咳嗽", "en": "Fever with cough"},
    ],
    "missing": ["spo2", "breathing", {"zh": "血压", "en": "Blood pressure"}],
    "doubtful": [{"kind": "pulse", "words": "9", "zh": "脉搏", "en": "Pulse"}],
}

FIRST = {"temperature": "101.5 F", "pulse": "104", "pressure": "118/76"}
SECOND = {"spo2": "95%", "breathing": "22", "oxygen": "air"}


@dataclass
class Hour:
    """Tells cases in one language."""

    resources: Resources
    language: Language

    async def tell(self, words: str) -> Told:
        return await service.tell(self.resources, kiosk(), complaint=self.complaint(words), now=utc_now())

    def complaint(self, words: str) -> Complaint:
        return Complaint(words, with_ai=False, page_language=self.language)

    async def interviewed(self, words: str, *, answers: int) -> Told:
        who = kiosk()
        told = await service.tell(self.resources, who, complaint=self.complaint(words), now=utc_now())
        for text in islice(cycle(ANSWERS[self.language]), answers):
            standing = await interview_service.standing(self.resources, who, case_id=told.id)
            if standing.asked is None:
                break
            await interview_service.answer(
                self.resources,
                who,
                case_id=told.id,
                ordinal=standing.asked.ordinal,
                words=standing.asked.options[-1] if standing.asked.options else text,
                now=utc_now(),
            )
        return told

    async def ago(self, case_id: uuid.UUID, minutes: float) -> None:
        """As if the case had been told so many minutes earlier."""
        at = utc_now() - timedelta(minutes=minutes)
        async with self.resources.database.work() as session:
            await session.exec(update(TriageCase).where(col(TriageCase.id) == case_id).values(created_at=at))
            await session.exec(update(TriageTurn).where(col(TriageTurn.case_id) == case_id).values(at=at))

    async def suggest(self, case_id: uuid.UUID, level: Level) -> None:
        """What a model would have suggested, beside what a rule pack found."""
        async with self.resources.database.work() as session:
            case = await session.get_one(TriageCase, case_id)
            case.suggested_level, case.automatic_level = level, min(level, case.automatic_level or level)
            case.provisional = True
            place = place_of_acuity(case_id)
            case.acuity = await self.resources.vault.seal(
                session, subject=subject_of(case_id), place=place, text=json.dumps(ACUITY)
            )

    async def steps(self, case_id: uuid.UUID) -> int:
        async with self.resources.database.work() as session:
            return (await session.get_one(TriageCase, case_id)).steps

    async def level(self, case_id: uuid.UUID, level: Level) -> None:
        seen = Seen(case_id, await self.steps(case_id))
        await decisions.set_level(self.resources, NURSE, seen=seen, choice=Choice(level))

    async def measure(self, case_id: uuid.UUID, typed: Mapping[str, str]) -> None:
        await vitals.measure(self.resources, NURSE, case_id=case_id, typed=typed)

    async def look_due(self, case_id: uuid.UUID) -> None:
        async with self.resources.database.work() as session:
            (await session.get_one(TriageCase, case_id)).retriage_at = utc_now()

    async def all(self) -> Told:
        """A whole board; returns the case that was interviewed, suggested and measured."""
        language = self.language
        knee = await self.tell(KNEE[language])
        await self.ago(knee.id, 31)
        chest = await self.tell(CHEST[language])
        await self.ago(chest.id, 3)
        belly = await self.tell(BELLY[language])
        await self.ago(belly.id, 44)
        await self.level(belly.id, Level.III)
        await self.look_due(belly.id)
        cough = await self.interviewed(COUGH[language], answers=4)
        await self.measure(cough.id, FIRST)
        await self.measure(cough.id, SECOND)
        await self.suggest(cough.id, Level.III)
        await self.ago(cough.id, 12)
        await service.call_nurse(self.resources, kiosk(), language=language, now=utc_now())
        return cough


def kiosk() -> Principal:
    return Principal(id="kiosk|1", role=Role.KIOSK, display_name="Kiosk", session_id=uuid.uuid4())
