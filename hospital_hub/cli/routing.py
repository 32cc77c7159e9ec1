"""`hospital-hub routing`: fit the router's models from published sets, and measure them on what they have not seen."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hospital_hub.cli.decide import idle
from hospital_hub.cli.route_file import decide_file
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.registry import Registry
from hospital_hub.settings import load_settings
from hospital_hub.storage.clock import utc_now
from routing import decide, load_policy
from routing.models import ARTEFACT, Models, pack
from routing.training.card import card
from routing.training.example import Example, fold_of
from routing.training.fit import FOLDS, fit
from routing.training.sets import SOURCES, examples_of
from routing.training.written import written

app = typer.Typer(help="The router's models: training and measurement.", no_args_is_help=True)
Data = Annotated[Path, typer.Option(help="Folder with the sets, one .jsonl each.", exists=True, file_okay=False)]


@app.command()
def train(
    data: Data,
    output: Annotated[Path, typer.Option(help="Folder for the artefact and its card.", file_okay=False)],
    seed: Annotated[int, typer.Option(help="Seed of the requests that are filled from slots.")] = 7,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date for the card; today if left out.")
    ] = None,
) -> None:
    """Fit task and need models on the sets whose licence allows it; the same data and seed make the same bytes.

    Example: hospital-hub routing train --data data/dev --output routing/artefacts
    """
    day = on.date() if on else utc_now().date()
    examples = [*read_sets(data), *written(seed)]
    models = fit(examples, _version(day, seed))
    output.mkdir(parents=True, exist_ok=True)
    written_whole(output / ARTEFACT, [pack(models)])
    text = orjson.dumps(card(examples, models.version, seed=seed), option=orjson.OPT_INDENT_2)
    written_whole(output / "models.json", [text + b"\n"])
    typer.echo(f"{len(examples)} examples, version {models.version}")


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
    policy, folds = load_policy(), _fitted_without(data, seed)
    keys = _keys(data)
    count = decide_file(
        source,
        target,
        second_opinion=not single,
        decided=lambda item, request: decide(
            request, fleet, policy=policy, models=folds[fold_of(keys.get(item.id, item.id), FOLDS)]
        ),
    )
    typer.echo(f"{count} decisions, {FOLDS} folds")


def _fitted_without(data: Path, seed: int) -> list[Models]:
    examples, own = read_sets(data), written(seed)
    return [
        fit([*(one for one in examples if fold_of(one.key, FOLDS) != fold), *own], f"without fold {fold}")
        for fold in range(FOLDS)
    ]


def read_sets(data: Path) -> list[Example]:
    """Every set of the table that the folder has."""
    return [
        example
        for name in SOURCES
        if (data / f"{name}.jsonl").exists()
        for example in examples_of(name, _records(data / f"{name}.jsonl"))
    ]


def _records(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        return [orjson.loads(line) for line in file]


def _keys(data: Path) -> dict[str, str]:
    return {
        record["id"]: str(record["extra"].get("split_key", record["id"]))
        for path in sorted(data.glob("*.jsonl"))
        for record in _records(path)
    }


def _version(day: date, seed: int) -> str:
    return f"{day.isoformat()}.{seed}"
