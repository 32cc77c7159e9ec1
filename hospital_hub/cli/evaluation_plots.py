"""What the report's plots show, as values; report/report.js hands them to Chart.js."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hospital_hub.cli.sheet import named
from routing import Task, Tier
from routing.evaluation.choices import WAYS
from routing.evaluation.curve import Point, best_of
from routing.evaluation.evaluation import Evaluation
from routing.evaluation.labelled import ONLY_LARGE

SMALL, LARGE = Tier.R1_32B.label, Tier.R1_671B.label
MIX = f"{SMALL} or {LARGE} at random"
Plot = Mapping[str, Any]
Price = Callable[[Point], float]


def plots(found: Evaluation) -> Mapping[str, Plot]:
    """By the key of the sheet that they belong to."""
    made: dict[str, Plot] = {}
    if found.references:
        made["curve"] = _against(found, "GPU cost a question", price=lambda point: point.cost)
        made["opinions"] = _against(found, f"{LARGE} share", price=lambda point: point.large)
    if ONLY_LARGE in found.need:
        made["reliability"] = _reliability(found)
    made["ways"] = _ways(found)
    if found.policies[0].tasks:
        made["recall"] = _recall(found)
    if found.drift:
        made["drift"] = _drift(found)
    return made


def _against(found: Evaluation, axis: str, *, price: Price) -> Plot:
    """Gap against a price: each policy's curves, itself on them, and what needs no router."""
    series = []
    for place, policy in enumerate(found.policies):
        name = f" · {policy.name}" if len(found.policies) > 1 else ""
        marks = best_of(policy.opinions, [price(point) for point in policy.opinions])
        best = [point for point, mark in zip(policy.opinions, marks, strict=True) if mark]
        series += [
            _line(f"one model{name}", policy.curve, price=price, role=f"single-{place}"),
            _line(f"second opinions, best settings{name}", best, price=price, role=f"both-{place}"),
            _dots(f"other settings{name}", policy.opinions, price=price, role=f"faint-{place}"),
        ]
        own = [point for point in (*policy.curve, *policy.opinions) if point.own]
        series.append(_dots(f"the policy itself{name}", own, price=price, role=f"own-{place}"))
    ends = [found.references[f"always {label}"] for label in (SMALL, LARGE)]
    series.append(_line(MIX, ends, price=price, role="mix"))
    series += [_dots(name, [point], price=price, role="reference") for name, point in found.references.items()]
    percent = "share" in axis
    return {"kind": "curve", "x": axis, "y": "Gap recovered", "percent": percent, "series": series}


def _line(name: str, points: Sequence[Point], *, price: Price, role: str) -> Mapping[str, Any]:
    return {"name": name, "role": role, "line": True, "points": _places(sorted(points, key=price), price)}


def _dots(name: str, points: Sequence[Point], *, price: Price, role: str) -> Mapping[str, Any]:
    return {"name": name, "role": role, "line": False, "points": _places(points, price)}


def _places(points: Sequence[Point], price: Price) -> list[Mapping[str, Any]]:
    return [{"x": price(point), "y": point.gap, "said": _setting(point)} for point in points]


def _setting(point: Point) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in point.setting.items())


def _reliability(found: Evaluation) -> Plot:
    bins = found.need[ONLY_LARGE].bins
    points = [{"x": one.said, "y": one.came, "count": one.count} for one in bins]
    return {"kind": "reliability", "x": "Probability said", "y": "Share that came true", "points": points}


def _ways(found: Evaluation) -> Plot:
    """The policies under each other, task by task."""
    several = len(found.policies)
    rows = [
        (
            f"{named(task, policy.name, policies=several)} ({policy.ways_by_task[task][0]:,})",
            policy.ways_by_task[task][1],
        )
        for task in Task
        for policy in found.policies
        if task in policy.ways_by_task
    ]
    shown = [way for way in WAYS if any(ways[way] for _, ways in rows)]
    series = [{"name": way, "values": [ways[way] for _, ways in rows]} for way in shown]
    return _listed("stack", "Share of requests", labels=[name for name, _ in rows]) | {"series": series}


def _listed(kind: str, axis: str, *, labels: Sequence[str]) -> dict[str, Any]:
    """A plot of one bar a row."""
    return {"kind": kind, "x": axis, "labels": labels, "rows": len(labels)}


def _recall(found: Evaluation) -> Plot:
    judged = [(policy.name, policy.tasks.recall) for policy in found.policies if policy.tasks]
    labels = sorted(judged[0][1])
    series = [{"name": name, "values": [recall[source][1] for source in labels]} for name, recall in judged]
    return _listed("bars", "Recall", labels=labels) | {"series": series}


def _drift(found: Evaluation) -> Plot:
    rows = sorted(found.drift, key=lambda one: -one.index)
    plot = _listed("drift", "Population stability index", labels=[one.name for one in rows])
    return plot | {"values": [one.index for one in rows], "marks": [one.mark for one in rows]}
