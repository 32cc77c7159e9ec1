"""A small application inside the page shell, with addresses that fail in each way."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Form, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from hospital_hub.errors import Busy, NotFound, NotLoggedIn
from hospital_hub.settings import Settings
from hospital_hub.web.problems import Problem
from hospital_hub.web.shell import install

ORIGIN = "http://hub.test"
EMR = "https://emr.test"
SECRET = "patient Wang has a secret"


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=5)
    pulse: int = Field(ge=20)


def own_format(_request: Request, problem: Problem) -> Response:
    return PlainTextResponse(f"own:{problem.code}", problem.status)


def make_app(*, demo: bool = True, public_url: str = ORIGIN) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    settings = Settings(_env_file=None, data_dir=Path("/nowhere"), demo=demo, emr_origin=EMR, public_url=public_url)
    install(app, settings=settings, problem_formats={"/v1/": own_format})
    _add_answers(app)
    _add_errors(app)
    return app


def _add_answers(app: FastAPI) -> None:
    @app.get("/page")
    @app.get("/notes/panel")
    @app.get("/kiosk/start")
    async def page(request: Request) -> dict[str, str]:
        return {"id": request.state.request_id, "language": request.state.language}

    @app.post("/order")
    async def order(order: Order) -> Order:
        return order

    @app.post("/form")
    async def form(order: Annotated[Order, Form()]) -> Order:
        return order


def _add_errors(app: FastAPI) -> None:
    @app.get("/missing")
    @app.get("/v1/missing")
    async def missing() -> None:
        raise NotFound("There is no such case.", "Look at the board.", code="no_case", place="path.case")

    @app.get("/private")
    @app.post("/private")
    async def private() -> None:
        raise NotLoggedIn("You are not logged in.", "Log in and try again.")

    @app.get("/busy")
    async def busy() -> None:
        raise Busy("No model has room.", retry_after=7)

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError(SECRET)

    @app.get("/deep")
    async def deep() -> None:
        raise RecursionError(SECRET)

    @app.get("/breaks-off")
    async def breaks_off() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            raise ValueError(SECRET)

        return StreamingResponse(parts())


@pytest.fixture
def shell_app() -> FastAPI:
    return make_app()


@pytest_asyncio.fixture
async def shell(shell_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Raises what the application does not answer, so that nothing passes as a quiet 500."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=shell_app), base_url=ORIGIN) as client:
        yield client
