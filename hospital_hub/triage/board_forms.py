"""What nurses send from a case's page. `seen` is the number of steps that the page showed."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from hospital_hub.clinical.levels import Level
from hospital_hub.triage.vital_signs import LONGEST as LONGEST_VALUE

LONGEST_ASSESSMENT: Final = 2000
Value = Annotated[str, Field(max_length=LONGEST_VALUE)]


class SeenForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seen: int = Field(ge=0)


class LevelForm(SeenForm):
    level: int = Field(ge=Level.I, le=Level.IV)
    reason: str = Field(default="", max_length=20)
    assessment: str = Field(default="", max_length=LONGEST_ASSESSMENT)


class CloseForm(SeenForm):
    reason: str = Field(default="", max_length=20)
    assessment: str = Field(default="", max_length=LONGEST_ASSESSMENT)


class VitalsForm(BaseModel):
    """As typed; each is checked by itself, so that one wrong value loses no other."""

    model_config = ConfigDict(extra="forbid")

    temperature: Value = ""
    pulse: Value = ""
    breathing: Value = ""
    pressure: Value = ""
    spo2: Value = ""
    oxygen: Value = ""
    consciousness: Value = ""
    gcs: Value = ""
    pain: Value = ""
    glucose: Value = ""

    @property
    def typed(self) -> Mapping[str, str]:
        return self.model_dump()
