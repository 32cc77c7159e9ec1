"""OpenTelemetry spans of answers, after the gen_ai conventions: models, tokens, times and codes, never a prompt.

Only with the extra `otel` and an endpoint in the settings; else nothing is imported or sent.
Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans
"""

import importlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from hospital_hub.errors import WrongSetup
from hospital_hub.inference.ledger_values import Closing
from hospital_hub.inference.tables import Outcome

NANOSECONDS: Final = 1_000_000
SERVICE: Final = "hospital-hub"
MISSING: Final = "HUB_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: install hospital-hub[otel], or unset it"
Attributes = Mapping[str, str | int | float]


class Tracer(Protocol):
    def answered(self, closing: Closing, *, asked: "Asked") -> None:
        """One span for a question and one below it for each of its attempts."""

    def stop(self) -> None:
        """Send what is left."""


@dataclass(frozen=True)
class Asked:
    """What the opening of a question knows and its end does not."""

    call_id: str
    lane: str
    task: str
    model: str
    request_id: str


class OtlpTracer:
    """Spans are made when an answer has ended, with its times, and sent from a thread of the SDK's own."""

    def __init__(self, endpoint: str) -> None:
        try:
            sdk, trace, otlp, resources, status = map(importlib.import_module, _MODULES)
        except ModuleNotFoundError as missing:
            raise WrongSetup(MISSING) from missing
        self._provider: Any = sdk.TracerProvider(resource=resources.Resource.create({"service.name": SERVICE}))
        self._provider.add_span_processor(trace.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=endpoint)))
        self._tracer: Any = self._provider.get_tracer(SERVICE)
        self._api: Any = status

    def answered(self, closing: Closing, *, asked: Asked) -> None:
        end = time.time_ns()
        start = end - NANOSECONDS * (closing.tally.total_ms or 0)
        span = self._tracer.start_span(
            f"chat {asked.model}",
            start_time=start,
            attributes=_of_question(closing, asked),
            kind=self._api.SpanKind.CLIENT,
        )
        if closing.outcome is not Outcome.ANSWERED:
            span.set_status(self._api.Status(self._api.StatusCode.ERROR, closing.outcome.value))
        below = self._api.set_span_in_context(span)
        for number, attributes in enumerate(_of_attempts(closing), 1):
            one = self._tracer.start_span(f"attempt {number}", context=below, start_time=start, attributes=attributes)
            one.end(end)
        span.end(end)

    def stop(self) -> None:
        self._provider.shutdown()


_MODULES: Final = (
    "opentelemetry.sdk.trace",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk.resources",
    "opentelemetry.trace",
)


def tracer_of(endpoint: str) -> Tracer | None:
    """None where no endpoint is set.

    Raises:
        WrongSetup: one is set and OpenTelemetry is not installed.
    """
    return OtlpTracer(endpoint) if endpoint else None


def _of_question(closing: Closing, asked: Asked) -> Attributes:
    tally = closing.tally
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": SERVICE,
        "gen_ai.request.model": asked.model,
        "gen_ai.response.model": closing.tier,
        "gen_ai.response.id": asked.call_id,
        "gen_ai.usage.input_tokens": tally.prompt_tokens,
        "gen_ai.usage.output_tokens": tally.completion_tokens,
        "hub.lane": asked.lane,
        "hub.task": asked.task,
        "hub.replica": tally.replica,
        "hub.outcome": closing.outcome.value,
        "hub.request_id": asked.request_id,
        "hub.first_token_ms": tally.first_token_ms or 0,
    }


def _of_attempts(closing: Closing) -> list[Attributes]:
    return [
        {
            "hub.outcome": one.outcome.value,
            "gen_ai.response.model": one.tier or closing.tier,
            "gen_ai.usage.input_tokens": one.prompt_tokens,
            "gen_ai.usage.output_tokens": one.completion_tokens,
            "hub.reasoning_tokens": one.reasoning_tokens,
            "hub.queue_ms": one.queue_ms,
            "hub.total_ms": one.total_ms or 0,
        }
        for one in closing.attempts
    ]
