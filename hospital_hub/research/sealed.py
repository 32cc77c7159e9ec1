"""How a job's texts are sealed: one key a job, so that erasing the key erases its questions and answers."""

import uuid
from dataclasses import dataclass
from typing import Final

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.research.lines import Line
from hospital_hub.storage.vault import Place, Vault

TITLE: Final = "title"
CONTENT: Final = "content"
ANSWER: Final = "answer"


def subject_of(job_id: uuid.UUID) -> str:
    return f"job/{job_id}"


@dataclass(frozen=True)
class JobTexts:
    """Seals and opens the texts of one job within a unit of work."""

    vault: Vault
    session: AsyncSession
    job_id: uuid.UUID

    async def seal_title(self, title: str) -> bytes | None:
        return await self._seal(Place("job", TITLE, str(self.job_id)), title) if title else None

    async def title(self, sealed: bytes | None) -> str:
        return await self._open(Place("job", TITLE, str(self.job_id)), sealed) if sealed else ""

    async def seal_line(self, ordinal: int, line: Line) -> bytes:
        return await self._seal(self._place("job_item", CONTENT, ordinal=ordinal), _dumped(line))

    async def line(self, ordinal: int, sealed: bytes) -> Line:
        found = orjson.loads(await self._open(self._place("job_item", CONTENT, ordinal=ordinal), sealed))
        return Line(question=found["question"], name=found["id"])

    async def seal_answer(self, ordinal: int, answer: str) -> bytes:
        return await self._seal(self._place("job_result", ANSWER, ordinal=ordinal), answer)

    async def answer(self, ordinal: int, sealed: bytes | None) -> str:
        return await self._open(self._place("job_result", ANSWER, ordinal=ordinal), sealed) if sealed else ""

    def _place(self, table: str, column: str, *, ordinal: int) -> Place:
        return Place(table, column, f"{self.job_id}/{ordinal}")

    async def _seal(self, place: Place, text: str) -> bytes:
        return await self.vault.seal(self.session, subject=subject_of(self.job_id), place=place, text=text)

    async def _open(self, place: Place, sealed: bytes) -> str:
        return await self.vault.open(self.session, subject=subject_of(self.job_id), place=place, sealed=sealed)


def _dumped(line: Line) -> str:
    return orjson.dumps({"id": line.name, "question": line.question}).decode()
