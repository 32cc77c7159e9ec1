"""The published sets that may be learned from, each with the licence that allows it, and how a record is read.

Sets that are NC, ODbL, without a licence or for evaluation only are not in this table and so never read.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import Any

from routing.training.example import Example, Outcomes
from routing.values import Task


@dataclass(frozen=True)
class Source:
    """`most` records teach the task (by hash of the key); records with outcomes all teach the need."""

    task: Task
    licence: str
    most: int = 250


SOURCES: Mapping[str, Source] = {
    "lostbench_en": Source(Task.TRIAGE, "MIT"),
    "stcc_cases_en": Source(Task.TRIAGE, "MIT"),
    "avey400_en": Source(Task.TRIAGE, "MIT"),
    "disc_cmd_zh": Source(Task.TRIAGE, "Apache-2.0, questions MIT"),
    "toyhom_im_zh": Source(Task.TRIAGE, "MIT"),
    "mts_dialog_en": Source(Task.NOTE, "CC BY 4.0", 400),
    "aci_bench_en": Source(Task.NOTE, "CC BY 4.0"),
    "primock57_en": Source(Task.NOTE, "CC BY 4.0"),
    "medflow_emr_zh": Source(Task.NOTE, "Apache-2.0"),
    "csl_medical_zh": Source(Task.RESEARCH, "Apache-2.0"),
    "tier_pubmedqa_en": Source(Task.RESEARCH, "Apache-2.0, questions MIT"),
    "nhs_fft_en": Source(Task.OPERATIONS, "MIT", 400),
    "ehrsql_staff_en": Source(Task.OPERATIONS, "CC BY 4.0"),
    "presidio_synth_en": Source(Task.OTHER, "MIT", 80),
    "tier_medqa_en": Source(Task.OTHER, "Apache-2.0, questions MIT", 20),
    "tier_medmcqa_en": Source(Task.OTHER, "Apache-2.0, questions MIT", 20),
    "tier_mmlu_en": Source(Task.OTHER, "Apache-2.0, questions MIT", 20),
    "tier_mmlupro_en": Source(Task.OTHER, "Apache-2.0, questions MIT", 20),
}
SMALL_MODELS = ("QwQ-32B-Preview", "Llama-3.3-70B-Instruct-Turbo", "gpt-4o-mini", "claude-3-5-haiku")
LARGE_MODELS = ("DeepSeek-R1", "o3-mini", "o1-mini")


def examples_of(name: str, records: Iterable[Mapping[str, Any]]) -> list[Example]:
    """Each record, and behind it its Chinese translation where this project has one, in the same fold.

    Raises: KeyError when the set is not in the table or a record lacks a field.
    """
    return [example for record in records for example in _in_both_languages(name, record)]


def _in_both_languages(name: str, record: Mapping[str, Any]) -> Iterator[Example]:
    key = str(record["extra"].get("split_key", record["id"]))
    example = Example(name, key, record["text"], SOURCES[name].task, _outcomes(record))
    yield example
    if chinese := _translations().get(record["id"]):
        yield replace(example, text=chinese, translated=True)


@lru_cache(maxsize=1)
def _translations() -> Mapping[str, str]:
    """Chinese text by the id of its English record; made for this project from sets whose licence allows it."""
    lines = resources.files("routing").joinpath("training", "translated.jsonl").read_text("utf-8").splitlines()
    return {record["id"]: record["text"] for record in map(json.loads, lines)}


def for_task(examples: Sequence[Example]) -> list[Example]:
    """At most so many of each set and language as its row says, chosen by the hash of the text."""
    kept: list[Example] = []
    for name, translated in sorted({(example.source, example.translated) for example in examples}):
        own = [example for example in examples if (example.source, example.translated) == (name, translated)]
        most = SOURCES[name].most if name in SOURCES else len(own)
        kept += sorted(own, key=lambda example: hashlib.sha256(example.text.encode()).digest())[:most]
    return kept


def _outcomes(record: Mapping[str, Any]) -> Outcomes | None:
    said = record["extra"].get("predicted")
    if said is None:
        return None
    truth, runs = record["label"]["answer"], record["extra"]["correct"]
    return Outcomes(
        small=said["32B"] == truth,
        middle=said["70B"] == truth,
        large=said["671B"] == truth,
        differ=said["32B"] != said["70B"],
        small_rate=sum(bool(runs[model]) for model in SMALL_MODELS) / len(SMALL_MODELS),
        large_rate=sum(bool(runs[model]) for model in LARGE_MODELS) / len(LARGE_MODELS),
    )
