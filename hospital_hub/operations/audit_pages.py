"""The audit for its auditor: who did what with which subject's data, narrowed, page by page, or as CSV."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import RedirectResponse, Response

from hospital_hub.audit.events import AuditEvent, Deed
from hospital_hub.audit.reading import Filter, names_of, read
from hospital_hub.errors import TooLong
from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.operations.csv_text import csv_text
from hospital_hub.operations.period import HOSPITAL_TIME
from hospital_hub.resources import resources_of
from hospital_hub.web.languages import Language, marked
from hospital_hub.web.templates import render

DEEDS: Final[Mapping[Deed, str]] = {
    Deed.LOGIN: marked("Logged in"),
    Deed.LOGIN_FAILED: marked("Could not log in"),
    Deed.LOGOUT: marked("Logged out"),
    Deed.READ: marked("Read"),
    Deed.CREATE: marked("Created"),
    Deed.UPDATE: marked("Changed"),
    Deed.ASK: marked("Asked a model"),
    Deed.SIGN: marked("Signed"),
    Deed.FILE: marked("Filed in the record"),
    Deed.REFUSE: marked("Was refused"),
}
PAGE = 50
MOST_ROWS = 50_000
COLUMNS = ("id", "at", "deed", "who", "role", "login", "request", "subject", "entity", "detail")
router = APIRouter(include_in_schema=False)
Auditor = Annotated[Principal, Depends(Guard(Action.AUDIT_READ))]


class Wanted(BaseModel):
    """The fields of the form, as a query. `subject` is a keyed hash, so that no patient stands in an address."""

    model_config = ConfigDict(extra="forbid")

    deed: Deed | None = None
    who: str = Field(default="", max_length=200)
    entity: str = Field(default="", max_length=200)
    subject: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    since: date | None = None
    until: date | None = None
    before: int | None = Field(default=None, ge=1)
    lang: Language | None = Field(default=None, description="read by the shell around every page")

    @field_validator("deed", "since", "until", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: object) -> object:
        """A form sends an empty text for what was left open."""
        return None if value == "" else value

    def filter(self) -> Filter:
        return Filter(
            deed=self.deed,
            who=self.who.strip(),
            entity=self.entity.strip(),
            subject=self.subject,
            since=_midnight(self.since) if self.since else None,
            until=_midnight(self.until + timedelta(days=1)) if self.until else None,
        )

    def query(self, *, before: int | None = None) -> str:
        chosen = {**self.model_dump(exclude={"before", "lang"}, exclude_defaults=True, mode="json"), "before": before}
        return urlencode({name: value for name, value in chosen.items() if value})


class SubjectForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reference: str = Field(min_length=1, max_length=200)


@router.get("/audit", name="audit")
async def audit(request: Request, who: Auditor, *, wanted: Annotated[Wanted, Query()]) -> Response:
    async with resources_of(request).database.work() as session:
        part = await read(session, who, wanted=wanted.filter(), limit=PAGE, before=wanted.before)
        names = await names_of(session, part.events)
    context = {
        "names": names,
        "events": part.events,
        "wanted": wanted,
        "deeds": DEEDS,
        "older": wanted.query(before=part.before) if part.before else None,
        "query": wanted.query(),
    }
    return render(request, "operations/audit.html", context=context)


@router.post("/audit/subject", name="audit_subject")
async def subject(request: Request, _who: Auditor, form: Annotated[SubjectForm, Form()]) -> Response:
    """From a patient's reference to its keyed hash, so that only the hash stands in the address."""
    blind = resources_of(request).vault.blind(form.reference.strip()).hex()
    return RedirectResponse(f"/audit?subject={blind}", HTTPStatus.SEE_OTHER)


@router.get("/audit.csv", name="audit_csv")
async def audit_csv(request: Request, who: Auditor, *, wanted: Annotated[Wanted, Query()]) -> Response:
    async with resources_of(request).database.work() as session:
        part = await read(session, who, wanted=wanted.filter(), limit=MOST_ROWS, before=wanted.before)
    if part.before is not None:
        raise TooLong("These are more events than one file takes.", "Choose fewer days.", code="too_many_events")
    headers = {"content-disposition": 'attachment; filename="audit.csv"'}
    return Response(csv_text(COLUMNS, _rows(part.events)), media_type="text/csv", headers=headers)


def _rows(events: list[AuditEvent]) -> Iterator[tuple[object, ...]]:
    for event in events:
        subject_hash = event.subject.hex() if event.subject else ""
        login, role = event.login_id or "", event.role or ""
        at = event.at.isoformat()
        yield (
            event.id,
            at,
            event.deed,
            event.who,
            role,
            login,
            event.request_id,
            subject_hash,
            event.entity,
            event.detail,
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=HOSPITAL_TIME)
