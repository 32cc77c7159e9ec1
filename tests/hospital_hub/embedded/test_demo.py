"""What `hospital-hub demo` says when it cannot start; its life as a whole is in tests/journeys."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from hospital_hub.embedded import folder
from hospital_hub.embedded.console import show_summary
from hospital_hub.embedded.demo import DemoOptions, run_demo
from hospital_hub.embedded.demo_parts import DEFAULT_PORTS, Layout


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=60)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


async def test_folder_in_use_is_one_sentence_and_code_1(tmp_path: Path, console: Console) -> None:
    folder.prepare(tmp_path)
    with folder.opened_lock(tmp_path) as lock:
        await folder.take_lock(lock, tmp_path)
        assert await run_demo(DemoOptions(data=tmp_path), console) == 1
    assert shown(console).splitlines() == [
        f"The hub of {tmp_path} already runs (process {os.getpid()}): stop it or give another data folder"
    ]


async def test_file_where_the_folder_should_be_is_one_sentence(tmp_path: Path, console: Console) -> None:
    (tmp_path / "data").touch()
    assert await run_demo(DemoOptions(data=tmp_path / "data"), console) == 1
    assert "cannot be made (File exists): give another one" in shown(console)


def test_summary_names_pages_log_ins_and_folders(tmp_path: Path, console: Console) -> None:
    layout = Layout(data=tmp_path, ports={**DEFAULT_PORTS, "hub": 8701})
    show_summary(console, layout, logins=[("Nurse", "nurse", "secret-word")], seconds=4.25)
    text = shown(console)
    for expected in ("http://127.0.0.1:8701/kiosk", "http://127.0.0.1:8710/", "secret-word", f"{tmp_path}/logs"):
        assert expected in text
    assert "not for clinical use" in text
    assert "ready in 4.2 s" in text


def test_only_long_logs_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "hub.log").write_bytes(b"x" * (folder.LONGEST_LOG + 1))
    (tmp_path / "worker.log").write_bytes(b"short")
    folder.set_long_logs_aside(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hub.log.1", "worker.log"]
