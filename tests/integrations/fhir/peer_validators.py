"""Two FHIR validators of others (npm: @medplum/core, fhir), asked in one process of Node."""

import asyncio
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hospital_hub.embedded import hospital
from integrations.fhir.lossless import dumps
from tests.fixtures.hospital import NPM

FOLDER = Path(__file__).parent / "peers"
DEFINITIONS = hospital.SOURCES / "dist" / "definitions.json.gz"


def install() -> None:
    """As `make test` does it, if that has not."""
    if not (FOLDER / "node_modules" / "fhir").is_dir():
        subprocess.run([hospital.node(), NPM, "ci", "--ignore-scripts", "--no-audit"], cwd=FOLDER, check=True)


async def faults(resources: Sequence[dict[str, Any]], *, warnings: bool) -> list[dict[str, Any]]:
    """What the peers say against the resources; each fault names its resource by `number`."""
    lines = b"\n".join(map(dumps, resources))
    script = str(FOLDER / "validate.mjs")
    process = await asyncio.create_subprocess_exec(
        hospital.node(), script, str(DEFINITIONS), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate(lines)
    assert process.returncode == 0
    found = [json.loads(line) for line in told.splitlines()]
    return [one for one in found if warnings or one["severity"] == "error"]
