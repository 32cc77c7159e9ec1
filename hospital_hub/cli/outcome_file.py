"""Reads the outcomes that `routing outcomes` wrote; a broken line is named and stops everything."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hospital_hub.cli.lines import BadLine
from hospital_hub.inference.routing_outcome import OutcomeKind
from routing import Task, Tier
from routing.training.outcomes import Outcome

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class OutcomeLine(BaseModel):
    """What may stand in a line: see `outcome_lines` for what it means."""

    model_config = ConfigDict(extra="forbid")

    call: Annotated[str, Field(min_length=1, max_length=64)]
    tier: str
    task: Task
    need: dict[str, Share]
    kind: OutcomeKind
    value: Share

    def outcome(self) -> Outcome:
        """Raises KeyError when the tier is unknown or has no prediction."""
        tier = Tier.of(self.tier)
        return Outcome(
            self.call, tier=tier, task=self.task, kind=self.kind.value, value=self.value, well=self.need[self.tier]
        )


def read_outcomes(source: Path) -> list[Outcome]:
    """Raises: BadLine for the first line that does not fit."""
    with source.open("rb") as file:
        return list(_outcomes(enumerate(file, start=1)))


def _outcomes(lines: Iterator[tuple[int, bytes]]) -> Iterator[Outcome]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            yield OutcomeLine.model_validate_json(line).outcome()
        except ValidationError as wrong:
            first = wrong.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the line"
            raise BadLine(f"line {number}: {place}: {first['msg']}") from None
        except KeyError:
            raise BadLine(f"line {number}: tier: unknown, or without its prediction in need") from None
