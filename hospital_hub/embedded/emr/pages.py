"""The EMR's own pages: log-in, patient list, a chart with the hub's side panel beside it, one document."""

from importlib import resources
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from hospital_hub.embedded.emr.accounts import DEMO_LOGINS, DemoLogin, log_in
from hospital_hub.embedded.emr.chart import banner, current_stay, day, document, read_chart
from hospital_hub.embedded.emr.failures import forbidden
from hospital_hub.embedded.emr.grants import Launch
from hospital_hub.embedded.emr.hub_hooks import Hook
from hospital_hub.embedded.emr.log_in import Doctor, forget, remember
from hospital_hub.embedded.emr.parts import Emr, EmrParts
from hospital_hub.embedded.emr.tokens import Context

templates = Jinja2Templates(directory=str(resources.files("hospital_hub.embedded.emr").joinpath("templates")))
router = APIRouter(default_response_class=HTMLResponse)
LONGEST_FIELD = 100
Field = Annotated[str, Form(max_length=LONGEST_FIELD)]


def same_origin(request: Request, emr: EmrParts) -> None:
    """On one machine the hub's pages are the same site as this one: the cookie's SameSite does not tell them apart."""
    if request.headers.get("origin", emr.config.origin) != emr.config.origin:
        raise forbidden("The form was not sent from this site")


@router.get("/login")
async def log_in_page(request: Request) -> Response:
    return templates.TemplateResponse(request, "login.html", {"logins": DEMO_LOGINS})


@router.post("/login")
async def log_in_now(request: Request, emr: Emr, name: Field, password: Field) -> Response:
    same_origin(request, emr)
    doctor = log_in(name.strip(), password)
    if doctor is None:
        shown = {"logins": DEMO_LOGINS, "failed": True, "name": name}
        return templates.TemplateResponse(request, "login.html", shown, status_code=401)
    response = RedirectResponse("/", status_code=303)
    remember(response, emr, doctor=doctor)
    return response


@router.post("/logout")
async def log_out(request: Request, emr: Emr) -> Response:
    same_origin(request, emr)
    response = RedirectResponse("/login", status_code=303)
    forget(response)
    return response


@router.get("/")
async def patients(request: Request, emr: Emr, doctor: Doctor) -> Response:
    return await _patients(request, emr, context={"doctor": doctor, "sought": ""})


@router.post("/")
async def seek_patients(request: Request, emr: Emr, doctor: Doctor, sought: Field = "") -> Response:
    """By POST: a name in a URL would stay in histories and logs."""
    return await _patients(request, emr, context={"doctor": doctor, "sought": sought.strip()})


async def _patients(request: Request, emr: EmrParts, *, context: dict[str, object]) -> Response:
    people = await emr.store.search("Patient", [("_count", "200")])
    encounters = await emr.store.search("Encounter", [("_count", "1000")])
    today, sought = day(emr.config.clock()), str(context["sought"]).casefold()
    rows = []
    for person in people:
        shown = banner(person, today=today)
        own = [one for one in encounters if one["subject"]["reference"] == f"Patient/{shown.id}"]
        if sought in f"{shown.name} {shown.id}".casefold():
            rows.append((shown, current_stay(own)))
    return templates.TemplateResponse(request, "patients.html", {**context, "rows": rows, "total": len(people)})


@router.get("/patients/{patient}")
async def chart_page(request: Request, emr: Emr, doctor: Doctor, patient: str) -> Response:
    return await _chart(request, emr, doctor=doctor, patient=patient, hook="patient-view")


@router.get("/patients/{patient}/discharge")
async def discharge_page(request: Request, emr: Emr, doctor: Doctor, patient: str) -> Response:
    """The same chart, seen for the last time before the patient leaves. The demonstration ends no stay."""
    return await _chart(request, emr, doctor=doctor, patient=patient, hook="encounter-discharge")


async def _chart(request: Request, emr: EmrParts, *, doctor: DemoLogin, patient: str, hook: Hook) -> Response:
    chart = await read_chart(emr.store, patient, today=day(emr.config.clock()))
    if chart is None:
        raise HTTPException(404)
    panel = launch_url(emr, Context(doctor.practitioner, patient, chart.stay.id))
    shown = {"doctor": doctor, "chart": chart, "panel": panel, "hook": hook}
    return templates.TemplateResponse(request, "chart.html", shown)


def launch_url(emr: EmrParts, context: Context, *, app_context: str = "") -> str:
    """Where the hub's side panel is started for this doctor and patient."""
    launch = emr.grants.launch(Launch(context, app_context))
    return f"{emr.config.hub}/notes/launch?{urlencode({'iss': emr.config.fhir_base, 'launch': launch})}"


@router.get("/patients/{patient}/documents/{identifier}")
async def document_page(request: Request, emr: Emr, doctor: Doctor, patient: str, identifier: str) -> Response:
    found = await emr.store.read("DocumentReference", identifier)
    person = await emr.store.read("Patient", patient)
    if found is None or person is None or found.get("subject", {}).get("reference") != f"Patient/{patient}":
        raise HTTPException(404)
    shown = {"doctor": doctor, "banner": banner(person, today=day(emr.config.clock())), "document": document(found)}
    return templates.TemplateResponse(request, "document.html", shown)
