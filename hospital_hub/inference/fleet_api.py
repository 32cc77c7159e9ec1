"""The fleet for the command line on the hub's own machine: the same view and the same reload for all processes."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from hospital_hub.errors import Refused, WrongSetup
from hospital_hub.identity.accounts import TERMINAL
from hospital_hub.identity.guard import InternalGuard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.api import models_of

router = APIRouter(prefix="/internal/fleet", include_in_schema=False)


class TerminalGuard(InternalGuard):
    """Who holds the hub's key file asks as the command line."""

    async def _who(self, request: Request) -> Principal | None:
        return TERMINAL if await super()._who(request) else None


class ReplicaOut(BaseModel):
    tier: str
    replica: str
    state: str
    under_way: int
    foreign: int
    places: int


class FleetOut(BaseModel):
    """`version` is the one of models.toml that is in force."""

    version: str
    replicas: list[ReplicaOut]


@router.get("")
async def show(request: Request, who: Annotated[Principal, Depends(TerminalGuard(Action.OPERATIONS_READ))]) -> FleetOut:  # noqa: ARG001 - the guard is the point
    return _shown(request)


@router.post("/reload")
async def reload(request: Request, who: Annotated[Principal, Depends(TerminalGuard(Action.FLEET_MANAGE))]) -> FleetOut:  # noqa: ARG001 - as above
    try:
        await models_of(request).gate.reload()
    except WrongSetup as wrong:
        raise Refused("The hub goes on with the models as they were.", str(wrong), code="models_file_wrong") from wrong
    return _shown(request)


def _shown(request: Request) -> FleetOut:
    gate = models_of(request).gate
    rows: Sequence[Any] = gate.rows()
    return FleetOut(version=gate.fleet.registry.version, replicas=[ReplicaOut.model_validate(row) for row in rows])
