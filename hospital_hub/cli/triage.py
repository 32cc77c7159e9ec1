"""`hospital-hub triage`: levels by the rules, and by a hub's model on top of them, for a file of cases."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from hospital_hub.cli.asked_levels import ANSWER_SECONDS, AskedLevels
from hospital_hub.cli.decide import BAD_INPUT
from hospital_hub.cli.hub_client import HubClient
from hospital_hub.cli.lines import BadLine
from hospital_hub.cli.session import DEFAULT_URL
from hospital_hub.cli.triage_file import Suggest, assess_file
from hospital_hub.clinical.acuity import assess as assess_text
from hospital_hub.clinical.acuity import load_acuity_rules
from hospital_hub.clinical.packs import DEFAULT_PACK, PACKS, load_pack

app = typer.Typer(help="Triage levels for a file of cases.", no_args_is_help=True)
PackName = StrEnum("PackName", {name: name for name in PACKS})  # type: ignore[misc]  # the choices are data
DEFAULT = PackName(DEFAULT_PACK)
AT_ONCE: Final = 4
MOST_AT_ONCE: Final = 64


@app.callback()
def triage() -> None:
    """Triage levels for a file of cases."""


@app.command()
def assess(
    source: Annotated[
        Path, typer.Option("--input", help='Cases, one a line: {"id", "text"}.', exists=True, dir_okay=False)
    ],
    target: Annotated[Path, typer.Option("--output", help="Where the levels go, one a line.", dir_okay=False)],
    no_model: Annotated[bool, typer.Option("--no-model", help="By the rules alone.")] = False,
    pack: Annotated[PackName, typer.Option(help="The standard of the site.")] = DEFAULT,
    url: Annotated[str, typer.Option("--url", help="Where the hub is whose model is asked.")] = DEFAULT_URL,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="Read the API key from a file, - for stdin.", allow_dash=True)
    ] = None,
    at_once: Annotated[int, typer.Option(help="Cases asked at the same time.", min=1, max=MOST_AT_ONCE)] = AT_ONCE,
) -> None:
    """Give every case its level (I to IV, or insufficient) with the reasons: the most urgent of rules and model.

    The model can only raise what the rules found; what it suggested stands apart in each line, or why it did not.

    Example: hospital-hub triage assess --input cases.jsonl --output levels.jsonl --no-model --pack cn-2018

    Example: hospital-hub triage assess --input cases.jsonl --output levels.jsonl --key-file triage.key
    """
    suggested = None if no_model else _suggested(url, key_file=key_file, at_once=at_once)
    chosen, rules = load_pack(pack.value), load_acuity_rules()
    assessed = partial(assess_text, pack=chosen, rules=rules)
    try:
        counted = assess_file(source, target, assessed=assessed, suggested=suggested)
    except BadLine as bad:
        raise _stopped(f"{source}: {bad}. Nothing was written.") from None
    levels = ", ".join(f"{level} {counted.levels[level]}" for level in sorted(counted.levels)) or "none"
    typer.echo(f"{counted.levels.total()} cases, pack {chosen.id} {chosen.version}: {levels}", err=True)
    if suggested is not None:
        typer.echo(f"{counted.raised} raised by the model; {counted.failed} by the rules alone, as it failed", err=True)


def _suggested(url: str, *, key_file: Path | None, at_once: int) -> Suggest:
    if key_file is None:
        raise _stopped("A model is asked with an API key: give --key-file, or add --no-model. Nothing was written.")
    try:
        text = typer.get_text_stream("stdin").read() if str(key_file) == "-" else key_file.read_text("utf-8")
    except OSError:
        raise _stopped(f"The key cannot be read: check {key_file}. Nothing was written.") from None
    hub = HubClient(url.rstrip("/"), wait_seconds=ANSWER_SECONDS)
    return partial(AskedLevels(hub, text.strip()).of, at_once=at_once)


def _stopped(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(BAD_INPUT)
