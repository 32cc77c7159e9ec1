"""The doctors of the demonstration. Their passwords are printed at the start and protect nothing real."""

import hmac
from dataclasses import dataclass


@dataclass(frozen=True)
class DemoLogin:
    """`practitioner` is an id in the synthetic population."""

    name: str
    password: str
    practitioner: str
    title: str


DEMO_LOGINS = (
    DemoLogin("dr.chen", "demo-chen-2026", "demo-dr-chen", "陈医生 Dr Chen"),
    DemoLogin("dr.lin", "demo-lin-2026", "demo-dr-lin", "林医生 Dr Lin"),
)
_BY_NAME = {login.name: login for login in DEMO_LOGINS}


def log_in(name: str, password: str) -> DemoLogin | None:
    login = _BY_NAME.get(name)
    expected = login.password if login else ""
    right = hmac.compare_digest(password.encode(), expected.encode())
    return login if right else None


def by_name(name: str) -> DemoLogin | None:
    return _BY_NAME.get(name)
