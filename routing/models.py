"""The task and need models: one sparse product with committed weights, then a few calibrated logistic heads.

Trained by `hospital-hub routing train`; what they were trained on is written in artefacts/models.json.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from routing.folding import Folded
from routing.hashing import SIZE
from routing.values import Need, Task, Tier
from routing.vectors import WIDTH, Floats, vector

TASKS = tuple(Task)
# What each need head estimates. "only_large" is: the 32B fails and the 671B does not; "beyond_middle" the same of
# the 70B; "differ" is that the answers of 32B and 70B differ.
HEADS = ("small", "middle", "large", "only_large", "beyond_middle", "differ")
ARTEFACT = "models.npz"


class ArtefactError(ValueError):
    """The file of weights does not fit this code."""


@dataclass(frozen=True, eq=False)
class Models:
    """`weights` is WIDTH x columns: a column a task, then the columns that the need heads read."""

    version: str
    rarity: Floats
    weights: Floats
    bias: Floats
    task_heads: Floats
    need_heads: Floats

    def read(self, folded: Folded, shown: Mapping[str, tuple[str, ...]]) -> tuple[Mapping[Task, float], Need]:
        """Probability of each task, and the need, both over the whole text; `shown` as features.found_in says."""
        found = vector(folded, self.rarity, shown=shown)
        columns = found.values @ self.weights[found.positions] + self.bias
        tasks = _logistic(columns[: len(TASKS)], self.task_heads)
        tasks = tasks / tasks.sum()
        heads = dict(zip(HEADS, _logistic(columns[len(TASKS) :], self.need_heads).tolist(), strict=True))
        return dict(zip(TASKS, tasks.tolist(), strict=True)), _need(heads)


def _logistic(columns: Floats, heads: Floats) -> Floats:
    """A head a row; its last number is the bias."""
    return np.asarray(1 / (1 + np.exp(-(heads[:, :-1] @ columns + heads[:, -1]))), dtype=np.float32)


def _need(heads: Mapping[str, float]) -> Need:
    return Need(
        well={Tier.R1_32B: heads["small"], Tier.R1_70B: heads["middle"], Tier.R1_671B: heads["large"]},
        lost={Tier.R1_32B: heads["only_large"], Tier.R1_70B: heads["beyond_middle"], Tier.R1_671B: 0.0},
        differ=heads["differ"],
    )


def pack(models: Models) -> bytes:
    """The artefact; the same numbers make the same bytes."""
    target = io.BytesIO()
    np.savez_compressed(
        target,
        version=np.array(models.version),
        rarity=models.rarity.astype(np.float16),
        weights=models.weights.astype(np.float16),
        bias=models.bias,
        task_heads=models.task_heads,
        need_heads=models.need_heads,
    )
    return target.getvalue()


def unpack(content: bytes) -> Models:
    """Raises: ArtefactError when the arrays have another shape than this code reads."""
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: np.ascontiguousarray(stored[name], dtype=np.float32) for name in stored if name != "version"}
        models = Models(version=str(stored["version"]), **arrays)
    needed = (SIZE, WIDTH, len(TASKS), len(HEADS))
    found = (len(models.rarity), len(models.weights), len(models.task_heads), len(models.need_heads))
    if found != needed:
        raise ArtefactError(f"{ARTEFACT} has shapes {found}, this code reads {needed}; train it again")
    return models


@lru_cache(maxsize=1)
def packaged() -> Models:
    """The committed models, read once a process."""
    return unpack(resources.files("routing").joinpath("artefacts", ARTEFACT).read_bytes())
