"""How a tier is served by vLLM, from models.toml: the command, printed or run in place of this process."""

import json
import os
import shlex
import shutil
import sys
from typing import Annotated

import typer

from hospital_hub.errors import WrongSetup
from hospital_hub.registry import Registry, ServeValue, TierEntry
from hospital_hub.settings import load_settings

VLLM = "vllm"
TierName = Annotated[str, typer.Argument(metavar="TIER", help="r1-32b, r1-70b or r1-671b.")]
OnAscend = Annotated[bool, typer.Option("--ascend", help="For Ascend cards, with vllm-ascend.")]


def model_args(tier: TierName, ascend: OnAscend = False) -> None:
    """Print the command that serves a model, ready for a shell or a unit file.

    Example: hospital-hub model-args r1-671b --ascend
    """
    typer.echo(shlex.join([VLLM, "serve", *arguments(_entry(tier), ascend=ascend)]))


def serve_model(
    tier: TierName,
    ascend: OnAscend = False,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at.")] = 8000,
) -> None:
    """Serve a model with vLLM on this machine's cards.

    Example: hospital-hub serve-model r1-32b --host 0.0.0.0
    """
    wanted = arguments(_entry(tier), ascend=ascend)
    program = shutil.which(VLLM)
    if program is None:
        raise WrongSetup("vllm is not installed here: use its container image, or install it beside this program")
    sys.stdout.flush()
    os.execv(program, [program, "serve", *wanted, f"--host={host}", f"--port={port}"])  # noqa: S606 - our own arguments, no shell


def arguments(entry: TierEntry, *, ascend: bool = False) -> list[str]:
    """The arguments of `vllm serve`, beginning with the weights.

    Raises:
        WrongSetup: models.toml does not say how this tier runs on Ascend cards.
    """
    if ascend and entry.ascend is None:
        raise WrongSetup(f"models.toml has no block [tiers.{entry.served_name}.ascend]: add one")
    place = entry.ascend if ascend and entry.ascend is not None else entry
    names = [f"--served-model-name={entry.served_name}", f"--reasoning-parser={entry.reasoning_parser}"]
    return [place.model, *names, *(_flag(name, value) for name, value in place.serve.items())]


def _flag(name: str, value: ServeValue) -> str:
    """As vLLM's parser takes them: a switch and its opposite, a value, or JSON."""
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag}={json.dumps(value) if isinstance(value, dict) else value}"


def _entry(tier: str) -> TierEntry:
    tiers = Registry.parse(load_settings().models_document()).tiers
    if tier not in tiers:
        raise WrongSetup(f"models.toml has no tier {tier}: choose one of {', '.join(tiers)}")
    return tiers[tier]
