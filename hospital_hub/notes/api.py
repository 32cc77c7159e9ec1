"""The hub's public keys, by which the EMR knows the hub (RFC 7517)."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from hospital_hub.emr import public_jwks
from hospital_hub.resources import resources_of

router = APIRouter()


@router.get("/.well-known/jwks.json", name="jwks")
async def jwks(request: Request) -> JSONResponse:
    keys: dict[str, Any] = public_jwks(resources_of(request))
    return JSONResponse(keys)
