"""The figures of an evaluation as tables, in the order in which they are read."""

from collections.abc import Iterator, Mapping, Sequence

from hospital_hub.cli.sheet import NONE, Row, Sheet, named, number, pair, percent
from hospital_hub.cli.traffic_sheets import traffic_sheets
from routing import Task, Tier
from routing.evaluation.curve import Point
from routing.evaluation.evaluation import Evaluation, PolicyFigures
from routing.evaluation.labelled import ONLY_LARGE
from routing.evaluation.quality import Quality

SMALL, MIDDLE, LARGE = (tier.label for tier in Tier)
GAP = (
    f"Gap: how much of the accuracy between always {SMALL} and always {LARGE} is recovered, with 95 % of it under "
    f"resampling. Choosing one of the two at random recovers its own {LARGE} share. Cost a question, {SMALL} = 1."
)


def sheets(found: Evaluation) -> list[Sheet]:
    """Those that have any row."""
    made = [*_answers(found), *_tasks(found), *traffic_sheets(found)]
    return [sheet for sheet in made if sheet.rows]


def _answers(found: Evaluation) -> Iterator[Sheet]:
    yield _quality(found)
    yield _by_set(found)
    for policy in found.policies:
        yield _curve(policy, of=_of(policy, found))
        yield _opinions(policy, of=_of(policy, found))
    yield _need(found)
    yield _reliability(found)


def _of(policy: PolicyFigures, found: Evaluation) -> str:
    return f", policy {policy.name}" if len(found.policies) > 1 else ""


def _quality(found: Evaluation) -> Sheet:
    rows = [
        Row((named(mode, policy.name, policies=len(found.policies)), *_figures(quality)), own=True)
        for policy in found.policies
        for mode, quality in policy.quality.items()
    ]
    rows += [Row((name, *_reference(point))) for name, point in found.references.items()]
    heads = ("Mode", "Accuracy", "Gap", "Interval", "Cost", f"{LARGE} share", "Second opinions", "Refused")
    return Sheet(
        "quality", f"Answers: quality and cost{_of_all(found)}", heads, tuple(rows) if _known(found) else (), GAP
    )


def _of_all(found: Evaluation) -> str:
    return "" if len(found.policies) > 1 else f", policy {found.policies[0].name}"


def _known(found: Evaluation) -> bool:
    return any(policy.quality for policy in found.policies)


def _figures(quality: Quality) -> tuple[str, ...]:
    return (
        percent(quality.accuracy),
        percent(quality.gap),
        pair(quality.interval),
        number(quality.cost, 3),
        percent(quality.share[LARGE]),
        percent(quality.second_opinions),
        percent(quality.refused),
    )


def _reference(point: Point) -> tuple[str, ...]:
    opinions = percent(point.second_opinions)
    return (
        percent(point.accuracy),
        percent(point.gap),
        NONE,
        number(point.cost, 3),
        percent(point.large),
        opinions,
        NONE,
    )


def _by_set(found: Evaluation) -> Sheet:
    rows = [
        Row((source, named(mode, policy.name, policies=len(found.policies)), f"{one.questions:,}", *_of_set(one)))
        for policy in found.policies
        for mode, by_set in policy.by_set.items()
        for source, one in by_set.items()
    ]
    heads = (
        "Set",
        "Mode",
        "Questions",
        f"{SMALL} right",
        f"{LARGE} right",
        "Accuracy",
        "Gap",
        "Cost",
        f"{LARGE} share",
    )
    return Sheet("sets", "Answers by set", heads, tuple(sorted(rows, key=lambda row: row.cells[0])))


def _of_set(one: Quality) -> tuple[str, ...]:
    accuracy, gap, _, cost, large, *_ = _figures(one)
    return (percent(one.always_small), percent(one.always_large), accuracy, gap, cost, large)


def _curve(policy: PolicyFigures, *, of: str) -> Sheet:
    rows = [
        Row(
            (
                f"× {number(point.setting['factor'])}",
                number(point.setting["bar"], 4),
                percent(point.gap),
                number(point.cost, 3),
                percent(point.large),
                percent(point.accuracy),
            ),
            own=point.own,
        )
        for point in policy.curve
    ]
    heads = ("Bars", "Bar of other", "Gap", "Cost", f"{LARGE} share", "Accuracy")
    return Sheet("curve", f"One model a question: all bars scaled together{of}", heads, tuple(rows))


def _opinions(policy: PolicyFigures, *, of: str) -> Sheet:
    shown = sorted((point for point in policy.opinions if point.best or point.own), key=lambda point: point.large)
    rows = [
        Row(
            (
                number(point.setting["skip_below"], 3),
                number(point.setting["arbiter_from"], 3),
                percent(point.gap),
                percent(point.large),
                percent(point.second_opinions),
                number(point.cost, 3),
                percent(point.accuracy),
            ),
            own=point.own,
        )
        for point in shown
    ]
    heads = ("skip_below", "arbiter_from", "Gap", f"{LARGE} share", "Second opinions", "Cost", "Accuracy")
    note = (
        f"The best of {len(policy.opinions)} settings and the policy's own: no other reaches the gap with less {LARGE}."
    )
    return Sheet("opinions", f"Second opinions: both thresholds{of}", heads, tuple(rows), note)


def _need(found: Evaluation) -> Sheet:
    rows = [
        Row(
            (name, f"{one.count:,}", percent(one.rate), number(one.error, 4), number(one.auc, 3)),
            own=name == ONLY_LARGE,
        )
        for name, one in found.need.items()
    ]
    note = "ECE: mean distance of probability and share over 10 bins of equal width. AUC 0.5 is chance."
    return Sheet(
        "need", "Need: are its probabilities true", ("Event", "Questions", "Rate", "ECE", "AUC"), tuple(rows), note
    )


def _reliability(found: Evaluation) -> Sheet:
    bins = found.need[ONLY_LARGE].bins if ONLY_LARGE in found.need else ()
    rows = [
        Row((f"{number(one.low, 1)} to {number(one.high, 1)}", f"{one.count:,}", percent(one.said), percent(one.came)))
        for one in bins
    ]
    heads = ("Probability", "Questions", "Said", "Came true")
    return Sheet("reliability", f"Need: {ONLY_LARGE}", heads, tuple(rows))


def _tasks(found: Evaluation) -> Iterator[Sheet]:
    judged = [(policy.name, policy.tasks) for policy in found.policies if policy.tasks]
    rows = [Row((name, f"{one.texts:,}", number(one.macro_f1, 4), *_by_task(one.f1)), own=True) for name, one in judged]
    heads = ("Policy", "Texts", "Macro-F1", *(task.value for task in Task if task is not Task.OTHER))
    yield Sheet("tasks", "Tasks: F1 on bare content", heads, tuple(rows))
    sources = sorted({source for _, one in judged for source in one.recall})
    recall = [Row((source, *_recalls(source, [one.recall for _, one in judged]))) for source in sources]
    yield Sheet("recall", "Tasks: recall by set", ("Set", "Texts", *(name for name, _ in judged)), tuple(recall))


def _by_task(f1: Mapping[str, float]) -> list[str]:
    return [number(f1.get(task.value), 3) for task in Task if task is not Task.OTHER]


def _recalls(source: str, recalls: Sequence[Mapping[str, tuple[int, float]]]) -> list[str]:
    return [f"{recalls[0][source][0]:,}", *(percent(recall[source][1]) for recall in recalls)]
