"""A draft's steps as server-sent events: each message is a piece of our own templates with its place in the page.

The text of a model is escaped by the template like any other text. The last message replaces the stream's own
element, which closes the connection.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import Request

from hospital_hub.errors import HubError
from hospital_hub.notes import service
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.views import line, note
from hospital_hub.notes.writing import Done, Finished, Growing, Stage, Step, write
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.stream_buffer import PageEvent
from hospital_hub.web.templates import fragment

# A growing sentence is sent again as a whole; more often than this nobody can see.
SECONDS_BETWEEN = 0.15


async def events(request: Request, desk: Desk, *, identifier: uuid.UUID) -> AsyncGenerator[PageEvent]:
    clock = asyncio.get_running_loop().time
    shown = 0.0
    yield _event(request, "notes/_stream_begin.html", context={})
    try:
        async with aclosing(write(desk, identifier, today=utc_now().date())) as steps:
            async for step in steps:
                if isinstance(step, Growing):
                    if clock() - shown < SECONDS_BETWEEN:
                        continue
                    shown = clock()
                if isinstance(step, Done):
                    kept = await service.show(desk, identifier)
                    yield _event(request, "notes/_stream_done.html", context={**note(kept), "login": desk.login})
                else:
                    yield _step(request, step)
    except HubError as error:
        context = {"error": error, "identifier": identifier, "login": desk.login}
        yield _event(request, "notes/_stream_error.html", context=context)


def gap(request: Request) -> PageEvent:
    """What was shown is wiped off, and says why; the whole draft follows."""
    return _event(request, "notes/_stream_gap.html", context={})


def _step(request: Request, step: Step) -> PageEvent:
    if isinstance(step, Stage):
        return _event(request, "notes/_stream_stage.html", context={"stage": step})
    if isinstance(step, Finished):
        return _event(request, "notes/_stream_sentence.html", context={"line": line(step.sentence, step.facts)})
    return _event(request, "notes/_stream_tail.html", context={"step": step})


def _event(request: Request, name: str, *, context: dict[str, object]) -> PageEvent:
    return PageEvent("", fragment(request, name, context=context))
