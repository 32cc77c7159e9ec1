"""Run by the interpreter of `.venv-vllm`: does vLLM's own parser take these commands? One JSON list a line on stdin.

Prints what it understood as JSON: the differences to its defaults. Exits with 2, and vLLM's words, where it does not.
"""

import argparse
import json
import sys

from vllm.entrypoints.cli.serve import ServeSubcommand
from vllm.utils.argparse_utils import FlexibleArgumentParser


def main() -> None:
    parser = FlexibleArgumentParser()
    command = ServeSubcommand().subparser_init(parser.add_subparsers(dest="subparser"))
    defaults = vars(command.parse_args([]))
    for line in sys.stdin:
        understood = vars(command.parse_args(json.loads(line)))
        told = {name: value for name, value in understood.items() if value != defaults.get(name)}
        print(json.dumps(told, default=_plain))  # noqa: T201 - read by the test


def _plain(value: object) -> object:
    return vars(value) if isinstance(value, argparse.Namespace) else str(value)


if __name__ == "__main__":
    main()
