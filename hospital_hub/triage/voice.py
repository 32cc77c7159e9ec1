"""Speech to text by a server of the hospital (OpenAI's form of transcriptions). Nothing that was said is kept here.

The person reads the words before they are sent anywhere; a wrong one is hers to correct.
"""

from dataclasses import dataclass
from typing import Final

import aiohttp

from hospital_hub.errors import BadInput, NotFound, Refused, Unavailable, UpstreamFailed
from hospital_hub.resources import Resources
from hospital_hub.web.languages import Language, marked

SECONDS: Final = 30.0
ENDINGS: Final = {"audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "mp4", "audio/wav": "wav"}
_LANGUAGES: Final = {"zh-CN": "zh", "en": "en"}  # ISO 639-1, as the endpoint wants it
_TYPE: Final = marked("Type it instead, or call a nurse.")


@dataclass(frozen=True)
class Recording:
    """As the browser recorded it; `kind` is its media type without parameters."""

    audio: bytes
    kind: str


async def transcribe(
    resources: Resources, recording: Recording, *, language: Language, patience: float = SECONDS
) -> str:
    """The words. `patience` in seconds.

    Raises:
        NotFound, BadInput, Refused, Unavailable, UpstreamFailed: each says what to do instead.
    """
    url = resources.settings.transcription_url.rstrip("/")
    if not url:
        raise NotFound("This kiosk cannot listen.", _TYPE, code="no_voice")
    if recording.kind not in ENDINGS or not recording.audio:
        raise BadInput("The recording cannot be read.", _TYPE, code="bad_recording")
    form = aiohttp.FormData()
    form.add_field("file", recording.audio, filename=f"speech.{ENDINGS[recording.kind]}", content_type=recording.kind)
    form.add_field("model", resources.settings.transcription_model)
    form.add_field("language", _LANGUAGES[language])
    form.add_field("response_format", "json")
    return _words(await _answer(resources, f"{url}/audio/transcriptions", form=form, patience=patience))


async def _answer(resources: Resources, url: str, *, form: aiohttp.FormData, patience: float) -> object:
    try:
        async with resources.http.post(url, data=form, timeout=aiohttp.ClientTimeout(total=patience)) as answer:
            if not answer.ok:
                raise UpstreamFailed("What you said could not be turned into text.", _TYPE, code="voice_failed")
            return await answer.json()
    except (aiohttp.ContentTypeError, ValueError) as wrong:
        raise UpstreamFailed("What you said could not be turned into text.", _TYPE, code="voice_failed") from wrong
    except (aiohttp.ClientError, TimeoutError) as away:
        raise Unavailable("The machine cannot listen at the moment.", _TYPE, code="voice_away") from away


def _words(answer: object) -> str:
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise UpstreamFailed("What you said could not be turned into text.", _TYPE, code="voice_failed")
    if not text.strip():
        raise Refused("Nothing was heard.", "Come closer and say it again, or type it.", code="nothing_heard")
    return text.strip()
