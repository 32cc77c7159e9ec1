"""`hospital-hub doctor`: what is right, what is wrong, and what to do, part by part."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from hospital_hub.errors import WrongSetup
from hospital_hub.operations.examination import examine_all
from hospital_hub.operations.findings import Finding
from hospital_hub.settings import load_settings


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a list of objects.")] = False,
) -> None:
    """Look at every part of this installation. Exit code 0 if all is right, 1 otherwise.

    Example: hospital-hub doctor --json
    """
    findings = _findings()
    if as_json:
        typer.echo(orjson.dumps([asdict(finding) for finding in findings], option=orjson.OPT_INDENT_2))
    else:
        _show(findings)
    raise typer.Exit(0 if all(finding.right for finding in findings) else 1)


def _findings() -> Sequence[Finding]:
    try:
        settings = load_settings()
        return (Finding("settings", right=True, seen="can be read"), *asyncio.run(examine_all(settings)))
    except WrongSetup as wrong:
        seen, _, remedy = str(wrong).partition(": ")
        return (Finding("settings", right=False, seen=seen, remedy=remedy),)


def _show(findings: Sequence[Finding]) -> None:
    table = Table("", "Part", box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Seen", overflow="fold")
    table.add_column("What to do", overflow="fold")
    for finding in findings:
        mark = "[green]OK[/]" if finding.right else "[bold red]WRONG[/]"
        table.add_row(mark, finding.part, finding.seen, finding.remedy)
    Console().print(table)
