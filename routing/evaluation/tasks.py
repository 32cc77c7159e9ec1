"""How often the task is recognised: F1 by task, and the recall of each set whose task is known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from routing.values import Task


@dataclass(frozen=True)
class Judged:
    """One text of a set: the task that it is, and the one that it was taken for."""

    source: str
    truth: Task
    said: Task


@dataclass(frozen=True)
class TaskFigures:
    """`confusion` counts what each true task was taken for. `recall` is by set: how many texts, and the share."""

    texts: int
    macro_f1: float
    f1: Mapping[str, float]
    recall: Mapping[str, tuple[int, float]]
    confusion: Mapping[str, Mapping[str, int]]


def task_figures(judged: Sequence[Judged]) -> TaskFigures:
    """Over the tasks that occur as truth."""
    pairs = Counter((one.truth, one.said) for one in judged)
    truths = [task for task in Task if any(one.truth is task for one in judged)]
    f1 = {task.value: _f1(pairs, task) for task in truths}
    return TaskFigures(
        texts=len(judged),
        macro_f1=sum(f1.values()) / len(f1),
        f1=f1,
        recall=_recall(judged),
        confusion={
            task.value: {said.value: pairs[task, said] for said in Task if pairs[task, said]} for task in truths
        },
    )


def _f1(pairs: Counter[tuple[Task, Task]], task: Task) -> float:
    """Twice the hits among the texts of the task and those taken for it."""
    said = sum(number for (_, taken), number in pairs.items() if taken is task)
    true = sum(number for (truth, _), number in pairs.items() if truth is task)
    return 2 * pairs[task, task] / (said + true)


def _recall(judged: Sequence[Judged]) -> Mapping[str, tuple[int, float]]:
    texts = Counter(one.source for one in judged)
    hits = Counter(one.source for one in judged if one.said is one.truth)
    return {source: (number, hits[source] / number) for source, number in texts.items()}
