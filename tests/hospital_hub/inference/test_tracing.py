"""Traces as a collector receives them: models, tokens and codes after the gen_ai conventions, no word of a prompt."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from fastapi import FastAPI
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hospital_hub.errors import ModelsUnavailable
from hospital_hub.inference.ask import answer
from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from tests.fakes.serving import served
from tests.fakes.vllm import FakeVllm, Mode
from tests.hospital_hub.inference.test_ask import question

Span = dict[str, str | int]


@dataclass
class Collector:
    """Takes what an exporter sends; `spans` are the attributes of each by its name."""

    bodies: list[bytes] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/traces", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        return Response(b"", media_type="application/x-protobuf")

    @property
    def spans(self) -> dict[str, Span]:
        found: dict[str, Span] = {}
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        found[span.name] = {
                            one.key: one.value.string_value or one.value.int_value for one in span.attributes
                        }
        return found


@pytest_asyncio.fixture
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    made = Collector()
    async with served(made.app()) as origin:
        yield made, f"{origin}/v1/traces"


async def asked(settings: Settings, endpoint: str, *, text: str) -> None:
    """One question to a hub that traces; what is left is sent when it stops."""
    app: FastAPI = create_app(settings.model_copy(update={"otlp_endpoint": endpoint}))
    async with app.router.lifespan_context(app):
        await app.state.models.fleet.poll()
        await answer(app.state.models, question(text))


async def test_a_span_tells_model_tokens_and_outcome_and_not_what_was_said(
    settings: Settings, fake_vllm: FakeVllm, collector: tuple[Collector, str]
) -> None:
    found, endpoint = collector
    await asked(settings, endpoint, text="Mrs Quillfeather has a cough.")
    whole, attempt = found.spans["chat hub-auto"], found.spans["attempt 1"]
    assert whole["gen_ai.operation.name"] == "chat"
    assert whole["gen_ai.response.model"] == "r1-70b"
    assert (whole["gen_ai.usage.input_tokens"], whole["gen_ai.usage.output_tokens"]) == (7, 5)
    assert whole["hub.outcome"] == attempt["hub.outcome"] == "answered"
    sent = b"".join(found.bodies)
    assert b"Quillfeather" not in sent
    assert not any(word.strip().encode() in sent for word in fake_vllm.tokens if len(word) > 5)


async def test_a_failure_is_traced_with_every_attempt(
    settings: Settings, fake_vllm: FakeVllm, collector: tuple[Collector, str]
) -> None:
    found, endpoint = collector
    fake_vllm.mode = Mode.ERROR
    with pytest.raises(ModelsUnavailable):
        await asked(settings, endpoint, text="Hello")
    assert found.spans["chat hub-auto"]["hub.outcome"] == "failed"
    assert found.spans["attempt 1"]["hub.outcome"] == "broken"
