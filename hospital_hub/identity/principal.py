"""Who is asking, as a value that travels through the hub."""

import uuid
from dataclasses import dataclass

from hospital_hub.errors import NotAllowed
from hospital_hub.identity.permissions import Action, Role, may


@dataclass(frozen=True)
class Principal:
    """`id` is the account, the kiosk's log-in, or `<issuer>|<subject>` of a clinician known through the EMR."""

    id: str
    role: Role
    display_name: str
    session_id: uuid.UUID | None = None
    department: str = ""

    def require(self, action: Action) -> None:
        """Raise NotAllowed unless the table of roles gives `action`."""
        if not may(self.role, action):
            raise NotAllowed(
                "Your role does not include this.",
                "Log in with an account that has it, or ask your administrator.",
            )


WORKER = Principal(id="worker", role=Role.SERVICE, display_name="Worker")
