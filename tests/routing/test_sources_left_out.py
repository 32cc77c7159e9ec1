"""What the task model makes of a source that it has never seen, and that it does not know sources by their cues."""

from collections.abc import Sequence

import numpy as np
import pytest

from routing import Lane, Request, Task, decide
from routing.models import Models, packaged
from routing.training.example import Example
from routing.training.fit import _rarity, _tasks
from routing.training.sets import SOURCES, examples_of, for_task
from routing.training.written import varied, written
from tests.routing.conftest import Figure
from tests.routing.left_out import without_each
from tests.routing.published import DEV, needs_dev, records
from tests.routing.single import IDLE, POLICY

TRAINING_SEED, OTHER_SEED = 7, 4711
MEDIAN, LEAST = 0.80, 0.40
# The scorer's sets that no training may read, so that they are always left out.
NEVER_READ = {
    "semigran45_en": Task.TRIAGE,
    "semigran45_zh_translated": Task.TRIAGE,
    "esi_handbook_en": Task.TRIAGE,
    "mimic_ed_demo_en": Task.TRIAGE,
    "imcs_selfreport_zh": Task.TRIAGE,
    "imcs_notes_zh": Task.NOTE,
}
CUES = (
    "[doctor] ",
    "Doctor: ",
    "[patient] ",
    "Chief complaint: ",
    "主诉：",
    "医生：",
    "患者：",
    "[guest_family] ",
    "Q: ",
)


def task_of(text: str, models: Models | None = None) -> Task:
    request = Request(text=text, lane=Lane.STAFF, context_tokens=100, answer_tokens=100, deadline=60)
    return decide(request, IDLE, policy=POLICY, models=models).trace.task


def recall(texts: Sequence[str], task: Task, *, models: Models) -> float:
    return sum(task_of(text, models) is task for text in texts) / len(texts)


@needs_dev
@pytest.mark.timeout(600)
def test_recall_of_each_source_left_out(figure: Figure) -> None:
    own = [example for name in SOURCES for example in examples_of(name, records(name))]
    examples = [*own, *written(TRAINING_SEED)]
    learned = varied(for_task(examples))
    recalls = {}
    for name, models in zip(SOURCES, without_each(learned, _rarity(examples), sources=tuple(SOURCES)), strict=True):
        texts = [example.text for example in own if example.source == name]
        recalls[name] = recall(texts, SOURCES[name].task, models=models)
        figure(f"left out {name:18} {SOURCES[name].task:10} recall {recalls[name]:.3f} of {len(texts)}")
    kinds = [found for name, found in recalls.items() if SOURCES[name].task is not Task.OTHER]
    never = [recall([one["text"] for one in records(name)], NEVER_READ[name], models=packaged()) for name in NEVER_READ]
    every = [*kinds, *never]
    figure(f"left out: median {np.median(kinds):.3f}, least {min(kinds):.3f} of the {len(kinds)} sets that are read")
    figure(f"left out: median {np.median(every):.3f}, least {min(every):.3f} with those that are never read")
    assert np.median(every) >= MEDIAN
    assert min(every) >= LEAST


@needs_dev
@pytest.mark.parametrize("name", NEVER_READ)
def test_recall_of_a_source_that_no_training_reads(name: str, figure: Figure) -> None:
    if not (DEV / f"{name}.jsonl").exists():
        pytest.skip(f"{name} is not there")
    texts = [record["text"] for record in records(name)]
    found = sum(task_of(text) is NEVER_READ[name] for text in texts) / len(texts)
    figure(f"never read {name:24} {NEVER_READ[name]:10} recall {found:.3f} of {len(texts)}")
    assert found >= LEAST


def test_the_quick_way_learns_what_training_learns() -> None:
    """Leaving out a set is the same as training without it."""
    whole = written(TRAINING_SEED)[::9]
    half = [Example("gone" if at % 3 == 0 else "kept", one.key, one.text, one.task) for at, one in enumerate(whole)]
    rarity = _rarity(half)
    (quick,) = without_each(half, rarity, sources=("gone",))
    (weights, bias), heads = _tasks([example for example in half if example.source == "kept"], rarity)
    np.testing.assert_allclose(quick.weights, weights, atol=2e-3)
    np.testing.assert_allclose(quick.bias, bias, atol=1e-3)
    np.testing.assert_allclose(quick.task_heads, heads, rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize("cue", CUES)
def test_a_cue_of_a_source_is_not_read(cue: str) -> None:
    texts = sorted({example.text for example in written(OTHER_SEED)})[::20]
    assert len(texts) >= 80
    moved = [text for text in texts if task_of(_with_cue(text, cue)) is not task_of(text)]
    assert moved == []


@needs_dev
@pytest.mark.parametrize("name", ["mts_dialog_en", "aci_bench_en", "primock57_en", "imcs_notes_zh", "medflow_emr_zh"])
def test_without_the_speakers_and_headings_of_a_set_the_task_is_the_same(name: str) -> None:
    texts = [record["text"] for record in records(name)][:60]
    assert [task_of(_without_cues(text)) for text in texts] == [task_of(text) for text in texts]


def _with_cue(text: str, cue: str) -> str:
    return "\n".join(cue + line for line in text.split("\n"))


def _without_cues(text: str) -> str:
    """Speakers, headings and their colons or brackets, as these sets write them."""
    lines = [line.split("：", 1)[-1] if "：" in line[:8] else line.split(": ", 1)[-1] for line in text.split("\n")]
    return "\n".join(line.split("] ", 1)[-1] if line.startswith("[") else line for line in lines)
