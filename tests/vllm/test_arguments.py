"""The commands of `hospital-hub model-args`, read by vLLM's own parser: a wrong flag would only show on a GPU host."""

import json
import subprocess
from pathlib import Path

from hospital_hub.cli.serve_model import arguments
from hospital_hub.registry import Registry
from hospital_hub.settings import Settings

PARSE = Path(__file__).with_name("parse_arguments.py")


def test_every_command_is_understood_as_it_was_meant(vllm_python: Path) -> None:
    tiers = Registry.parse(Settings().models_document()).tiers
    kinds = [(entry, ascend) for entry in tiers.values() for ascend in (False, True)]
    lines = "".join(json.dumps(arguments(entry, ascend=ascend)) + "\n" for entry, ascend in kinds)
    read = subprocess.run([vllm_python, PARSE], input=lines, text=True, check=True, stdout=subprocess.PIPE)
    understood = [json.loads(line) for line in read.stdout.splitlines() if line.startswith("{")]
    assert len(understood) == len(kinds)
    for (entry, ascend), told in zip(kinds, understood, strict=True):
        serve = entry.ascend.serve if ascend and entry.ascend else entry.serve
        assert told["served_model_name"] == [entry.served_name]
        assert told["reasoning_parser"] == entry.reasoning_parser
        plain = {name: value for name, value in serve.items() if not isinstance(value, dict)}
        assert {name: told.get(name) for name in plain} == plain
        assert all(told[name] for name in serve.keys() - plain.keys())
