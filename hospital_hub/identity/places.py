"""Where each role works in the hub, as the start page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from hospital_hub.emr_registry import Emrs
from hospital_hub.identity.permissions import Role
from hospital_hub.settings import Settings
from hospital_hub.web.languages import marked


@dataclass(frozen=True)
class Place:
    """`title` and `about` are msgids."""

    url: str
    title: str
    about: str


KIOSK: Final = Place(
    "/kiosk", marked("Triage kiosk"), marked("A patient says what is wrong; a nurse reads it at once.")
)
BOARD: Final = Place("/board", marked("Nurse board"), marked("Waiting patients by level; the nurse decides."))
RESEARCH: Final = Place("/research", marked("Research"), marked("Send many questions at once and fetch the results."))
OPERATIONS: Final = Place("/operations", marked("Operations"), marked("Load, waiting times and cost of the models."))
AUDIT: Final = Place("/audit", marked("Audit"), marked("Who did what with which patient's data."))
EMR_TITLE: Final = marked("Medical records")
EMR_ABOUT: Final = marked("Clinicians open the side panel from a patient there.")
PANEL_TITLE: Final = marked("Side panel in a window of its own")
PANEL_ABOUT: Final = marked("Clinicians log in at the EMR and choose a patient there.")

OF_ROLE: Final[Mapping[Role, tuple[Place, ...]]] = {
    Role.NURSE: (BOARD, KIOSK),
    Role.RESEARCHER: (RESEARCH,),
    Role.OPERATIONS: (OPERATIONS,),
    Role.AUDITOR: (AUDIT,),
    Role.ADMINISTRATOR: (OPERATIONS,),
}


def entrances(settings: Settings) -> tuple[Place, ...]:
    """For somebody who is not logged in."""
    return (KIOSK, BOARD, *_emr(settings), *_standalone(settings), RESEARCH, OPERATIONS, AUDIT)


def of_role(role: Role, settings: Settings) -> tuple[Place, ...]:
    return OF_ROLE.get(role, ()) if role is not Role.CLINICIAN else (*_emr(settings), *_standalone(settings))


def _emr(settings: Settings) -> tuple[Place, ...]:
    """In the demonstration alone: a hospital's EMR is opened from its own desktop."""
    return (Place(settings.frame_origin, EMR_TITLE, EMR_ABOUT),) if settings.demo and settings.frame_origin else ()


def _standalone(settings: Settings) -> tuple[Place, ...]:
    """The EMRs whose block lets the panel be opened from here; each asks for log-in and patient itself."""
    return tuple(
        Place(f"/notes/standalone?{urlencode({'iss': emr.issuer})}", emr.title or PANEL_TITLE, PANEL_ABOUT)
        for emr in Emrs.of_settings(settings).blocks.values()
        if emr.panel.standalone
    )
