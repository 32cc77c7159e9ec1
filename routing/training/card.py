"""The card beside the artefact: what the models learned from, under which licences, and what they are for."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from routing.hashing import CHARACTER_GRAMS, SIZE
from routing.models import HEADS
from routing.training.example import Example
from routing.training.sets import SOURCES, for_task

FOR = "Choosing a tier in a hospital hub. Not a medical device, no clinical judgement, no urgency."
LIMITS = (
    "The need is learned from English multiple choice with one run a model; the 32B and 70B of those runs are "
    "QwQ-32B-Preview and Llama-3.3-70B-Instruct, not the distilled models of R1. In Chinese the need rests on "
    "translations of some of these questions, which no clinician has read."
)


def card(examples: Sequence[Example], version: str, *, seed: int) -> Mapping[str, Any]:
    """`sets` says how many examples of each set were read, teach the task, and were translated here."""
    task = Counter(example.source for example in for_task(examples))
    read = Counter(example.source for example in examples)
    translated = Counter(example.source for example in examples if example.translated)
    return {
        "version": version,
        "for": FOR,
        "limits": LIMITS,
        "seed": seed,
        "features": {"positions": SIZE, "character_grams": CHARACTER_GRAMS, "word_grams": (1, 2)},
        "heads": HEADS,
        "sets": {
            name: {
                "read": read[name],
                "for_task": task[name],
                "translated": translated[name],
                "licence": SOURCES[name].licence if name in SOURCES else "written for this project, Apache-2.0",
            }
            for name in sorted(read)
        },
        "texts_sha256": hashlib.sha256("\n".join(example.text for example in examples).encode()).hexdigest(),
    }
