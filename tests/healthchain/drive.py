"""Run by the interpreter of `.venv-healthchain`: calls a service with HealthChain's own client, as an EMR would.

`python drive.py URL WORKFLOW synthetic` sends what its generator invents; `... chart FILE` sends the prefetch of FILE
for patient p1. Prints one JSON list: of each call the request as it went over the wire, and the response ({} for an
error).
"""

import json
import logging
import sys
import tempfile
from pathlib import Path

from healthchain.sandbox import SandboxClient

PATIENT, DOCTOR = "p1", "Practitioner/d1"
SEED = 7


def main(url: str, workflow: str, mode: str, file: str = "") -> None:
    logging.disable(logging.CRITICAL)
    client = SandboxClient(url, workflow=workflow)
    if mode == "synthetic" and workflow == "encounter-discharge":
        with tempfile.TemporaryDirectory() as folder:
            notes = Path(folder, "notes.csv")
            notes.write_text("text\nAdmitted with pneumonia, recovered.\n", encoding="utf-8")
            client.load_free_text(csv_path=str(notes), column_name="text", random_seed=SEED)
    elif mode == "synthetic":
        client.load_synthetic(n=2, random_seed=SEED)
    else:
        client.load_from_path(file)
        for request in client.requests:
            request.context.patientId = PATIENT
            request.context.userId = DOCTOR  # its generator also draws patients as users
    sent = [request.model_dump(exclude_none=True, mode="json") for request in client.requests]
    received = client.send_requests()
    print(json.dumps([{"sent": one, "received": two} for one, two in zip(sent, received, strict=True)]))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
