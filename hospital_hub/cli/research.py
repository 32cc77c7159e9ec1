"""`hospital-hub research`: text made ready for research. Code alone decides; no model is asked."""

from pathlib import Path
from typing import Annotated

import typer

from hospital_hub.cli.decide import BAD_INPUT
from hospital_hub.cli.lines import BadLine
from hospital_hub.cli.research_file import deidentify_file

app = typer.Typer(help="Text made ready for research.", no_args_is_help=True)


@app.callback()
def research() -> None:
    """Text made ready for research."""


@app.command()
def deidentify(
    source: Annotated[
        Path, typer.Option("--input", help='Notes, one a line: {"id", "text", "known"}.', exists=True, dir_okay=False)
    ],
    target: Annotated[Path, typer.Option("--output", help="Where the notes without them go.", dir_okay=False)],
) -> None:
    """Take out of each note what names a person: names, numbers, days, addresses, in Chinese and English.

    A line is {"id", "text", "known": {"name": ..., "mobile": ...}}: what the record says is found in every spelling.
    An answer is {"id", "text", "spans": [{"start", "end", "type"}]}; places count code points of the text as given.
    Rules miss some names: have someone look before text leaves the hospital.

    Example: hospital-hub research deidentify --input notes.jsonl --output out.jsonl
    """
    try:
        count, found = deidentify_file(source, target)
    except BadLine as bad:
        typer.echo(f"{source}: {bad}. Nothing was written.", err=True)
        raise typer.Exit(BAD_INPUT) from None
    kinds = ", ".join(f"{kind} {found[kind]}" for kind in sorted(found)) or "none"
    typer.echo(f"{count} notes, {found.total()} identifiers: {kinds}", err=True)
