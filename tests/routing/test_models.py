"""The task and need models: repeatable bytes, the same request typed differently, no cue of a source."""

import hashlib

import numpy as np
import pytest

from routing.features import found_in
from routing.folding import fold
from routing.hashing import SIZE, grams
from routing.models import ArtefactError, Models, pack, packaged, unpack
from routing.risk import risky_words
from routing.training.algebra import logistic
from routing.training.example import Example, Outcomes, fold_of
from routing.training.fit import fit
from routing.training.written import written
from routing.values import Need, Task, Tier


def read(text: str, models: Models | None = None) -> tuple[Task, Need]:
    folded = fold(text)
    tasks, need = (models or packaged()).read(folded, found_in(folded))
    return max(tasks, key=lambda task: tasks[task]), need


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("My three year old has had a fever since last night and will not drink. What should I do?", Task.TRIAGE),
        ("宝宝半岁，昨晚开始发烧，一直哭闹，要不要去医院？", Task.TRIAGE),
        ("Draft a SOAP note from this visit: Any fever? No. Any cough? Yes, a little. Okay, let me listen.", Task.NOTE),
        ("哪里不舒服？\n咳嗽三天了\n有痰吗？\n没有\n发烧吗？\n不烧\n好的，先去化验一下血常规", Task.NOTE),
        ("目的 探讨早期康复对脑梗死患者的影响.方法 回顾性分析86例患者.结果 差异有统计学意义.", Task.RESEARCH),
        ("How many patients were admitted to cardiology last month?", Task.OPERATIONS),
        ("The nurses were kind but I waited four hours and nobody told me why.", Task.OPERATIONS),
    ],
)
def test_bare_and_instructed_text_of_each_task(text: str, task: Task) -> None:
    assert read(text)[0] is task


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What DOSE of Warfarin?", "what dose of ｗａｒｆａｒｉｎ？"),
        ("這個藥的劑量", "这个药的剂量"),
        ("[doctor] any fever?\n[patient] no", "Doctor: any fever?\nPatient: no"),
        ("主诉：头痛", "Chief complaint: 头痛"),
        ("blood pressure 128 over 84", "blood pressure 97 over 5"),
    ],
)
def test_what_differs_only_in_typing_or_label_folds_to_the_same(one: str, other: str) -> None:
    assert fold(one).text.strip(" .") == fold(other).text.strip(" .")


@pytest.mark.parametrize("text", ["", " ", "中", "a", "\ud800", "\x00", "::::", "🙂" * 5, "0" * 999])
def test_any_text_can_be_read(text: str) -> None:
    positions, values = grams(fold(text).codes)
    assert len(positions) == len(values)
    assert np.all(positions < SIZE)
    _, need = read(text)
    assert all(0 <= chance <= 1 for chance in need.well.values())


def test_words_of_risk_survive_one_error_and_do_not_catch_common_words() -> None:
    assert risky_words(fold("the titation of the overdoes")) == ("overdoes", "titation")
    assert risky_words(fold("She does close those doors and loses citrate.")) == ()


def _examples() -> list[Example]:
    asked = [
        Example(
            "hard" if number % 2 else "easy",
            f"asked:{number}",
            f"{'rare syndrome of the third kind' if number % 2 else 'which vitamin is in oranges'} {number * 'x'}",
            Task.OTHER,
            Outcomes(
                small=number % 2 == 0,
                middle=number % 2 == 0,
                large=True,
                differ=number % 3 == 0,
                small_rate=0.5,
                large_rate=1.0,
            ),
        )
        for number in range(60)
    ]
    return [*asked, *written(3)[::12]]


def test_the_same_examples_make_the_same_bytes_and_are_learned() -> None:
    models = fit(_examples(), "test")
    content = pack(models)
    assert content == pack(fit(_examples(), "test"))
    again = unpack(content)
    hard, easy = read("rare syndrome of the third kind", again)[1], read("which vitamin is in oranges", again)[1]
    assert hard.lost[Tier.R1_32B] > easy.lost[Tier.R1_32B] + 0.3
    assert hard.lost[Tier.R1_671B] == 0


def test_another_shape_of_weights_is_refused() -> None:
    models = packaged()
    wrong = Models("wrong", models.rarity[:-1], models.weights, models.bias, models.task_heads, models.need_heads)
    with pytest.raises(ArtefactError, match="train it again"):
        unpack(pack(wrong))


def test_written_requests_repeat_and_folds_keep_twins_together() -> None:
    texts = [example.text for example in written(5)]
    assert texts == [example.text for example in written(5)]
    assert texts != [example.text for example in written(6)]
    assert not any("{" in text for text in texts)
    assert fold_of("mcq:a", 5) == fold_of("mcq:a", 5)
    assert {fold_of(hashlib.sha256(bytes([n])).hexdigest(), 5) for n in range(60)} == set(range(5))


def test_the_logistic_fit_finds_the_rate_and_the_direction() -> None:
    inputs = np.linspace(-1, 1, 200)[:, None]
    weights = logistic(inputs, inputs[:, 0] > 0, penalty=0.1)
    assert weights[0] > 1
    assert abs(weights[1]) < 0.1
