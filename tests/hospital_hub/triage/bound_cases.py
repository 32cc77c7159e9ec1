"""A hub joined to the fake EMR, with a nurse who binds cases and a worker who files them."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from hospital_hub.clinical.levels import Level
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from hospital_hub.triage import binding_steps, decisions, filing, service, vitals
from hospital_hub.triage.binding_steps import Choice, Desk
from hospital_hub.triage.filing import Outcome
from hospital_hub.triage.final_level import Choice as LevelChoice
from hospital_hub.triage.patients import Typed
from hospital_hub.triage.service import Complaint
from hospital_hub.triage.steps import Seen
from hospital_hub.triage.tables import TriageCase
from integrations.smart.backend import BackendTokens
from tests.fakes.fhir import FakeEmr
from tests.fixtures.hub import rows

NURSE = Principal(id="nurse-1", role=Role.NURSE, display_name="Nurse One")
Json = dict[str, Any]


def patient(identifier: str, name: str, born: str, *, number: str) -> Json:
    family, given = name.split()
    return {
        "resourceType": "Patient",
        "id": identifier,
        "identifier": [{"system": "urn:hospital", "value": number}],
        "name": [{"text": name, "family": family, "given": [given]}],
        "gender": "female",
        "birthDate": born,
    }


def visit(identifier: str, owner: str, *, status: str = "arrived", kind: str = "EMER", **more: object) -> Json:
    return {
        "resourceType": "Encounter",
        "id": identifier,
        "status": status,
        "class": {"code": kind},
        "subject": {"reference": f"Patient/{owner}"},
        "period": {"start": "2026-11-24T08:00:00+08:00"},
        **more,
    }


ANNA = Typed("H-1001", "", "1960-05-18")
BERTA = Typed("", "Berg Berta", "1971-02-03")


def people() -> list[Json]:
    return [
        patient("p-anna", "Alder Anna", "1960-05-18", number="H-1001"),
        patient("p-berta", "Berg Berta", "1971-02-03", number="H-1002"),
        visit("e-anna", "p-anna"),
        visit("e-berta", "p-berta", priority={"text": "routine"}),
    ]


@dataclass
class Ward:
    """The hub's database and its EMR."""

    resources: Resources
    emr: FakeEmr
    tokens: BackendTokens = field(default_factory=lambda: BackendTokens(jti=new_token, clock=time.time))

    async def tell(self, words: str = "My knee hurts") -> uuid.UUID:
        who = Principal(id="kiosk|1", role=Role.KIOSK, display_name="Kiosk", session_id=uuid.uuid4())
        complaint = Complaint(words, with_ai=False, page_language="en")
        return (await service.tell(self.resources, who, complaint=complaint, now=utc_now())).id

    def desk(self, case: uuid.UUID) -> Desk:
        return Desk(self.resources, self.tokens, NURSE, case)

    async def bind(self, case: uuid.UUID, typed: Typed = ANNA, *, seen: int = 0) -> None:
        (found,) = await binding_steps.search(self.desk(case), typed)
        await binding_steps.bind(self.desk(case), Choice(typed, found.id, seen), now=utc_now())

    async def unbind(self, case: uuid.UUID, *, seen: int) -> None:
        await binding_steps.unbind(self.desk(case), seen=seen)

    async def steps(self, case: uuid.UUID) -> int:
        async with self.resources.database.work() as session:
            return (await session.get_one(TriageCase, case)).steps

    async def level(self, case: uuid.UUID, level: Level) -> None:
        seen = Seen(case, await self.steps(case))
        await decisions.set_level(self.resources, NURSE, seen=seen, choice=LevelChoice(level, "seen", "examined well"))

    async def take_back(self, case: uuid.UUID) -> None:
        await decisions.take_back(self.resources, NURSE, seen=Seen(case, await self.steps(case)))

    async def measure(self, case: uuid.UUID, **typed: str) -> None:
        await vitals.measure(self.resources, NURSE, case_id=case, typed=typed)

    async def file(self, case: uuid.UUID) -> Outcome:
        """One try, as the worker makes it when the outbox says so; waiting times are over."""
        self.run("UPDATE outbox SET run_after = now() - interval '1 second'")
        return await filing.step(self.resources, self.tokens, identifier=case, now=utc_now())

    def run(self, statement: str) -> None:
        rows(self.resources.settings.database_url, f"{statement} RETURNING 1")

    def ask(self, query: str) -> list[tuple[object, ...]]:
        return rows(self.resources.settings.database_url, query)

    def state(self) -> tuple[object, ...]:
        (found,) = self.ask("SELECT state, fault, attempts FROM triage_filing")
        return found

    def filed(self, kind: str, owner: str = "") -> list[Json]:
        """What the EMR has and the hub made."""
        made = [one for one in self.emr.all(kind) if one["id"] not in {"e-anna", "e-berta"}]
        holder = f"Patient/{owner}"
        return [
            one for one in made if not owner or (one.get("subject") or one.get("for", {})).get("reference") == holder
        ]

    def counts(self) -> dict[str, int]:
        kinds = ("QuestionnaireResponse", "Observation", "RiskAssessment", "Task", "Provenance", "Encounter")
        return {kind: len(self.filed(kind)) for kind in kinds if self.filed(kind)}


def _owner(resource: Json) -> str:
    holder = resource.get("subject") or resource.get("for") or {}
    return str(holder.get("reference", ""))
