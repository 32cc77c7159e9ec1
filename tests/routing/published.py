"""The published items that lie beside a checkout (../shared/data/dev); a clean clone has none, and says so."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

DEV = Path(__file__).parents[3] / "shared" / "data" / "dev"
needs_dev = pytest.mark.skipif(not DEV.is_dir(), reason="the published items are not beside this checkout")
# Chinese sets of several tasks; every set with known outcomes is English.
CHINESE_SETS = ("cmexam_val_zh", "toyhom_im_zh", "disc_cmd_zh", "csl_medical_zh", "medflow_emr_zh")


def records(name: str) -> Sequence[dict[str, Any]]:
    with (DEV / f"{name}.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@lru_cache(maxsize=1)
def tier_records() -> Sequence[dict[str, Any]]:
    """Every item of which the answers of all three sizes are known."""
    return [
        record
        for path in sorted(DEV.glob("tier_*.jsonl"))
        for record in records(path.stem)
        if "predicted" in record["extra"]
    ]


def tier_texts() -> list[str]:
    return [record["text"] for record in tier_records()]


def chinese_texts() -> list[str]:
    return [record["text"] for name in CHINESE_SETS for record in records(name)]
