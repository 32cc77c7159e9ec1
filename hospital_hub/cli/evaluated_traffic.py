"""From the options of `routing evaluate` to its figures: reads sets, decisions or the database, and decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from hospital_hub.cli.decide import idle
from hospital_hub.cli.labelled_sets import Item, read_decisions, read_items
from hospital_hub.cli.lines import BadLine
from hospital_hub.cli.opened import with_resources
from hospital_hub.cli.route_file import Item as Routed
from hospital_hub.cli.training_data import fitted_without
from hospital_hub.inference.stored_traffic import Traffic, traffic_since
from hospital_hub.registry import Registry
from hospital_hub.resources import Resources
from hospital_hub.settings import load_settings
from routing import Fleet, Policy, Tier
from routing.evaluation.evaluation import Evaluation
from routing.evaluation.labelled import Labelled, chosen_figures, evaluate_cases, need_figures
from routing.evaluation.traffic import evaluate_traffic
from routing.models import Models, packaged
from routing.replay import case_of
from routing.training.example import fold_of
from routing.training.fit import FOLDS

SEEN = "Texts that the models were fitted on make the figures too good; --crossvalidated gives honest ones."
OLD = "{} decisions were stored before they could be replayed, and are left out."
CUT = "There is older traffic than was read: name a later day with --since for the whole of it."
EMPTY = "There is no decision that can be replayed."
Policies = Mapping[str, Policy]


@dataclass(frozen=True)
class Source:
    """Which traffic; `since` is the first day of what is stored."""

    data: Path | None
    crossvalidated: bool
    decisions: Path | None
    stored: bool
    since: datetime | None

    def fault(self, *, policies: bool) -> str | None:
        """What does not go together, in a sentence."""
        if (self.data is None) != self.stored:
            return "Give either --data or --stored."
        if self.stored and (self.crossvalidated or self.decisions):
            return "--crossvalidated and --decisions go with --data."
        if self.since and not self.stored:
            return "--since goes with --stored."
        if self.decisions and (self.crossvalidated or policies):
            return "--decisions were made already: leave out --crossvalidated, --policy and --against."
        return None


def evaluated(source: Source, policies: Policies, *, seed: int) -> Evaluation:
    """The first policy's costs count for all.

    Raises:
        BadLine: a file cannot be read.
    """
    if source.data is None:
        since = source.since.replace(tzinfo=UTC) if source.since else None
        return _of_traffic(with_resources(lambda hub: _traffic(hub, since)), policies, since=since)
    items = read_items(source.data)
    if source.decisions:
        return _of_decisions(items, source.decisions, policies=policies)
    models = fitted_without(source.data, seed) if source.crossvalidated else [packaged()]
    found = evaluate_cases(cases(items, models), policies, cost=_cost(policies))
    said = f"fitted without each item's fold ({FOLDS} folds)" if source.crossvalidated else packaged().version
    return replace(found, traffic=_sets(items), models=said, notes=() if source.crossvalidated else (SEEN,))


def _cost(policies: Policies) -> Mapping[Tier, float]:
    return next(iter(policies.values())).cost


def cases(items: Sequence[Item], models: Sequence[Models]) -> list[Labelled]:
    """Each text read by one model, or by that of its fold."""
    settings = load_settings()
    fleet = idle(Registry.parse(settings.models_document(), model_url=settings.model_url))
    return [_case(item, fleet, models=models[fold_of(item.key, FOLDS) % len(models)]) for item in items]


def _case(item: Item, fleet: Fleet, *, models: Models) -> Labelled:
    request = Routed(id=item.id, text=item.text).request(second_opinion=False)
    return Labelled(item.label, case_of(request, fleet, models=models))


def _of_decisions(items: Sequence[Item], path: Path, *, policies: Policies) -> Evaluation:
    lines = read_decisions(path, items)
    labels = [item.label for item in items]
    choices = {"as decided": [line.choice() for line in lines]}
    asked = [(line.need, label.answered) for line, label in zip(lines, labels, strict=True) if label.answered]
    told = [(need, answered) for need, answered in asked if need]
    return Evaluation(
        requests=len(items),
        policies=(chosen_figures(path.name, labels, choices=choices, cost=_cost(policies)),),
        traffic=_sets(items),
        models="those that made the decisions",
        need=need_figures([need for need, _ in told], [answered for _, answered in told]) if told else {},
    )


def _sets(items: Sequence[Item]) -> str:
    return f"{len({item.label.source for item in items})} published sets"


async def _traffic(hub: Resources, since: datetime | None) -> Traffic:
    async with hub.database.work() as session:
        return await traffic_since(session, since)


def _of_traffic(traffic: Traffic, policies: Policies, *, since: datetime | None) -> Evaluation:
    if not traffic.lived:
        raise BadLine(EMPTY)
    found = evaluate_traffic(traffic.lived, policies, cost=_cost(policies))
    notes = [*([OLD.format(traffic.lost)] if traffic.lost else []), *([CUT] if traffic.cut else [])]
    said = f"stored decisions since {since:%Y-%m-%d}" if since else "stored decisions"
    return replace(found, traffic=said, models="as they read each request", notes=tuple(notes))
