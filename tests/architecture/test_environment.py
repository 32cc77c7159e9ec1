"""Only the settings read the environment, so that one page tells everything an installation can set."""

import ast

from tests.architecture.sources import Module, dotted, modules

READERS = frozenset({"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"})
IMPORTED = frozenset({"environ", "environb", "getenv", "getenvb", "putenv"})
ALLOWED = frozenset({"hospital_hub/settings.py"})


def test_only_settings_read_the_environment() -> None:
    readers = {module.name for module in modules() if _reads(module)}
    assert readers <= ALLOWED


def test_the_rule_sees_each_way_to_read_it() -> None:
    for text in ("import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"):
        assert _reads(Module("example.py", text, ast.parse(text)))


def _reads(module: Module) -> bool:
    return any(_is_reader(node) for node in ast.walk(module.tree))


def _is_reader(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any(name.name in IMPORTED for name in node.names)
    return isinstance(node, ast.Attribute) and dotted(node) in READERS
