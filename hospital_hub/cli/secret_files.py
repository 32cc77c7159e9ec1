"""`hospital-hub secrets`: new keys in files that only their owner can read. An existing file is never touched."""

import os
from pathlib import Path
from typing import Annotated

import typer

from hospital_hub.embedded.secret_files import new_master_key, new_smart_key
from hospital_hub.errors import WrongSetup
from hospital_hub.identity.guard import metrics_token
from hospital_hub.settings import load_settings
from hospital_hub.storage.vault import Vault

app = typer.Typer(help="The keys of an installation.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="Where to write it; must not exist.")]


@app.command()
def create(file: File) -> None:
    """Make the master key, by which stored patient data is encrypted. Keep a copy in a safe place.

    Example: hospital-hub secrets create /etc/hospital-hub/master.key
    """
    _write(file, new_master_key())
    typer.echo(f"{file} made: set HUB_SECRET_KEY_FILE={file}. Without this file stored texts cannot be read.")


@app.command("create-smart")
def create_smart(
    file: File, rs384: Annotated[bool, typer.Option("--rs384", help="RSA, for an EMR without ES384.")] = False
) -> None:
    """Make the key by which the hub proves itself to the EMR (EC P-384 for ES384, SMART App Launch 2.2).

    Example: hospital-hub secrets create-smart /etc/hospital-hub/smart.pem
    """
    _write(file, new_smart_key(rs384=rs384))
    typer.echo(f"{file} made: set HUB_SMART_KEY_FILE={file}. Its public half is served at /.well-known/jwks.json.")


@app.command("metrics-token")
def metrics() -> None:
    """Print the token by which a monitor may read /metrics; it follows from the master key.

    Example: hospital-hub secrets metrics-token > /etc/prometheus/hospital-hub.token
    """
    typer.echo(metrics_token(Vault(load_settings().master_key())))


def _write(file: Path, content: bytes) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as there:
        raise WrongSetup(f"{file} exists and stays as it is: give another name") from there
    except OSError as wrong:
        raise WrongSetup(f"{file} cannot be written ({wrong.strerror}): give another place") from wrong
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        # A lost master key makes every stored patient field unreadable.
        os.fsync(opened.fileno())
