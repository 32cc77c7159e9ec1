"""The log-ins of the demonstration: printed on the screen, refused anywhere else. Clinicians come through the EMR."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hospital_hub.errors import Refused
from hospital_hub.identity import accounts
from hospital_hub.identity.accounts import TERMINAL, NewAccount
from hospital_hub.identity.permissions import Role
from hospital_hub.resources import Resources
from hospital_hub.web.languages import marked


@dataclass(frozen=True)
class DemoAccount:
    """`title` is a msgid; the password is no secret."""

    role: Role
    title: str
    name: str
    password: str
    display_name: str
    department: str


DEMO: Final = (
    DemoAccount(Role.NURSE, marked("Nurse"), "nurse", "triage-demo-2026", "分诊护士 Triage nurse", "Emergency"),
    DemoAccount(Role.RESEARCHER, marked("Researcher"), "researcher", "batch-demo-2026", "科研人员 Researcher", "Lab"),
    DemoAccount(Role.OPERATIONS, marked("Operations"), "operations", "fleet-demo-2026", "运营人员 Operations", "IT"),
    DemoAccount(Role.AUDITOR, marked("Auditor"), "auditor", "trail-demo-2026", "审计人员 Auditor", "Compliance"),
    DemoAccount(Role.ADMINISTRATOR, marked("Administrator"), "admin", "people-demo-2026", "管理员 Administrator", "IT"),
)


async def seed_demonstration(resources: Resources, *, now: datetime) -> int:
    """Make the accounts that are missing and return how many; an account that exists is left as it is.

    Raises:
        Refused: this is no demonstration.
    """
    if not resources.settings.demo:
        raise Refused(
            "Demonstration accounts have printed passwords.",
            "They are made with HUB_DEMO=true alone; use `hospital-hub users create` instead.",
            code="not_a_demonstration",
        )
    there = {account.name for account in await accounts.everybody(resources, TERMINAL)}
    missing = [demo for demo in DEMO if demo.name not in there]
    for demo in missing:
        wanted = NewAccount(name=demo.name, display_name=demo.display_name, role=demo.role, department=demo.department)
        await accounts.create(resources, TERMINAL, wanted=wanted, password=demo.password, now=now)
    return len(missing)
