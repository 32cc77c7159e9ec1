"""Makes the audit table append-only for everybody but the owner of the database's triggers.

A migration runs these statements; whoever may drop the trigger is not stopped by it, so give the hub's role no
more rights than it needs.
"""

from typing import Final

TABLE: Final = "audit_event"

APPEND_ONLY: Final = (
    """
CREATE OR REPLACE FUNCTION audit_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$
""",
    f"""
CREATE OR REPLACE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE}
FOR EACH ROW EXECUTE FUNCTION audit_event_is_append_only()
""",
    f"""
CREATE OR REPLACE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE}
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_is_append_only()
""",
)
