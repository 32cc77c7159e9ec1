"""`hospital-hub login`: the log-in of this account at a hub, kept in a file that nobody else can read."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from hospital_hub.cli.hub_client import HubClient
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.errors import NotLoggedIn

DEFAULT_URL: Final = "http://127.0.0.1:8700"
Url = Annotated[str, typer.Option("--url", help="Where the hub is; the one of the last log-in if unset.")]


def session_file() -> Path:
    return Path.home() / ".config" / "hospital-hub" / "session.json"


def login(
    url: Annotated[str, typer.Option("--url", help="Where the hub is.")] = DEFAULT_URL,
    user: Annotated[str, typer.Option("--user", help="Name of the account; asked for if unset.")] = "",
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="Read the password from a file, - for stdin.")
    ] = None,
) -> None:
    """Log in at a hub, for `hospital-hub batch`.

    Example: hospital-hub login --user researcher
    """
    name = user or str(typer.prompt("Name"))
    body = json.dumps({"name": name, "password": _password(password_file)}).encode()
    reply = HubClient(url).post("/api/login", body, headers={"Content-Type": "application/json"})
    if not reply.cookie:
        raise NotLoggedIn("The hub did not begin a log-in.", "Check the address.")
    _keep(url.rstrip("/"), reply.cookie)
    typer.echo(f"Logged in as {name} at {url}.", err=True)


def logged_in(url: str) -> HubClient:
    """At `url`, or where this account logged in last.

    Raises:
        NotLoggedIn: nobody has logged in there from this account.
    """
    kept = _kept()
    chosen = url.rstrip("/") or next(reversed(kept), DEFAULT_URL)
    if not kept.get(chosen):
        raise NotLoggedIn("You are not logged in at this hub.", "Run `hospital-hub login` first.")
    return HubClient(chosen, kept[chosen])


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True))
    text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8")
    return text.rstrip("\r\n")


def _kept() -> dict[str, str]:
    try:
        found = json.loads(session_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(url: str, token: str) -> None:
    file = session_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    others = {known: kept for known, kept in _kept().items() if known != url}
    written_whole(file, [json.dumps(others | {url: token}).encode()])
