"""`hospital-hub routing`: fit the router's models from published sets, and measure them on what they have not seen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hospital_hub.cli.decide import BAD_INPUT, idle
from hospital_hub.cli.lines import BadLine
from hospital_hub.cli.outcome_file import read_outcomes
from hospital_hub.cli.route_file import decide_file
from hospital_hub.cli.routing_evaluate import evaluate
from hospital_hub.cli.routing_learning import outcomes, shadow
from hospital_hub.cli.training_data import fitted_without, fold_keys, read_sets
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.registry import Registry
from hospital_hub.settings import load_settings
from hospital_hub.storage.clock import utc_now
from routing import decide, load_policy
from routing.models import ARTEFACT, pack
from routing.training.card import card
from routing.training.example import fold_of
from routing.training.fit import FOLDS, fit
from routing.training.outcomes import Learned, learned, recalibration
from routing.training.written import written

app = typer.Typer(help="The router's models: training and measurement.", no_args_is_help=True)
Data = Annotated[Path, typer.Option(help="Folder with the sets, one .jsonl each.", exists=True, file_okay=False)]
for command in (evaluate, outcomes, shadow):
    app.command()(command)


@app.command()
def train(
    data: Data,
    output: Annotated[Path, typer.Option(help="Folder for the artefact and its card.", file_okay=False)],
    seed: Annotated[int, typer.Option(help="Seed of the requests that are filled from slots.")] = 7,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date for the card; today if left out.")
    ] = None,
    practice: Annotated[
        Path | None,
        typer.Option("--outcomes", help="What `routing outcomes` wrote.", exists=True, dir_okay=False),
    ] = None,
    measured: Annotated[
        Path | None,
        typer.Option(help="JSON of `routing evaluate --crossvalidated`, for the card.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Fit task and need models on the sets whose licence allows it; the same data and seed make the same bytes.

    Example: hospital-hub routing train --data data/dev --output routing/artefacts --outcomes outcomes.jsonl
    """
    day = on.date() if on else utc_now().date()
    found, figures = _learned(practice), _measured(measured)
    examples = [*read_sets(data), *written(seed)]
    models = replace(fit(examples, _version(day, seed)), recalibration=recalibration(found))
    output.mkdir(parents=True, exist_ok=True)
    written_whole(output / ARTEFACT, [pack(models)])
    described = {**card(examples, models.version, seed=seed), **_practice(found), **figures}
    text = orjson.dumps(described, option=orjson.OPT_INDENT_2)
    written_whole(output / "models.json", [text + b"\n"])
    typer.echo(f"{len(examples)} examples, version {models.version}")
    for one in found:
        typer.echo(f"{one.tier.label}: {one.outcomes} outcomes, predicted {one.predicted:.2f}, seen {one.seen:.2f}")


def _measured(path: Path | None) -> dict[str, Any]:
    """The figures of an evaluation that belong on the card."""
    if path is None:
        return {}
    try:
        whole = orjson.loads(path.read_bytes())
        policy = whole["policies"][0]
        figures = {"policy": policy["name"], "quality": policy["quality"], "tasks": policy["tasks"]}
        return {"crossvalidated": {**figures, "need": whole["need"]}}
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        typer.echo(f"{path} is not what `routing evaluate --json` prints. Nothing was written.", err=True)
        raise typer.Exit(BAD_INPUT) from None


def _learned(practice: Path | None) -> tuple[Learned, ...]:
    """Read before the long fit, so that a broken line is told at once."""
    try:
        return () if practice is None else learned(read_outcomes(practice))
    except BadLine as bad:
        typer.echo(f"{practice}: {bad}. Nothing was written.", err=True)
        raise typer.Exit(BAD_INPUT) from None


def _practice(found: Sequence[Learned]) -> dict[str, Any]:
    """For the card, if outcomes were read."""
    rows = {
        one.tier.label: {
            "outcomes": one.outcomes,
            "predicted": round(one.predicted, 4),
            "seen": round(one.seen, 4),
            "slope": round(one.correction.slope, 4),
            "bias": round(one.correction.bias, 4),
        }
        for one in found
    }
    return {"practice": rows} if rows else {}


@app.command()
def crossvalidate(
    data: Data,
    source: Annotated[Path, typer.Option("--input", help="Items to decide, from these sets.", exists=True)],
    target: Annotated[Path, typer.Option("--output", help="Decisions, each by a model that has not seen its item.")],
    single: Annotated[bool, typer.Option("--single", help="Never ask two models for one answer.")] = False,
    seed: Annotated[int, typer.Option(help="As for train.")] = 7,
) -> None:
    """Decide every item by models fitted without its fold.

    Example: hospital-hub routing crossvalidate --data data/dev --input items.jsonl --output decisions.jsonl
    """
    settings = load_settings()
    fleet = idle(Registry.parse(settings.models_document(), model_url=settings.model_url))
    policy, folds = load_policy(), fitted_without(data, seed)
    keys = fold_keys(data)
    count = decide_file(
        source,
        target,
        second_opinion=not single,
        decided=lambda item, request: decide(
            request, fleet, policy=policy, models=folds[fold_of(keys.get(item.id, item.id), FOLDS)]
        ),
    )
    typer.echo(f"{count} decisions, {FOLDS} folds")


def _version(day: date, seed: int) -> str:
    return f"{day.isoformat()}.{seed}"
