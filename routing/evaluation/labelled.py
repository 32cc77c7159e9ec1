"""Figures over texts whose task, or whose answers by all three sizes, are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from routing.evaluation.calibration import Calibration, calibration
from routing.evaluation.choices import Choice, ways, ways_by_task
from routing.evaluation.curve import Sample, bar_curve, opinion_points, references
from routing.evaluation.evaluation import Evaluation, PolicyFigures
from routing.evaluation.quality import Answered, Quality, quality
from routing.evaluation.tasks import Judged, task_figures
from routing.policy import Policy
from routing.replay import Case
from routing.values import Task, Tier

SINGLE, OPINIONS = "single", "second opinions"
SMALL, MIDDLE, LARGE = (tier.label for tier in Tier)
ONLY_LARGE = f"{SMALL} fails, {LARGE} does not"
Cost = Mapping[Tier, float]
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Label:
    """One text of a set, by what is known of it."""

    source: str
    task: Task | None
    answered: Answered | None


@dataclass(frozen=True)
class Labelled:
    """A label with the case that can be decided."""

    label: Label
    case: Case


def evaluate_cases(items: Sequence[Labelled], policies: Mapping[str, Policy], *, cost: Cost) -> Evaluation:
    """Every policy in both modes, with its curves; each text was read once, in its case."""
    asked = [item for item in items if item.label.answered]
    sample = _sample(asked, cost)
    figures = [_figures(name, policy, items=items, sample=sample) for name, policy in policies.items()]
    needs = [item.case.decide(next(iter(policies.values()))).trace.need for item in asked]
    return Evaluation(
        requests=len(items),
        policies=tuple(figures),
        references=references(sample) if asked else {},
        need=need_figures(needs, sample.answers) if asked else {},
    )


def _sample(items: Sequence[Labelled], cost: Cost) -> Sample:
    answers = [item.label.answered for item in items if item.label.answered]
    return Sample([item.case for item in items], answers, cost)


def _figures(name: str, policy: Policy, *, items: Sequence[Labelled], sample: Sample) -> PolicyFigures:
    everything = _sample(items, sample.cost)
    modes = {SINGLE: False, OPINIONS: True}
    choices = {mode: everything.allowing(second_opinion=both).choices(policy) for mode, both in modes.items()}
    plain = chosen_figures(name, [item.label for item in items], choices=choices, cost=sample.cost)
    if not sample.cases:
        return plain
    return replace(plain, curve=bar_curve(sample, policy), opinions=opinion_points(sample, policy))


def chosen_figures(
    name: str, labels: Sequence[Label], *, choices: Mapping[str, Sequence[Choice]], cost: Cost
) -> PolicyFigures:
    """Of decisions that are made, by mode; the shares are those of the last mode."""
    *_, last = choices.values()
    judged = [Judged(one.source, one.task, made.task) for one, made in zip(labels, last, strict=True) if one.task]
    asked = {mode: _asked(labels, made) for mode, made in choices.items()}
    known = any(one.answered for one in labels)
    return PolicyFigures(
        name=name,
        ways=ways(last),
        ways_by_task=ways_by_task(last),
        quality={mode: _quality(own, cost) for mode, own in asked.items()} if known else {},
        by_set={mode: _by_set(own, cost) for mode, own in asked.items()},
        tasks=task_figures(judged) if judged else None,
    )


Asked = Sequence[tuple[str, Choice, Answered]]


def _asked(labels: Sequence[Label], choices: Sequence[Choice]) -> Asked:
    pairs = zip(labels, choices, strict=True)
    return [(one.source, made, one.answered) for one, made in pairs if one.answered]


def _quality(asked: Asked, cost: Cost) -> Quality:
    return quality([made for _, made, _ in asked], [answered for _, _, answered in asked], cost=cost)


def _by_set(asked: Asked, cost: Cost) -> Mapping[str, Quality]:
    sources = sorted({source for source, _, _ in asked})
    return {source: _quality([one for one in asked if one[0] == source], cost) for source in sources}


def need_figures(needs: Sequence[Numbers], answers: Sequence[Answered]) -> Mapping[str, Calibration]:
    """Each probability of the need, as a trace names them, against what came true."""
    chances = {
        ONLY_LARGE: [need.get(f"lost:{SMALL}", 0.0) for need in needs],
        f"{MIDDLE} fails, {LARGE} does not": [need.get(f"lost:{MIDDLE}", 0.0) for need in needs],
        **{f"{tier.label} is right": [need[tier.label] for need in needs] for tier in Tier},
        f"{SMALL} and {MIDDLE} differ": [need["differ"] for need in needs],
    }
    came = [_came(answer) for answer in answers]
    return {name: calibration(said, [one[name] for one in came]) for name, said in chances.items()}


def _came(answer: Answered) -> Mapping[str, bool]:
    right = answer.right
    return {
        ONLY_LARGE: right[Tier.R1_671B] and not right[Tier.R1_32B],
        f"{MIDDLE} fails, {LARGE} does not": right[Tier.R1_671B] and not right[Tier.R1_70B],
        **{f"{tier.label} is right": right[tier] for tier in Tier},
        f"{SMALL} and {MIDDLE} differ": not answer.agree,
    }
