"""The cards that stand on a doctor's screen, as the EMR remembers them until the page is old."""

from dataclasses import dataclass

from hospital_hub.embedded.emr.cards import Card
from hospital_hub.embedded.emr.hub_hooks import Hook
from hospital_hub.embedded.emr.tokens import Context

SECONDS = 3600


@dataclass(frozen=True)
class ShownCards:
    context: Context
    hook: Hook
    cards: tuple[Card, ...]
