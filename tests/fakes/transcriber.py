"""A server of transcriptions at the wire, in OpenAI's form: answers a script and keeps what it was asked."""

import asyncio
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route


@dataclass
class FakeTranscriber:
    """Answers as an OpenAI server of transcriptions; `asked` is what came in."""

    mode: str = "well"
    url: str = ""
    asked: list[dict[str, object]] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/audio/transcriptions", self._transcribe, methods=["POST"])])

    async def _transcribe(self, request: Request) -> Response:
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file, UploadFile)
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            sound = {"name": file.filename, "kind": file.content_type, "audio": await file.read()}
        self.asked.append({**fields, **sound})
        if self.mode == "slow":
            await asyncio.sleep(1)
        answers: dict[str, Response] = {
            "well": JSONResponse({"text": " 膝盖疼了一周 "}),
            "silent": JSONResponse({"text": "  "}),
            "error": PlainTextResponse("no", 500),
            "odd": JSONResponse(["?"]),
            "slow": JSONResponse({"text": "late"}),
            "plain": PlainTextResponse("words"),
        }
        return answers[self.mode]
