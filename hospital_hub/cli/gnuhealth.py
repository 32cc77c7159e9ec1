"""`hospital-hub gnuhealth`: notes that are signed in GNU Health, step by step. Whoever may run this is the worker."""

import uuid
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hospital_hub.cli.opened import with_resources
from hospital_hub.clinical.levels import Level
from hospital_hub.notes import handing_over
from hospital_hub.notes.handing_over import NewNote
from hospital_hub.storage.clock import utc_now
from integrations.fhir.lossless import dumps

app = typer.Typer(help="Notes that are signed in GNU Health.", no_args_is_help=True)
LevelName = StrEnum("LevelName", {level.name: level.name for level in Level})  # type: ignore[misc]  # as in levels.py
Note = Annotated[uuid.UUID, typer.Argument(help="The draft, as `begin` named it.")]


@app.command()
def patient(number: Annotated[str, typer.Argument(help="The person's number there (PUID).")]) -> None:
    """Print a patient of GNU Health as a FHIR R4 Patient."""
    typer.echo(dumps(with_resources(lambda hub: handing_over.patient(hub, number))))


@app.command()
def begin(
    number: Annotated[str, typer.Argument(help="The person's number there (PUID).")],
    professional: Annotated[int, typer.Option(help="Id of the health professional who asks for the note.")],
    text: Annotated[Path, typer.Option(help="The note, UTF-8.", exists=True, dir_okay=False)],
    language: Annotated[str, typer.Option(help="Language of the note.")] = "en",
) -> None:
    """Keep a text as a draft for a patient of GNU Health, and print the draft's id.

    Example: hospital-hub gnuhealth begin ABC123DEF --professional 7 --text note.txt
    """
    note = NewNote(number, professional, text.read_text(encoding="utf-8"), language)
    typer.echo(with_resources(lambda hub: handing_over.begin(hub, note, now=utc_now())))


@app.command()
def send(
    note: Note,
    level: Annotated[LevelName | None, typer.Option(help="Triage level; the urgency stays empty if unset.")] = None,
) -> None:
    """Write a draft into GNU Health as an evaluation in progress. May be repeated."""
    known = None if level is None else Level[level.value]
    typer.echo(with_resources(lambda hub: handing_over.hand_over(hub, note, level=known)))


@app.command()
def finalise(note: Note) -> None:
    """Print `final` if the text was signed there as it was sent, `waiting` if nobody has signed yet; else fail.

    Run on a final note it compares again.
    """
    typer.echo(with_resources(lambda hub: handing_over.finalise(hub, note)).value)
