"""`hospital-hub routing outcomes` and `routing shadow`: what practice says of the router, from the hub's database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from hospital_hub.cli.opened import with_resources
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.inference.outcome_lines import outcome_lines
from hospital_hub.inference.shadow_report import Comparison, Pair, compared, pairs
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from routing.models import packaged

NOTHING = 1
Since = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day, by UTC.")]


def outcomes(
    since: Since,
    target: Annotated[Path, typer.Option("--output", help="Where the lines go, .jsonl.", dir_okay=False)],
) -> None:
    """Write what became of answers, for `routing train --outcomes`. No text and no name is in it.

    Name a day on which the installed models were already in force: their own corrections are taken out again.

    Example: hospital-hub routing outcomes --since 2026-03-01 --output outcomes.jsonl
    """

    async def read(resources: Resources) -> list[bytes]:
        async with resources.database.work() as session:
            found = outcome_lines(session, since=_utc(since), corrections=packaged().corrections())
            return [orjson.dumps(line) + b"\n" async for line in found]

    lines = with_resources(read)
    written_whole(target, lines)
    typer.echo(f"{len(lines)} outcomes")


def shadow(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day, by UTC; the last seven if left out.")
    ] = None,
) -> None:
    """Show what the policy of HUB_SHADOW_POLICY would have decided, against what was decided.

    Example: hospital-hub routing shadow --since 2026-03-01
    """
    first = _utc(since) if since else utc_now() - timedelta(days=7)

    async def read(resources: Resources) -> list[Pair]:
        async with resources.database.work() as session:
            return await pairs(session, since=first)

    found = with_resources(read)
    if not found:
        typer.echo("No decision of that time has a shadow: set HUB_SHADOW_POLICY and let the hub serve.", err=True)
        raise typer.Exit(NOTHING)
    for comparison in compared(found):
        _show(comparison, [pair for pair in found if pair.policies == comparison.policies])


def _show(comparison: Comparison, some: list[Pair]) -> None:
    console, (live, candidate), calls = Console(), comparison.policies, comparison.calls
    console.print(f"[bold]{calls} decisions[/], live policy {live}, shadow {candidate}")
    moves = (("the same", comparison.same), ("to a larger model", comparison.up), ("to a smaller one", comparison.down))
    console.print(", ".join(f"{name} {count} ({count / calls:.1%})" for name, count in moves))
    shares = _table("Choice", "Live", "Shadow")
    for label, (before, after) in comparison.shares.items():
        shares.add_row(label, f"{before:.1%}", f"{after:.1%}")
    console.print(shares)
    moved = _table("Live", "Shadow", "Decisions")
    for pair in some:
        moved.add_row(pair.live.label, pair.shadow.label, str(pair.calls))
    console.print(moved)


def _table(*names: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for position, name in enumerate(names):
        table.add_column(name, justify="left" if position == 0 else "right")
    return table


def _utc(day: datetime) -> datetime:
    return day.replace(tzinfo=UTC)
