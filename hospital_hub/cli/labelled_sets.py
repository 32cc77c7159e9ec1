"""Reads sets with known answers or tasks, and decisions made for them; a broken line is named and ends everything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hospital_hub.cli.lines import BadLine
from routing import Task, Tier
from routing.evaluation.choices import Choice
from routing.evaluation.labelled import Label
from routing.evaluation.quality import Answered

ANSWERS: Final = "tier_"
SIZES: Final = {"32B": Tier.R1_32B, "70B": Tier.R1_70B, "671B": Tier.R1_671B}
# Sets whose texts all ask for the same; those that may not be trained on are here too.
TASKS: Final[Mapping[Task, tuple[str, ...]]] = {
    Task.TRIAGE: (
        "semigran45_en", "semigran45_zh_translated", "esi_handbook_en", "mimic_ed_demo_en", "lostbench_en",
        "avey400_en", "disc_cmd_zh", "toyhom_im_zh", "imcs_selfreport_zh",
    ),
    Task.NOTE: ("mts_dialog_en", "aci_bench_en", "primock57_en", "imcs_notes_zh", "medflow_emr_zh"),
    Task.RESEARCH: ("csl_medical_zh", "tier_pubmedqa_en"),
    Task.OPERATIONS: ("nhs_fft_en", "ehrsql_staff_en"),
}  # fmt: skip


class _Truth(BaseModel):
    answer: str | None = None


class _Extra(BaseModel):
    split_key: str | int | None = None
    predicted: dict[str, str | None] | None = None


class Record(BaseModel):
    """One line of a set; what else stands there is not read."""

    id: Annotated[str, Field(min_length=1)]
    text: str
    label: _Truth = _Truth()
    extra: _Extra = _Extra()

    def answered(self) -> Answered | None:
        """Raises: ValueError when a size has no answer or the right one is missing."""
        said, truth = self.extra.predicted, self.label.answer
        if said is None:
            return None
        if truth is None or not SIZES.keys() <= said.keys():
            raise ValueError(f"label.answer and extra.predicted with {', '.join(SIZES)} belong together")
        return Answered({tier: said[size] == truth for size, tier in SIZES.items()}, said["32B"] == said["70B"])


class DecisionLine(BaseModel):
    """As `hospital-hub route` writes it."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(min_length=1)]
    task: Task
    tier: str
    second_opinion: bool
    floor: str | None = None
    need: dict[str, float] | None = None
    reasons: list[str] | None = None

    def choice(self) -> Choice:
        return Choice(self.task, Tier.of(self.tier), both=self.second_opinion)


@dataclass(frozen=True)
class Item:
    """`key` names what must not be split between folds."""

    id: str
    key: str
    text: str
    label: Label


def read_items(folder: Path) -> list[Item]:
    """Each text of the known sets that the folder has, once.

    Raises:
        BadLine: naming the file and line, or that the folder has none of the sets.
    """
    task_of = {name: task for task, names in TASKS.items() for name in names}
    paths = [path for path in sorted(folder.glob("*.jsonl")) if path.stem in task_of or path.stem.startswith(ANSWERS)]
    items = [item for path in paths for item in _items(path, task_of.get(path.stem))]
    if not items:
        raise BadLine(f"no set with known answers ({ANSWERS}*.jsonl) or of a known task")
    return items


def _items(path: Path, task: Task | None) -> Iterator[Item]:
    for number, record in _lines(path, Record):
        try:
            answered = record.answered()
        except ValueError as wrong:
            raise BadLine(f"{path.name}: line {number}: {wrong}") from None
        if task or answered:
            key = record.id if record.extra.split_key is None else str(record.extra.split_key)
            yield Item(record.id, key, record.text, Label(path.stem, task, answered))


def read_decisions(path: Path, items: Sequence[Item]) -> list[DecisionLine]:
    """The decision of each item, in the order of the items.

    Raises:
        BadLine: a line cannot be read, an id comes twice, or an item has no decision.
    """
    found: dict[str, DecisionLine] = {}
    for number, line in _lines(path, DecisionLine):
        if line.id in found:
            raise BadLine(f"{path.name}: line {number}: the id {line.id} occurs twice")
        if line.tier not in {tier.label for tier in Tier}:
            raise BadLine(f"{path.name}: line {number}: tier: one of {', '.join(tier.label for tier in Tier)}")
        found[line.id] = line
    if missing := [item.id for item in items if item.id not in found]:
        raise BadLine(f"{path.name}: {len(missing)} items have no decision, {missing[0]} first")
    return [found[item.id] for item in items]


_M = TypeVar("_M", bound=BaseModel)


def _lines(path: Path, model: type[_M]) -> Iterator[tuple[int, _M]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, _parsed(line, model, place=f"{path.name}: line {number}")


def _parsed(line: bytes, model: type[_M], *, place: str) -> _M:
    try:
        return model.model_validate_json(line)
    except ValidationError as wrong:
        first: Mapping[str, Any] = wrong.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise BadLine(f"{place}: {where}: {first['msg']}") from None
