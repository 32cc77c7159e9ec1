"""Who may use the panel's routes, and the desk that each request gets."""

from typing import Annotated

from fastapi import Depends, Request

from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.api import models_of
from hospital_hub.notes.desk import Desk, open_desk
from hospital_hub.resources import resources_of
from hospital_hub.web.security import only_frame


async def _at_desk(request: Request, who: Annotated[Principal, Depends(Guard(Action.NOTE_DRAFT))]) -> Desk:
    request_id = getattr(request.state, "request_id", "")
    desk = await open_desk(resources_of(request), models_of(request), who=who, request_id=request_id)
    only_frame(request, desk.emr.frame_origin)
    return desk


async def _at_signing_desk(request: Request, who: Annotated[Principal, Depends(Guard(Action.NOTE_SIGN))]) -> Desk:
    return await _at_desk(request, who)


AtDesk = Annotated[Desk, Depends(_at_desk)]
AtSigningDesk = Annotated[Desk, Depends(_at_signing_desk)]
