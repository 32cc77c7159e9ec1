"""How large a module, a function and a list of parameters may be, and what nothing may be called."""

import ast
from pathlib import PurePath

from tests.architecture.sources import Function, Place, dotted, functions, modules

MODULE_LINES = 250
FUNCTION_LINES = 40
PARAMETERS = 5
POSITIONAL = 2
DRAWERS = frozenset({"utils", "util", "common", "helpers", "helper", "core", "misc"})
# FastAPI and Typer read each parameter of an entry point by its name.
ENTRY_DECORATORS = frozenset({"get", "post", "put", "patch", "delete", "command", "callback"})
COMMANDS = "hospital_hub/cli/"
# A migration is a record of what was done to databases; it is never changed, so never split.
RECORDS = "hospital_hub/storage/migrations/versions/"
# A signature that a protocol of others fixes says so at its place, as ruff wants it too.
FIXED_BY_OTHERS = ("noqa: PLR0913", "noqa: PLR0917")


def test_modules_are_short() -> None:
    long = {
        module.name: len(module.lines)
        for module in modules()
        if len(module.lines) > MODULE_LINES and not module.name.startswith(RECORDS)
    }
    assert long == {}


def test_functions_are_short() -> None:
    long = {
        str(place): lines
        for place in functions()
        if (lines := _lines(place.node)) > FUNCTION_LINES and not str(place).startswith(RECORDS)
    }
    assert long == {}


def test_functions_take_few_parameters() -> None:
    too_many = [str(place) for place in functions() if not _entry(place) and not _few(place) and not _excused(place)]
    assert too_many == []


def test_nothing_takes_arbitrary_keywords() -> None:
    """Celery's signals call their receivers with whatever they have; such a receiver uses none of it (`_`)."""
    open_ended = [
        str(place)
        for place in functions()
        if place.node.args.kwarg is not None and not place.node.args.kwarg.arg.startswith("_")
    ]
    assert open_ended == []


def test_no_drawer_for_everything() -> None:
    drawers = [
        module.name for module in modules() if DRAWERS & {PurePath(part).stem for part in PurePath(module.name).parts}
    ]
    assert drawers == []


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        str(place)
        for place in functions()
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(place.node))
    ]
    assert hidden == []


def test_each_module_says_what_it_promises() -> None:
    silent = [module.name for module in modules() if module.tree.body and ast.get_docstring(module.tree) is None]
    assert silent == []


def _lines(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _entry(place: Place) -> bool:
    decorated = any(
        dotted(one.func if isinstance(one, ast.Call) else one).rpartition(".")[2] in ENTRY_DECORATORS
        for one in place.node.decorator_list
    )
    return decorated or (place.module.name.startswith(COMMANDS) and not place.node.name.startswith("_"))


def _few(place: Place) -> bool:
    arguments = place.node.args
    own = 1 if place.in_class and not _static(place.node) else 0
    positional = len(arguments.posonlyargs) + len(arguments.args) - own
    return positional <= POSITIONAL and positional + len(arguments.kwonlyargs) <= PARAMETERS


def _static(node: Function) -> bool:
    return any(dotted(one) == "staticmethod" for one in node.decorator_list)


def _excused(place: Place) -> bool:
    first_body_line = place.node.body[0].lineno
    head = "\n".join(place.module.lines[place.node.lineno - 1 : first_body_line])
    return any(mark in head for mark in FIXED_BY_OTHERS)
