"""A message in the broker carries the id of a row and nothing else: Redis is no place for patient data."""

import ast
from collections.abc import Iterator

from tests.architecture.sources import Function, Module, dotted, functions, modules

MAKES_A_TASK = frozenset({"shared_task", "task"})
SENDS = frozenset({"delay", "apply_async", "send_task"})
PUBLISHER = "hospital_hub/publisher.py"


def test_each_task_takes_one_id_as_text() -> None:
    tasks = [place for place in functions() if _is_task(place.node)]
    assert tasks, "no task was found: the test looks for the wrong decorator"
    wrong = [str(place) for place in tasks if not _takes_one_text(place.node)]
    assert wrong == []


def test_only_the_publisher_sends() -> None:
    """Everybody else writes an outbox row, in the transaction that makes it true."""
    senders = {module.name for module in modules() if any(_sends(module))}
    assert senders <= {PUBLISHER}


def test_results_stay_out_of_the_broker() -> None:
    careless = [
        str(place)
        for place in functions()
        for one in place.node.decorator_list
        if isinstance(one, ast.Call) and _makes_a_task(one) and not _ignores_its_result(one)
    ]
    assert careless == []


def _is_task(node: Function) -> bool:
    return any(_makes_a_task(one) for one in node.decorator_list)


def _makes_a_task(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return dotted(called).rpartition(".")[2] in MAKES_A_TASK


def _ignores_its_result(decorator: ast.Call) -> bool:
    return any(
        one.arg == "ignore_result" and isinstance(one.value, ast.Constant) and one.value.value is True
        for one in decorator.keywords
    )


def _takes_one_text(node: Function) -> bool:
    arguments = node.args
    others = (*arguments.posonlyargs, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    only = arguments.args[0] if len(arguments.args) == 1 else None
    return not any(others) and only is not None and only.annotation is not None and dotted(only.annotation) == "str"


def _sends(module: Module) -> Iterator[bool]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SENDS:
            yield True
