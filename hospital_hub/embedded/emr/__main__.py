"""`python -m hospital_hub.embedded.emr --port 8710 --fhir-url URL --hub-url URL --data FOLDER`."""

import argparse
import time
from pathlib import Path

import uvicorn

from hospital_hub.embedded.emr.app import create_app
from hospital_hub.embedded.emr.config import EmrConfig

# Longer than clients keep an idle connection (aiohttp: 15 s): else a POST can meet one that is just being closed.
KEEP_ALIVE_SECONDS = 75


def main() -> None:
    parser = argparse.ArgumentParser(description="The demonstration EMR around the hub's side panel")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8710)
    parser.add_argument("--public-url", default="", help="origin under which browsers and the hub reach it")
    parser.add_argument("--fhir-url", required=True, help="base URL of the private FHIR server")
    parser.add_argument("--hub-url", required=True, help="origin of the hub")
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    config = EmrConfig(
        origin=(options.public_url or f"http://127.0.0.1:{options.port}").rstrip("/"),
        private_fhir=options.fhir_url.rstrip("/"),
        hub=options.hub_url.rstrip("/"),
        data=options.data,
        clock=time.time,
    )
    # No access log: addresses of charts are data about patients.
    uvicorn.run(
        create_app(config),
        host=options.host,
        port=options.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
