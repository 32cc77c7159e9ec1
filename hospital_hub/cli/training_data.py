"""The sets of a data folder as examples, and models that have not seen one of the folds."""

from pathlib import Path
from typing import Any

import orjson

from routing.models import Models
from routing.training.example import Example, fold_of
from routing.training.fit import FOLDS, fit
from routing.training.sets import SOURCES, examples_of
from routing.training.written import written


def fitted_without(data: Path, seed: int) -> list[Models]:
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


def fold_keys(data: Path) -> dict[str, str]:
    return {
        record["id"]: str(record["extra"].get("split_key", record["id"]))
        for path in sorted(data.glob("*.jsonl"))
        for record in _records(path)
    }
