"""What the text of a request says to the models and the tables. No policy has judged it yet, and no text is kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from routing.features import found_in
from routing.folding import fold
from routing.models import Models, packaged
from routing.risk import risky_words
from routing.values import Need, Task


@dataclass(frozen=True)
class Reading:
    """`tasks` are the models' unrounded probabilities: which of them counts is for the policy to say.

    `features` names each feature with the terms of the table that showed it; `risky` are words of clinical risk.
    """

    tasks: Mapping[Task, float]
    need: Need
    features: Mapping[str, str]
    risky: tuple[str, ...]


def read(text: str, *, models: Models | None = None) -> Reading:
    """By the packaged models when none are given."""
    folded = fold(text)
    shown = found_in(folded)
    tasks, need = (models or packaged()).read(folded, shown)
    features = {name: ", ".join(term.strip() for term in terms) for name, terms in shown.items()}
    return Reading(tasks, need, features, risky_words(folded))
