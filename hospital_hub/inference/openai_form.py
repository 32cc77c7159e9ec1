"""The request of OpenAI's chat completions as /v1 takes it. What the hub does not do is refused by name, never ignored.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from hospital_hub.errors import BadInput, NotFound
from hospital_hub.inference.question import AUTO, Message, Prompt, Wishes
from hospital_hub.web.field_errors import printable
from routing import Tier

VERSION: Final = "v1/as-sent@1"
MAX_TEXT: Final = 400_000
DEFAULT_ANSWER_TOKENS: Final = 1024
ROUTED_CHARACTERS: Final = 200
LONGEST_NAME: Final = 60
# Known to the hub and without effect on an answer.
WITHOUT_EFFECT: Final = frozenset(
    {"user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier", "parallel_tool_calls"}
)
# Refused unless they ask for nothing.
NOTHING: Final[dict[str, tuple[Any, ...]]] = {
    "tools": (None, []),
    "tool_choice": (None, "none"),
    "functions": (None, []),
    "function_call": (None, "none"),
    "logprobs": (None, False),
    "top_logprobs": (None, 0),
    "logit_bias": (None, {}),
    "audio": (None,),
    "modalities": (None, ["text"]),
    "prediction": (None,),
    "web_search_options": (None,),
    "frequency_penalty": (None, 0),
    "presence_penalty": (None, 0),
    "store": (None, False),
}
Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]


class TextPart(BaseModel):
    model_config = ConfigDict(extra="ignore")

    type: Literal["text"]
    text: Text


class ChatMessage(BaseModel):
    """`name` and the like are taken and have no effect; a tool's turn has no place here."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | Annotated[list[TextPart], Field(min_length=1, max_length=64)]

    @property
    def text(self) -> str:
        content = self.content
        return content if isinstance(content, str) else "\n".join(part.text for part in content)


class SchemaOfAnswer(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    json_schema: dict[str, Any] = Field(alias="schema")


class ResponseFormat(BaseModel):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaOfAnswer | None = None


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """`model` is hub-auto or a tier, which is served at or above the floor."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    messages: list[ChatMessage] = Field(min_length=1, max_length=256)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, gt=0, le=32_768)
    max_completion_tokens: int | None = Field(default=None, gt=0, le=32_768)
    response_format: ResponseFormat | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    stop: Annotated[list[Text], Field(max_length=4)] | None = None
    n: int | None = None

    @field_validator("stop", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    def refuse_unsupported(self) -> None:
        """Raise BadInput that names the first parameter which the hub would have to ignore."""
        if self.n not in {None, 1}:
            raise BadInput("The hub gives one answer a request.", "Leave n out.", code="unsupported", place="n")
        for name, value in (self.model_extra or {}).items():
            if name in WITHOUT_EFFECT or value in NOTHING.get(name, ()):
                continue
            raise BadInput(
                "The hub does not take this parameter.",
                "Leave it out.",
                code="unsupported",
                place=printable(name)[:LONGEST_NAME],
            )
        if self.response_format is not None and (self.response_format.type == "json_schema") != (
            self.response_format.json_schema is not None
        ):
            raise BadInput(
                "The form of the answer is not clear.",
                "Send json_schema with the type json_schema, and only with it.",
                place="response_format",
            )

    def minimum(self, known: frozenset[str]) -> Tier | None:
        if self.model == AUTO:
            return None
        if self.model not in known:
            raise NotFound(
                "There is no such model.", "Ask /v1/models for the names.", code="model_not_found", place="model"
            )
        return Tier.of(self.model)

    def prompt(self) -> Prompt:
        roles = {"developer": "system"}
        messages = tuple(Message(roles.get(one.role, one.role), one.text) for one in self.messages)
        return Prompt(VERSION, messages, self._schema())

    def wishes(self) -> Wishes:
        return Wishes(self.temperature, self.top_p, self.seed, tuple(self.stop or ()))

    @property
    def answer_tokens(self) -> int:
        return self.max_completion_tokens or self.max_tokens or DEFAULT_ANSWER_TOKENS

    @property
    def with_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def persons_turns(self) -> tuple[str, ...]:
        return tuple(one.text for one in self.messages if one.role == "user")

    @property
    def routed_text(self) -> str:
        """What routing reads: the last turn of a person; where it is short ("go on"), those before it too."""
        read: list[str] = []
        for turn in reversed(self.persons_turns):
            read.insert(0, turn)
            if sum(map(len, read)) >= ROUTED_CHARACTERS:
                break
        return "\n".join(read) or self.messages[-1].text

    def _schema(self) -> dict[str, Any] | None:
        form = self.response_format
        if form is None or form.type == "text":
            return None
        return form.json_schema.json_schema if form.json_schema else {"type": "object"}
