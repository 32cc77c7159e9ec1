"""What asking needs of the process: the gate, the policy in force, the ledger; opened once by `main`."""

import hmac
from dataclasses import dataclass

import aiohttp

from hospital_hub.inference.admission import Gate
from hospital_hub.inference.ledger import Ledger
from hospital_hub.inference.picture import Picture
from hospital_hub.registry import Registry
from routing import Policy


@dataclass(frozen=True)
class Models:
    """`http` is the pool to the model servers; `shadow` a candidate policy, which decides too and acts on nothing.

    `salt` keys what the servers are told of departments.
    """

    gate: Gate
    policy: Policy
    ledger: Ledger
    http: aiohttp.ClientSession
    shadow: Policy | None = None
    salt: bytes = b""

    def cache_salt(self, department: str) -> str:
        """Departments do not share what a server remembers of prompts: its speed would tell one of the other's."""
        return hmac.digest(self.salt, department.encode(), "sha256").hex()

    @property
    def fleet(self) -> Picture:
        return self.gate.fleet

    @property
    def registry(self) -> Registry:
        """As it is now: operators may have it read again."""
        return self.gate.fleet.registry
