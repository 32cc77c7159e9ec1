"""How a batch arrives: as the body itself, or in a form with a file or pasted lines. Bounded while it comes."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from hospital_hub.errors import BadInput, TooLong
from hospital_hub.research.service import Submission

MOST_BYTES: Final = 32 * 1024 * 1024
FORM: Final = "multipart/form-data"
BODIES: Final = frozenset({"application/x-ndjson", "application/jsonl", "application/json", "text/plain"})


class WrongKind(BadInput):
    status = 415
    default_code = "wrong_content_type"


async def read_submission(request: Request) -> Submission:
    """The form has the fields `file` or `lines`, and `title`; a plain body has no title, which belongs in no URL.

    Raises:
        TooLong: more than 32 MiB. BadInput: the form is broken or says nothing. WrongKind: neither form nor JSONL.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    key = request.headers.get("idempotency-key", "")
    if kind == FORM:
        body, title = await _of_form(await _form(request))
    elif kind in BODIES:
        body, title = b"".join([part async for part in _bounded(request.stream())]), ""
    else:
        raise WrongKind("The batch must be JSONL or a form.", "Send it as application/x-ndjson.")
    return Submission(body=body, title=title.strip(), key=key)


async def _form(request: Request) -> FormData:
    parser = MultiPartParser(
        request.headers, _bounded(request.stream()), max_files=1, max_fields=4, max_part_size=MOST_BYTES
    )
    try:
        return await parser.parse()
    except MultiPartException as broken:
        raise BadInput("The form cannot be read.", "Send one file, or paste the lines.", code="broken_form") from broken


async def _of_form(form: FormData) -> tuple[bytes, str]:
    """A chosen file comes before pasted lines; a browser sends an empty file when none is chosen."""
    file, lines = form.get("file"), form.get("lines")
    body = await file.read() if isinstance(file, UploadFile) else b""
    await form.close()
    title = form.get("title")
    return body or (lines.encode() if isinstance(lines, str) else b""), title if isinstance(title, str) else ""


async def _bounded(parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    size = 0
    async for part in parts:
        size += len(part)
        if size > MOST_BYTES:
            raise TooLong("The batch is larger than 32 MiB.", "Split it into several batches.", code="batch_too_large")
        yield part
