"""The pages of triage: the kiosk's and the nurses'."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI

from hospital_hub.triage import board_pages, kiosk_pages
from hospital_hub.triage.answering import settle

SETTLE_SECONDS: Final = 3.0


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await settle(SETTLE_SECONDS)


router = APIRouter(lifespan=_lifespan)
router.include_router(kiosk_pages.router)
router.include_router(board_pages.router)
