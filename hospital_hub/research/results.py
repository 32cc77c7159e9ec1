"""The texts of a job for its owner: a page at a time for the screen, streamed as JSONL or CSV for a file.

Everything generated carries its label; each access is an audit event of its transaction.
"""

import csv
import io
import uuid
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import orjson
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.feedback import Rating, ratings_of
from hospital_hub.research.job import ItemOutcome
from hospital_hub.research.sealed import JobTexts, subject_of
from hospital_hub.research.service import own_job
from hospital_hub.research.tables import JobItem, JobResult
from hospital_hub.resources import Resources

Form = Literal["jsonl", "csv"]
LABEL: Final = "AI draft, not checked / AI 草稿，未经核对"
PENDING: Final = "pending"
ROWS_AT_ONCE: Final = 500
CSV_START: Final = "\ufeff"  # without it Excel takes UTF-8 for something else
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
COLUMNS: Final = (
    "line", "id", "state", "answer", "error", "tier", "weights", "prompt_version", "finish_reason", "prompt_tokens",
    "completion_tokens", "milliseconds", "identifiers_removed", "label", "notice",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One item with its texts opened; `state` is pending, answered or failed."""

    ordinal: int
    name: str
    question: str
    state: str = PENDING
    answer: str = ""
    error_code: str = ""
    removed: Mapping[str, int] = field(default_factory=dict)
    tier: str = ""
    weights: str = ""
    finish_reason: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    milliseconds: int = 0
    call_id: str = ""
    rating: Rating = Rating.NONE


async def result_page(
    resources: Resources, who: Principal, *, job_id: uuid.UUID, after: int, limit: int
) -> tuple[Row, ...]:
    """Items behind the line `after`, in the order of the lines."""
    who.require(Action.BATCH_READ)
    async with resources.database.work() as session:
        await own_job(session, who, job_id=job_id)
        subject = subject_of(job_id)
        record(session, who, deed=Deed.READ, entity=subject, subject=resources.vault.blind(subject))
        rows = await _rows(session, JobTexts(resources.vault, session, job_id), after=after, limit=limit)
        ratings = await ratings_of(session, who, calls=[uuid.UUID(row.call_id) for row in rows if row.call_id])
        return tuple(replace(row, rating=ratings.get(row.call_id, Rating.NONE)) for row in rows)


async def result_file(resources: Resources, who: Principal, *, job_id: uuid.UUID, form: Form) -> AsyncGenerator[str]:
    """What there is now; items that wait stand in it as pending.

    Raises:
        NotFound: before the first byte, for a job of somebody else.
    """
    async with resources.database.work() as session:
        prompt_version = (await own_job(session, who, job_id=job_id)).prompt_version
    first = await result_page(resources, who, job_id=job_id, after=0, limit=ROWS_AT_ONCE)
    return _written(resources, job_id, first=first, writer=Writer(form, prompt_version, resources.registry.notice))


@dataclass(frozen=True)
class Writer:
    form: Form
    prompt_version: str
    notice: str

    @property
    def start(self) -> str:
        return CSV_START + _csv(COLUMNS) if self.form == "csv" else ""

    def written(self, row: Row) -> str:
        fields = self._fields(row)
        if self.form == "jsonl":
            return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE).decode()
        removed = " ".join(f"{kind}:{count}" for kind, count in row.removed.items())
        return _csv([_harmless(value) for value in (fields | {"identifiers_removed": removed}).values()])

    def _fields(self, row: Row) -> dict[str, Any]:
        answered = row.state == ItemOutcome.ANSWERED
        return {
            "line": row.ordinal,
            "id": row.name or None,
            "state": row.state,
            "answer": row.answer if answered else None,
            "error": row.error_code or None,
            "tier": row.tier,
            "weights": row.weights,
            "prompt_version": self.prompt_version,
            "finish_reason": row.finish_reason,
            "prompt_tokens": row.prompt_tokens,
            "completion_tokens": row.completion_tokens,
            "milliseconds": row.milliseconds,
            "identifiers_removed": dict(row.removed),
            "label": LABEL if answered else "",
            "notice": self.notice if answered else "",
        }


async def _written(
    resources: Resources, job_id: uuid.UUID, *, first: tuple[Row, ...], writer: Writer
) -> AsyncGenerator[str]:
    """No transaction stays open while the reader is slow."""
    yield writer.start
    rows = first
    while rows:
        yield "".join(writer.written(row) for row in rows)
        if len(rows) < ROWS_AT_ONCE:
            return
        async with resources.database.work() as session:
            texts = JobTexts(resources.vault, session, job_id)
            rows = await _rows(session, texts, after=rows[-1].ordinal, limit=ROWS_AT_ONCE)


async def _rows(session: AsyncSession, texts: JobTexts, *, after: int, limit: int) -> tuple[Row, ...]:
    same = (col(JobResult.job_id) == col(JobItem.job_id)) & (col(JobResult.ordinal) == col(JobItem.ordinal))
    found = await session.exec(
        select(JobItem, JobResult)
        .join(JobResult, same, isouter=True)
        .where(JobItem.job_id == texts.job_id, col(JobItem.ordinal) > after)
        .order_by(col(JobItem.ordinal))
        .limit(limit)
    )
    return tuple([await _row(texts, item, result=result) for item, result in found.all()])


async def _row(texts: JobTexts, item: JobItem, *, result: JobResult | None) -> Row:
    line = await texts.line(item.ordinal, item.content)
    if result is None:
        return Row(item.ordinal, name=line.name, question=line.question)
    return Row(
        ordinal=item.ordinal,
        name=line.name,
        question=line.question,
        state=result.outcome.value,
        answer=await texts.answer(item.ordinal, result.answer),
        error_code=result.error_code,
        removed=result.removed,
        tier=result.tier,
        weights=result.weights,
        finish_reason=result.finish_reason,
        prompt_tokens=result.prompt_tokens,
        completion_tokens=result.completion_tokens,
        milliseconds=result.milliseconds,
        call_id=result.call_id,
    )


def _harmless(value: object) -> str:
    """A spreadsheet must not take a cell for a formula (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(FORMULA_SIGNS) else text


def _csv(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
