"""Tables of what was decided and what became of it: shares, outcomes, refusals, latency, drift."""

from collections.abc import Iterator

from hospital_hub.cli.sheet import NONE, Row, Sheet, milliseconds, named, number, percent
from routing import Tier
from routing.evaluation.choices import WAYS
from routing.evaluation.drift import MOVED, SHIFTED
from routing.evaluation.evaluation import Evaluation, PolicyFigures, Ways

LARGE = Tier.R1_671B.label


def traffic_sheets(found: Evaluation) -> Iterator[Sheet]:
    yield _ways(found)
    yield _decided(found)
    yield _outcomes(found)
    yield _latency(found)
    yield _drift(found)


def _ways(found: Evaluation) -> Sheet:
    rows: list[Row] = []
    policies = len(found.policies)
    for policy in found.policies:
        by_task = {"all": (found.requests, policy.ways), **policy.ways_by_task}
        rows += [
            Row((named(task, policy.name, policies=policies), f"{count:,}", *_shares(ways)), own=task == "all")
            for task, (count, ways) in by_task.items()
        ]
    return Sheet("ways", "Who answers, by task", ("Task", "Requests", *WAYS), tuple(rows))


def _shares(ways: Ways) -> list[str]:
    return [percent(ways[way]) for way in WAYS]


def _decided(found: Evaluation) -> Sheet:
    rows = [Row(_decisions(policy, found.requests)) for policy in found.policies if policy.cost is not None]
    heads = ("Policy", "Decided the same way", "Cost", f"{LARGE} share", "Refused", "Refusals by code")
    note = (
        f"Cost a question with {Tier.R1_32B.label} = 1; after second opinions the arbiter counts as often as expected."
    )
    return Sheet("decided", "Stored decisions, replayed", heads, tuple(rows), note)


def _decisions(policy: PolicyFigures, requests: int) -> tuple[str, ...]:
    codes = ", ".join(f"{code} {count:,}" for code, count in sorted(policy.refusals.items())) or NONE
    refused = sum(policy.refusals.values()) / requests
    return (policy.name, percent(policy.same), number(policy.cost, 3), percent(policy.large), percent(refused), codes)


def _outcomes(found: Evaluation) -> Sheet:
    rows = [
        Row(
            (
                one.kind,
                policy.name,
                f"{one.same_count:,} of {one.count:,}",
                number(one.same_mean, 3),
                number(one.mean, 3),
            )
        )
        for policy in found.policies
        for one in policy.outcomes
    ]
    heads = ("Outcome", "Policy", "Answers it would give too", "Their mean", "Mean of all")
    note = (
        "1 is the best outcome, 0 the worst. What a policy would have answered otherwise is not known and not counted."
    )
    return Sheet("outcomes", "What became of the answers", heads, tuple(rows), note)


def _latency(found: Evaluation) -> Sheet:
    rows = [
        Row((one.tier, f"{one.answers:,}", *milliseconds(one.first_token), *milliseconds(one.total)))
        for one in found.latency
    ]
    heads = (
        "Answered by",
        "Answers",
        "First token, median",
        "95th percentile",
        "Whole answer, median",
        "95th percentile",
    )
    return Sheet("latency", "How long the answers took", heads, tuple(rows))


def _drift(found: Evaluation) -> Sheet:
    rows = [
        Row((one.name, number(one.index, 3), number(one.by_chance, 3), one.mark), own=one.mark != "steady")
        for one in sorted(found.drift, key=lambda one: -one.index)
    ]
    note = (
        f"Population stability index, older half of the decisions against the newer half: below {MOVED} steady, "
        f"from {SHIFTED} shifted. By chance: what two halves of this size show without any change."
    )
    return Sheet("drift", "Drift of the traffic", ("Signal", "Index", "By chance", "Mark"), tuple(rows), note)
