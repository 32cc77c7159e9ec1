"""Where the kiosk's page sends what was said, and gets words to check. Off unless the hospital names a server."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from hospital_hub.resources import resources_of
from hospital_hub.triage.kiosk_frame import AtKiosk
from hospital_hub.triage.voice import Recording, transcribe
from hospital_hub.web.languages import language_of

router = APIRouter(include_in_schema=False)


class Words(BaseModel):
    text: str


@router.post("/kiosk/voice", name="kiosk_voice")
async def listen(request: Request, _who: AtKiosk) -> Words:
    """The body is the recording itself; its length is bounded by web/body_limit.py."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    recording = Recording(await request.body(), kind)
    return Words(text=await transcribe(resources_of(request), recording, language=language_of(request)))
