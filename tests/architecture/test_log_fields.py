"""What a log line may carry: an event's name and fields of this list. No text of a person can get in by accident.

A new field is added here, by somebody who asks: could this ever hold what a patient said or who the patient is?
"""

import ast
import re

from tests.architecture.sources import Module, dotted, modules

LEVELS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "msg"})
FIELDS = frozenset(
    {
        "address",  # a socket's path, or host and port
        "attempts",
        "broken",  # whether a connection broke
        "case",  # id of a triage case
        "error",  # the name of an exception's class
        "fault",
        "fence",
        "frames",  # file and line
        "healthy",
        "held",  # how many places
        "job",
        "kind",
        "messages",  # how many
        "note",  # id of a draft
        "outcome",
        "pause",
        "replica",
        "seconds",
        "state",
        "status",
        "stuck",
        "tier",
        "url",  # of a model server, from models.toml
        "version",  # of models.toml
    }
)
EVENT = re.compile(r"[a-z][a-z0-9_]{2,40}")
# Standard logging and printing bypass the fields. The command line and the demonstration talk to a terminal.
TERMINALS = ("hospital_hub/cli/", "hospital_hub/embedded/", "hospital_hub/logs.py")


def test_log_calls_carry_only_listed_fields() -> None:
    assert [fault for module in modules() for fault in faults(module)] == []


def test_the_rule_sees_a_careless_log_call() -> None:
    careless = (
        'log.info(f"asked {text}")',
        'log.info("asked", text=text)',
        'log.info("asked", code=f"{text}")',
        'log.info("asked", **everything)',
        'log.info("asked", exc_info=True)',
        'log.exception("asked")',
        'log.info("asked", error=str(error))',
        'print("asked")',
        "import logging",
    )
    for text in careless:
        assert faults(Module("example.py", text, ast.parse(text))), text


def test_every_listed_field_is_used() -> None:
    used = {
        keyword.arg
        for module in modules()
        for node in ast.walk(module.tree)
        if _logs(node)
        for keyword in node.keywords
    }
    assert FIELDS - used == set()


def faults(module: Module) -> list[str]:
    found = []
    for node in ast.walk(module.tree):
        if _logs(node):
            found += [f"{module.name}:{node.lineno} {fault}" for fault in _of_call(node)]
        elif not module.name.startswith(TERMINALS) and _bypasses(node):
            found.append(f"{module.name}:{node.lineno} bypasses the structured log")
    return found


def _logs(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in LEVELS:
        return False
    return dotted(node.func.value).rpartition(".")[2] in {"log", "_log", "logger"}


def _of_call(call: ast.Call) -> list[str]:
    event = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    named = isinstance(event, str) and EVENT.fullmatch(event)
    constant = len(call.args) == 1 and isinstance(call.args[0], ast.Name) and call.args[0].id.isupper()
    faults = [] if len(call.args) == 1 and (named or constant) else ["the event is no plain name"]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "exception":
        faults.append("logs an exception's text")
    for keyword in call.keywords:
        if keyword.arg not in FIELDS:
            faults.append(f"field {keyword.arg or '**'} is not listed")
        elif any(isinstance(part, ast.JoinedStr) for part in ast.walk(keyword.value)):
            faults.append(f"field {keyword.arg} is put together from text")
        elif keyword.arg == "error" and (
            "__name__" not in (shown := ast.unparse(keyword.value)) and "__qualname__" not in shown
        ):
            faults.append("field error is not the name of a class")
    return faults


def _bypasses(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(name.name == "logging" for name in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module == "logging"
    return isinstance(node, ast.Call) and dotted(node.func) in {"print", "warnings.warn"}
