"""Where the hub learns the time. Rules take it as an argument; leases and deadlines use the database's clock."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place
