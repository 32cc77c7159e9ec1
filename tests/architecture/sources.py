"""The hub's own source files as syntax trees, read once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("hospital_hub", "routing", "integrations")
NOT_OURS = ("node_modules", "static/vendor")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """`name` is the path from the repository's root."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@dataclass(frozen=True)
class Place:
    """A function and where it stands."""

    module: Module
    node: Function
    in_class: bool

    def __str__(self) -> str:
        return f"{self.module.name}:{self.node.lineno} {self.node.name}"


@lru_cache
def modules() -> tuple[Module, ...]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not any(foreign in name for foreign in NOT_OURS):
                text = path.read_text(encoding="utf-8")
                found.append(Module(name, text, ast.parse(text)))
    return tuple(found)


def functions() -> Iterator[Place]:
    for module in modules():
        methods = {
            child
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ClassDef)
            for child in node.body
            if isinstance(child, Function)
        }
        for node in ast.walk(module.tree):
            if isinstance(node, Function):
                yield Place(module, node, node in methods)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of names, else an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""
