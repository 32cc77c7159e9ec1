"""Audit events as rows of a group commit: the same table and the same promise as `record`, past the ORM.

The event stands in the statement that stores what it tells; if it cannot be written, nothing of that is.
"""

from typing import Any, Final

from hospital_hub.audit.events import Deed
from hospital_hub.identity.principal import Principal

# For `FROM jsonb_to_recordset(...) AS r(...)`; the subject travels as hexadecimal text.
RECORD: Final = (
    "deed text, who text, role text, login_id uuid, request_id text, subject text, entity text, detail jsonb"
)
INSERT: Final = (
    "INSERT INTO audit_event (deed, who, role, login_id, request_id, subject, entity, detail) "
    "SELECT r.deed, r.who, r.role, r.login_id, r.request_id, decode(r.subject, 'hex'), r.entity, r.detail"
)


def row(who: Principal, *, deed: Deed, entity: str, subject: bytes | None, request_id: str) -> dict[str, Any]:
    """The columns of RECORD but for `detail`, which the caller fills with ids and codes. Words go by their names."""
    return {
        "deed": deed.name,
        "who": who.id,
        "role": who.role.name,
        "login_id": who.session_id,
        "request_id": request_id,
        "subject": subject.hex() if subject else None,
        "entity": entity,
    }
