"""All routes of the application with the guards that stand before them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from hospital_hub.identity.guard import Guard

SOME_ID = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Entrance:
    """`url` has its parameters filled in."""

    path: str
    method: str
    guards: tuple[Guard, ...]

    @property
    def url(self) -> str:
        return re.sub(r"\{[^}]+\}", SOME_ID, self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def entrances(app: FastAPI) -> Iterator[Entrance]:
    for route in app.routes:
        assert isinstance(route, Route | Mount), f"a kind of route that this test does not know: {route!r}"
        if isinstance(route, Mount):
            yield Entrance(route.path, "GET", ())
            continue
        guards = tuple(_guards(route.dependant)) if isinstance(route, APIRoute) else _own(route)
        for method in sorted(route.methods or ()):
            yield Entrance(route.path, method, guards)


def _own(route: Route) -> tuple[Guard, ...]:
    """A bare route that guards itself says by what."""
    guard = getattr(route.endpoint, "guard", None)
    return (guard,) if isinstance(guard, Guard) else ()


def _guards(dependant: Dependant) -> Iterator[Guard]:
    for one in dependant.dependencies:
        if isinstance(one.call, Guard):
            yield one.call
        yield from _guards(one)
