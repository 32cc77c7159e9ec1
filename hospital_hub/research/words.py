"""What codes mean, for people: msgids, translated where they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hospital_hub.clinical.deidentify import Kind
from hospital_hub.research.job import JobState
from hospital_hub.web.languages import marked

Button = Literal["cancel", "resume", "retry"]


@dataclass(frozen=True)
class StateWords:
    """`kind` is the tag's: empty, info, success, warn or error."""

    title: str
    about: str
    kind: str


STATES: Final[Mapping[JobState, StateWords]] = {
    JobState.SUBMITTED: StateWords(marked("Queued"), marked("Stored. A worker takes it up soon."), ""),
    JobState.RUNNING: StateWords(marked("Running"), marked("Answered when people leave the models room."), "info"),
    JobState.CANCELLED: StateWords(
        marked("Cancelled"), marked("Nothing more is asked. What is answered stays; the rest can be resumed."), "warn"
    ),
    JobState.DONE: StateWords(marked("Done"), marked("Every question has a result."), "success"),
    JobState.FAILED: StateWords(marked("Failed"), marked("No question could be answered."), "error"),
}
ERRORS: Final[Mapping[str, str]] = {
    "item_rejected": marked("Too long for every model."),
    "gave_up": marked("Given up after three attempts."),
    "upstream_failed": marked("The model gave no usable answer, three times."),
}
KINDS: Final[Mapping[str, str]] = {
    Kind.RESIDENT_ID: marked("resident ID number"),
    Kind.EMAIL: marked("e-mail address"),
    Kind.RECORD_NUMBER: marked("record number"),
    Kind.MOBILE: marked("mobile number"),
}
