"""Sealed text: bound to its place, unreadable after erasure, and nowhere in the clear in the database's files."""

from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from hospital_hub.errors import HubError, NotFound, Unavailable
from hospital_hub.resources import Resources
from hospital_hub.storage.vault import DataKey, Place

COMPLAINT = Place("triage_case", "complaint", "case-1")
CONTROL = "CONTROL-5512-in-the-clear"
MARKER = "胸口像压了石头-MARKER-7741"


async def sealed(resources: Resources, text: str, *, subject: str = "patient/1", place: Place = COMPLAINT) -> bytes:
    async with resources.database.work() as session:
        return await resources.vault.seal(session, subject=subject, place=place, text=text)


async def opened(resources: Resources, box: bytes, *, subject: str = "patient/1", place: Place = COMPLAINT) -> str:
    async with resources.database.work() as session:
        return await resources.vault.open(session, subject=subject, place=place, sealed=box)


async def test_what_was_sealed_can_be_opened_and_two_boxes_never_look_alike(resources: Resources) -> None:
    one, two = await sealed(resources, MARKER), await sealed(resources, MARKER)
    assert one != two
    assert MARKER.encode() not in one
    assert await opened(resources, one) == await opened(resources, two) == MARKER


@pytest.mark.parametrize(
    "moved",
    [
        Place("triage_case", "complaint", "case-2"),
        Place("triage_case", "answer", "case-1"),
        Place("note_draft", "complaint", "case-1"),
    ],
)
async def test_a_box_moved_to_another_place_does_not_open(resources: Resources, moved: Place) -> None:
    box = await sealed(resources, MARKER)
    with pytest.raises(Unavailable):
        await opened(resources, box, place=moved)


async def test_another_subjects_key_does_not_open_it(resources: Resources) -> None:
    box = await sealed(resources, MARKER)
    await sealed(resources, "other", subject="patient/2")
    with pytest.raises(Unavailable):
        await opened(resources, box, subject="patient/2")


async def test_erasure_takes_the_key_and_with_it_every_text(resources: Resources) -> None:
    box = await sealed(resources, MARKER)
    async with resources.database.work() as session:
        await resources.vault.erase(session, subject="patient/1")
    with pytest.raises(NotFound):
        await opened(resources, box)


async def test_the_table_of_keys_names_no_patient(resources: Resources) -> None:
    await sealed(resources, MARKER)
    async with resources.database.work() as session:
        (key,) = await session.exec(select(DataKey))
    assert b"patient" not in key.subject
    assert key.wrapped is not None


async def test_a_damaged_box_is_an_error_with_a_name(resources: Resources) -> None:
    box = await sealed(resources, MARKER)

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(0, len(box) - 1), st.integers(1, 255))
    def damage(at: int, by: int) -> None:
        damaged.append(box[:at] + bytes([box[at] ^ by]) + box[at + 1 :])

    damaged: list[bytes] = []
    damage()
    for broken in damaged:
        with pytest.raises(HubError):
            await opened(resources, broken)


async def test_the_vault_does_not_print_its_key(resources: Resources) -> None:
    assert resources.vault.master.hex() not in repr(resources)
    assert repr(resources.vault) == "Vault()"


async def test_the_write_ahead_log_does_not_hold_the_text(resources: Resources, servers_folder: Path) -> None:
    """A second text, stored in the clear, shows that the search would find it."""
    box = await sealed(resources, MARKER)
    url = resources.settings.database_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("CREATE TABLE control (box bytea, clear text)")
        connection.execute("INSERT INTO control VALUES (%s, %s)", (box, CONTROL))
    assert holds(servers_folder, CONTROL)
    assert not holds(servers_folder, MARKER)


def holds(folder: Path, text: str) -> bool:
    """Some file of the write-ahead log, through which every row goes, has these bytes."""
    files = [path for path in (folder / "postgres").glob("**/pg_wal/*") if path.is_file()]
    return any(text.encode() in path.read_bytes() for path in files)
