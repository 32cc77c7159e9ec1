"""What is in the audit stays there: the database refuses the hub itself."""

import psycopg
import pytest

ADD = "INSERT INTO audit_event (deed, who, request_id, entity, detail) VALUES ('READ', 'x', '', 'note/1', '{}')"


@pytest.fixture
def connection(database_url: str) -> psycopg.Connection[tuple[object, ...]]:
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as opened:
        opened.execute(ADD)
        yield opened


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_event SET who = 'y'", "DELETE FROM audit_event", "TRUNCATE audit_event"],
)
def test_nothing_is_changed_or_taken_away(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        connection.execute(statement.encode())
    assert connection.execute("SELECT who FROM audit_event").fetchall() == [("x",)]


def test_more_may_be_added(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute(ADD)
    assert connection.execute("SELECT count(*) FROM audit_event").fetchall() == [(2,)]
