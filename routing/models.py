"""The task and need models: one sparse product with committed weights, then a few calibrated logistic heads.

Trained by `hospital-hub routing train`; what they were trained on is written in artefacts/models.json.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

from routing.folding import Folded
from routing.hashing import SIZE
from routing.learned import Correction, corrected
from routing.values import Need, Task, Tier
from routing.vectors import WIDTH, Floats, vector

TASKS = tuple(Task)
# Columns and heads of the words: one a task, and last whether nothing clinical is asked at all.
WORDS = len(TASKS) + 1
# What each need head estimates. "only_large" is: the 32B fails and the 671B does not; "beyond_middle" the same of
# the 70B; "differ" is that the answers of 32B and 70B differ.
HEADS = ("small", "middle", "large", "only_large", "beyond_middle", "differ")
ARTEFACT = "models.npz"
# From this share of its characters on a text is Chinese, with whatever names and units it holds.
WIDE_FROM, CHINESE_SHARE = 0x2E80, 0.2


class ArtefactError(ValueError):
    """The file of weights does not fit this code."""


@dataclass(frozen=True, eq=False)
class Models:
    """`weights` is WIDTH x columns: WORDS columns, then those that the need heads read.

    `need_heads` are those of English and behind them those of Chinese, as each language was calibrated by itself.
    `recalibration` is what outcomes in practice have taught (tier by slope and bias); None before they have.
    """

    version: str
    rarity: Floats
    weights: Floats
    bias: Floats
    task_heads: Floats
    need_heads: Floats
    recalibration: Floats | None = None

    def read(self, folded: Folded, shown: Mapping[str, tuple[str, ...]]) -> tuple[Mapping[Task, float], Need]:
        """Probability of each task, and the need, both over the whole text; `shown` as features.found_in says."""
        found = vector(folded, self.rarity, shown=shown)
        columns = found.values @ self.weights.take(found.positions, axis=0) + self.bias
        *scores, plain = _logistic(columns[:WORDS], self.task_heads).tolist()
        tasks = {task: score / sum(scores) for task, score in zip(TASKS, scores, strict=True)}
        own = self.need_heads[len(HEADS) :] if _chinese(folded) else self.need_heads[: len(HEADS)]
        heads = dict(zip(HEADS, _logistic(columns[WORDS:], own).tolist(), strict=True))
        return tasks, corrected(_need(heads, plain=plain), self.corrections())

    def corrections(self) -> Mapping[Tier, Correction]:
        """Empty when nothing was learned from outcomes."""
        if self.recalibration is None:
            return {}
        return {tier: Correction(*row) for tier, row in zip(Tier, self.recalibration.tolist(), strict=True)}


def _chinese(folded: Folded) -> bool:
    return bool(np.count_nonzero(folded.codes >= WIDE_FROM) / len(folded.codes) >= CHINESE_SHARE)


def _logistic(columns: Floats, heads: Floats) -> Floats:
    """A head a row; its last number is the bias."""
    return np.asarray(1 / (1 + np.exp(-(heads[:, :-1] @ columns + heads[:, -1]))), dtype=np.float32)


def _need(heads: Mapping[str, float], *, plain: float) -> Need:
    """The heads learned from clinical questions; what is none is answered well, and alike, by every size."""
    asked = 1 - plain
    small, middle, large = (plain + asked * heads[name] for name in ("small", "middle", "large"))
    return Need(
        well={Tier.R1_32B: small, Tier.R1_70B: middle, Tier.R1_671B: large},
        lost={Tier.R1_32B: asked * heads["only_large"], Tier.R1_70B: asked * heads["beyond_middle"], Tier.R1_671B: 0.0},
        differ=asked * heads["differ"],
    )


def pack(models: Models) -> bytes:
    """The artefact; the same numbers make the same bytes."""
    target = io.BytesIO()
    learned: dict[str, Any] = {} if models.recalibration is None else {"recalibration": models.recalibration}
    np.savez_compressed(
        target,
        version=np.array(models.version),
        rarity=models.rarity.astype(np.float16),
        weights=models.weights.astype(np.float16),
        bias=models.bias,
        task_heads=models.task_heads,
        need_heads=models.need_heads,
        **learned,
    )
    return target.getvalue()


def unpack(content: bytes) -> Models:
    """Raises: ArtefactError when the arrays have another shape than this code reads."""
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: np.ascontiguousarray(stored[name], dtype=np.float32) for name in stored if name != "version"}
        models = Models(version=str(stored["version"]), **arrays)
    needed = (SIZE, WIDTH, WORDS, 2 * len(HEADS))
    found = (len(models.rarity), len(models.weights), len(models.task_heads), len(models.need_heads))
    if found != needed:
        raise ArtefactError(f"{ARTEFACT} has shapes {found}, this code reads {needed}; train it again")
    learned = models.recalibration
    if learned is not None and not (
        learned.shape == (len(Tier), 2) and np.isfinite(learned).all() and learned[:, 0].min() > 0
    ):
        raise ArtefactError(f"{ARTEFACT} has a recalibration that is not a slope above 0 and a bias a tier")
    return models


@lru_cache(maxsize=1)
def packaged() -> Models:
    """The committed models, read once a process."""
    return unpack(resources.files("routing").joinpath("artefacts", ARTEFACT).read_bytes())
