"""`hospital-hub usage`: what the models were used for, exactly as the ledger has it, attempt by attempt."""

import csv
import sys
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hospital_hub.cli.opened import with_resources
from hospital_hub.inference.usage import Line, used
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now


class By(StrEnum):
    USER = "user"
    DEPARTMENT = "department"
    TASK = "task"
    DAY = "day"
    TIER = "tier"


COLUMNS = ("Questions", "Attempts", "Prompt tokens", "Answer tokens", "Reasoning tokens", "Cost")


def usage(
    by: Annotated[list[By] | None, typer.Option(help="What to add up by, once or several times.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 30,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values in place of a table.")] = False,
) -> None:
    """Show questions, attempts, tokens and cost. Cost is that of models.toml, per 1,000 tokens.

    Example: hospital-hub usage --by department --by day --days 7
    """
    keys = tuple(by or [By.DEPARTMENT])
    since = utc_now() - timedelta(days=days)
    lines = with_resources(lambda hub: _read(hub, tuple(key.value for key in keys), since=since))
    head = (*(key.value.capitalize() for key in keys), *COLUMNS)
    if as_csv:
        csv.writer(sys.stdout).writerows([head, *(line.cells() for line in lines)])
        return
    table = Table(*head)
    for line in lines:
        table.add_row(*line.cells())
    Console().print(table)


async def _read(hub: Resources, keys: tuple[str, ...], *, since: datetime) -> list[Line]:
    async with hub.database.work() as session:
        return await used(session, keys, since=since)
