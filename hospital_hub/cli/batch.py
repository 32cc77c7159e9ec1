"""`hospital-hub batch`: hand in a file of questions, watch it, fetch the results. Talks to a hub over HTTP."""

import json
import time
import uuid
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from hospital_hub.cli.hub_client import HubClient
from hospital_hub.cli.session import Url, logged_in
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.errors import BadInput, Unavailable

app = typer.Typer(help="Batches of questions for the models.", no_args_is_help=True)
BATCHES: Final = "/api/research/batches"
ENDED: Final = frozenset({"done", "failed", "cancelled"})
LOOK_SECONDS: Final = 1.0
TRIES: Final = 3
OUTAGE_SECONDS: Final = 60.0
NOT_ALL_ANSWERED: Final = 1
INTERRUPTED: Final = 130
STDIO: Final = "-"
Batch = Annotated[uuid.UUID, typer.Argument(metavar="ID", help="The batch's id, as submit printed it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Form = Annotated[Literal["jsonl", "csv"], typer.Option("--format", help="Kind of results file.")]
Output = Annotated[Path | None, typer.Option("--output", help="Where the results go, - for stdout.")]


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help='JSONL, each line {"id": optional, "question": ...}; - for stdin.')],
    url: Url = "",
    title: Annotated[str, typer.Option(help="For your list; no patient's data.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until every question has a result.")] = False,
    output: Output = None,
    form: Form = "jsonl",
    as_json: AsJson = False,
) -> None:
    """Hand in a batch. With --output the results are fetched when it has ended.

    Example: hospital-hub batch submit questions.jsonl --output answers.jsonl
    """
    hub = logged_in(url)
    batch = _handed_in(hub, _read(file), title=title)
    typer.echo(f"Batch {batch['id']} with {batch['total']} questions is stored.", err=True)
    if wait or output:
        batch = _watched(hub, batch["id"])
    if output:
        _fetch(hub, batch["id"], output=output, form=form)
    if as_json:
        typer.echo(json.dumps(batch))
    elif not output:
        typer.echo(batch["id"])
    _end(batch, waited=wait or output is not None)


@app.command()
def watch(batch_id: Batch, url: Url = "", as_json: AsJson = False) -> None:
    """Show the progress until the batch has ended. Ctrl-C ends the watching, not the batch."""
    batch = _watched(logged_in(url), str(batch_id))
    if as_json:
        typer.echo(json.dumps(batch))
    _end(batch, waited=True)


@app.command()
def results(batch_id: Batch, output: Output = None, url: Url = "", form: Form = "jsonl") -> None:
    """Fetch what there is now; questions without an answer stand in it as pending."""
    _fetch(logged_in(url), str(batch_id), output=output or Path(STDIO), form=form)


@app.command("list")
def list_batches(url: Url = "", as_json: AsJson = False) -> None:
    """Show your newest batches."""
    found = logged_in(url).get(BATCHES).json()
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table(Column("Id", no_wrap=True, min_width=36), "Title", "State", "Answered", "Failed", "Of")
    for batch in found["batches"]:
        counts = (str(batch[name]) for name in ("answered", "failed", "total"))
        table.add_row(batch["id"], batch["title"], batch["state"], *counts)
    Console().print(table)


@app.command()
def cancel(batch_id: Batch, url: Url = "", as_json: AsJson = False) -> None:
    """Ask nothing more of the batch; `resume` takes it back."""
    _press(batch_id, "cancel", url=url, as_json=as_json)


@app.command()
def resume(batch_id: Batch, url: Url = "", as_json: AsJson = False) -> None:
    """Go on with a cancelled batch."""
    _press(batch_id, "resume", url=url, as_json=as_json)


@app.command()
def retry(batch_id: Batch, url: Url = "", as_json: AsJson = False) -> None:
    """Ask the questions again that failed."""
    _press(batch_id, "retry-failed", url=url, as_json=as_json)


def _press(batch_id: uuid.UUID, button: str, *, url: str, as_json: bool) -> None:
    batch = logged_in(url).post(f"{BATCHES}/{batch_id}/{button}").json()
    typer.echo(json.dumps(batch) if as_json else f"Batch {batch_id} is {batch['state']}.")


def _read(file: Path) -> bytes:
    if str(file) == STDIO:
        return typer.get_binary_stream("stdin").read()
    try:
        return file.read_bytes()
    except OSError as wrong:
        raise BadInput("The file cannot be read.", f"Check {file}.") from wrong


def _handed_in(hub: HubClient, body: bytes, *, title: str) -> dict[str, Any]:
    """The key makes it safe to send again when the answer got lost."""
    kind, form = _form(body, title=title)
    headers = {"Content-Type": kind, "Idempotency-Key": uuid.uuid4().hex}
    for left in reversed(range(TRIES)):
        try:
            return dict(hub.post(BATCHES, form, headers=headers).json())
        except Unavailable:
            if not left:
                raise
            time.sleep(LOOK_SECONDS)
    raise AssertionError


def _form(body: bytes, *, title: str) -> tuple[str, bytes]:
    """Content type and body (RFC 7578). The boundary is random, so no line of the batch can hold it."""
    boundary = uuid.uuid4().hex
    part = f"--{boundary}\r\nContent-Disposition: form-data; "
    form = f'{part}name="title"\r\n\r\n{title}\r\n{part}name="file"; filename="batch.jsonl"\r\n\r\n'
    return f"multipart/form-data; boundary={boundary}", form.encode() + body + f"\r\n--{boundary}--\r\n".encode()


def _watched(hub: HubClient, batch_id: str) -> dict[str, Any]:
    """The batch when it has ended."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        typer.echo("Ctrl-C ends the watching, not the batch.", err=True)
        with Progress(*columns, TextColumn("{task.fields[pace]}"), console=Console(stderr=True)) as bar:
            task = bar.add_task("Batch", total=None, pace="")
            while True:
                batch = _looked(hub, batch_id)
                settled = batch["answered"] + batch["failed"]
                bar.update(task, total=batch["total"], completed=settled, description=batch["state"], pace=_pace(batch))
                if batch["state"] in ENDED:
                    return batch
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        typer.echo(f"The batch goes on: hospital-hub batch watch {batch_id}", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _looked(hub: HubClient, batch_id: str) -> dict[str, Any]:
    """A hub that starts again is waited for."""
    until = time.monotonic() + OUTAGE_SECONDS
    while True:
        try:
            return dict(hub.get(f"{BATCHES}/{batch_id}").json())
        except Unavailable:
            if time.monotonic() > until:
                raise
            time.sleep(LOOK_SECONDS)


def _pace(batch: dict[str, Any]) -> str:
    if not batch["per_minute"]:
        return ""
    left = batch["seconds_left"]
    return f"{batch['per_minute']:.0f}/min" + (f", about {left} s left" if left else "")


def _fetch(hub: HubClient, batch_id: str, *, output: Path, form: str) -> None:
    parts = hub.stream(f"{BATCHES}/{batch_id}/results.{form}")
    if str(output) == STDIO:
        stdout = typer.get_binary_stream("stdout")
        for part in parts:
            stdout.write(part)
        return
    try:
        size = written_whole(output, parts)
    except OSError as wrong:
        raise BadInput("The results cannot be written.", f"Check {output}.") from wrong
    typer.echo(f"{output}: {size} bytes.", err=True)


def _end(batch: dict[str, Any], *, waited: bool) -> None:
    """Exit code 1 tells a script that not every question has an answer."""
    if waited and batch["answered"] < batch["total"]:
        typer.echo(f"{batch['answered']} of {batch['total']} questions have an answer.", err=True)
        raise typer.Exit(NOT_ALL_ANSWERED)
