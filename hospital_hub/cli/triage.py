"""`hospital-hub triage`: levels by the rules for a file of cases."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hospital_hub.cli.decide import BAD_INPUT
from hospital_hub.cli.lines import BadLine
from hospital_hub.cli.triage_file import assess_file
from hospital_hub.clinical.acuity import assess as assess_text
from hospital_hub.clinical.acuity import load_acuity_rules
from hospital_hub.clinical.packs import DEFAULT_PACK, PACKS, load_pack

app = typer.Typer(help="Triage levels by rules, for a file of cases.", no_args_is_help=True)
PackName = StrEnum("PackName", {name: name for name in PACKS})  # type: ignore[misc]  # the choices are data
DEFAULT = PackName(DEFAULT_PACK)


@app.callback()
def triage() -> None:
    """Triage levels by rules, for a file of cases."""


@app.command()
def assess(
    source: Annotated[
        Path, typer.Option("--input", help='Cases, one a line: {"id", "text"}.', exists=True, dir_okay=False)
    ],
    target: Annotated[Path, typer.Option("--output", help="Where the levels go, one a line.", dir_okay=False)],
    no_model: Annotated[bool, typer.Option("--no-model", help="By the rules alone.")] = False,
    pack: Annotated[PackName, typer.Option(help="The standard of the site.")] = DEFAULT,
) -> None:
    """Give every case its level (I to IV, or insufficient) with the reasons, by the rules alone.

    Example: hospital-hub triage assess --input cases.jsonl --output levels.jsonl --no-model --pack cn-2018
    """
    if not no_model:
        typer.echo("Only the rules can assess a file so far: add --no-model. Nothing was written.", err=True)
        raise typer.Exit(BAD_INPUT)
    chosen, rules = load_pack(pack.value), load_acuity_rules()
    try:
        counts = assess_file(source, target, assessed=lambda text: assess_text(text, pack=chosen, rules=rules))
    except BadLine as bad:
        typer.echo(f"{source}: {bad}. Nothing was written.", err=True)
        raise typer.Exit(BAD_INPUT) from None
    levels = ", ".join(f"{level} {counts[level]}" for level in sorted(counts))
    typer.echo(f"{sum(counts.values())} cases, pack {chosen.id} {chosen.version}: {levels or 'none'}", err=True)
