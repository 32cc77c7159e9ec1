"""What passes through the hub's internal door, as values that both ends share."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from routing import Lane, Task

MAX_TEXT = 200_000


class MessageIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1, max_length=MAX_TEXT)


class AskIn(BaseModel):
    """`asked_by` is the account for which the worker asks; it is what the usage row names.

    `subject` is the vault's keyed hash of the patient or job, in hexadecimal; with it the text counts as a patient's.
    """

    model_config = ConfigDict(extra="forbid")

    asked_by: str = Field(min_length=1, max_length=200)
    department: str = Field(default="", max_length=200)
    prompt_version: str
    messages: list[MessageIn] = Field(min_length=1, max_length=64)
    response_schema: dict[str, Any] | None = None
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    lane: Lane = Lane.BATCH
    surface: Task | None = None
    answer_tokens: int = Field(gt=0, le=32_768)
    deadline: float = Field(default=600.0, gt=0, le=3600)
    entity: str
    subject: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


class AskOut(BaseModel):
    text: str
    finish_reason: str
    tier: str
    weights: str
    prompt_version: str
    call_id: str
    notice: str
    prompt_tokens: int
    completion_tokens: int
