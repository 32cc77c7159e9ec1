"""The pages of triage: the kiosk's and the nurses'."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from fastapi import APIRouter, FastAPI

from hospital_hub.triage import (
    binding_pages,
    board_pages,
    kiosk_login,
    kiosk_pages,
    question_pages,
    ticket_pages,
    voice_pages,
)
from hospital_hub.triage.answering import settle

SETTLE_SECONDS: Final = 3.0


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    watching = asyncio.create_task(kiosk_login.watch(app.state.resources))
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await settle(SETTLE_SECONDS)


router = APIRouter(lifespan=_lifespan)
router.include_router(kiosk_pages.router)
router.include_router(question_pages.router)
router.include_router(ticket_pages.router)
router.include_router(voice_pages.router)
router.include_router(board_pages.router)
router.include_router(binding_pages.router)
