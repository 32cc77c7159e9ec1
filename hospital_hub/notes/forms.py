"""What the panel's pages send. `login` names the launch for which a page was made."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hospital_hub.notes.draft import LONGEST, Basis, normalise
from hospital_hub.notes.kinds import DEFAULT
from hospital_hub.notes.service import Origin
from hospital_hub.notes.store import Wish


class OfLaunch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    login: str = Field(max_length=100)


class AskForm(OfLaunch):
    """Without `language` the note is written as chart and dictation are; `said` is dictated or pasted."""

    kind: str = Field(default=DEFAULT, max_length=40)
    language: Literal["", "en", "zh-CN"] = ""
    said: str = Field(default="", max_length=2 * LONGEST)

    @property
    def wish(self) -> Wish:
        return Wish(self.kind, self.language, normalise(self.said))


class TypedForm(OfLaunch):
    """A note that was typed elsewhere."""

    kind: str = Field(default=DEFAULT, max_length=40)
    typed: str = Field(min_length=1, max_length=2 * LONGEST)


class QuestionForm(OfLaunch):
    question: str = Field(min_length=2, max_length=500)


class SettleForm(OfLaunch):
    """A sentence of the draft, word for word."""

    sentence: str = Field(min_length=1, max_length=LONGEST)
    settled: bool


class TextForm(OfLaunch):
    """The editor's form. Line breaks come as two characters; `window` names the editor that sends it."""

    text: str = Field(max_length=2 * LONGEST)
    revision: int = Field(ge=0)
    window: str = Field(pattern=r"^[\w-]{16,64}$")

    @property
    def basis(self) -> Basis:
        return Basis(self.revision, self.window)


class RestoreForm(TextForm):
    """The text comes along because the button stands in the editor's form; it is dropped."""

    origin: Origin


class SignForm(OfLaunch):
    text_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    confirmed: bool = False
