"""A question's form as it is kept with its turn, and one question with its answer. Values only."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from hospital_hub.clinical.text import Language

Kind = Literal["yes_no", "choice", "number", "text"]
DANGER = "danger"
COMPLAINT = "complaint"


@dataclass(frozen=True)
class Form:
    """`says` is what the rules read: of a yes, of a number at its "{}", or of each option.

    `question` is its id in the tree, empty for a model's; `again` the ordinal of the turn that it asks once more.
    """

    topic: str
    kind: Kind
    options: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    question: str = ""
    again: int | None = None

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Form":
        kept = json.loads(text)
        return cls(**{**kept, "options": tuple(kept["options"]), "says": tuple(kept["says"])})


@dataclass(frozen=True)
class Exchange:
    """A question and what was answered; `answer` None while it is open. `ordinal` is the question's, or its place."""

    ordinal: int
    text: str
    form: Form
    by_model: bool = False
    answer: str | None = None

    @property
    def answered(self) -> int:
        """Ordinal of the answer's turn."""
        return self.ordinal + 1


@dataclass(frozen=True)
class History:
    """What was said so far, without what was taken back."""

    complaint: str
    language: Language
    exchanges: tuple[Exchange, ...] = ()

    @property
    def open(self) -> Exchange | None:
        return next((one for one in self.exchanges if one.answer is None), None)

    @property
    def answers(self) -> tuple[Exchange, ...]:
        return tuple(one for one in self.exchanges if one.answer is not None)
