"""`hospital-hub notes`: a draft checked against what it was made from. Code alone decides; no model is asked."""

from pathlib import Path
from typing import Annotated

import typer

from hospital_hub.cli.decide import BAD_INPUT
from hospital_hub.cli.draft_file import check_file
from hospital_hub.cli.lines import BadLine

app = typer.Typer(help="Drafts of notes and what they rest on.", no_args_is_help=True)


@app.callback()
def notes() -> None:
    """Drafts of notes and what they rest on."""


@app.command()
def check(
    source: Annotated[
        Path, typer.Option("--input", help="Drafts with their sources, one a line.", exists=True, dir_okay=False)
    ],
    target: Annotated[Path, typer.Option("--output", help="Where the checked sentences go.", dir_okay=False)],
    no_model: Annotated[  # noqa: ARG001 - said by scripts that must never ask one
        bool, typer.Option("--no-model", help="Ask no model. The check never does; say it to be sure it stays so.")
    ] = False,
) -> None:
    """Find for each sentence of each draft the places that it rests on, or the reason why it has none.

    A line is {"id", "sources": [{"id", "text"}], "draft"}; offsets count code points.

    Example: hospital-hub notes check --no-model --input drafts.jsonl --output checked.jsonl
    """
    try:
        count, unsupported = check_file(source, target)
    except BadLine as bad:
        typer.echo(f"{source}: {bad}. Nothing was written.", err=True)
        raise typer.Exit(BAD_INPUT) from None
    typer.echo(f"{count} drafts checked, {unsupported} sentences without support", err=True)
