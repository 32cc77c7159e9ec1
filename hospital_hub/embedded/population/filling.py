"""Fills a FHIR server: `python -m hospital_hub.embedded.population --fhir-url URL [--anchor YYYY-MM-DD]`."""

import argparse
import asyncio
import sys
from datetime import date

import aiohttp

from hospital_hub.embedded.population.patients import DEFAULT_ANCHOR
from hospital_hub.embedded.population.seeding import seed
from hospital_hub.errors import WrongSetup


def main() -> int:
    parser = argparse.ArgumentParser(description="Fill a demonstration FHIR server with synthetic patients, once")
    parser.add_argument("--fhir-url", required=True)
    parser.add_argument("--anchor", type=date.fromisoformat, default=DEFAULT_ANCHOR, help="the day the charts stand at")
    options = parser.parse_args()
    try:
        written = asyncio.run(seed(options.fhir_url.rstrip("/"), options.anchor))
    except WrongSetup as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    except aiohttp.ClientError as failure:
        name = type(failure).__name__
        sys.stderr.write(f"No FHIR server answers at {options.fhir_url} ({name}); start it first\n")
        return 2
    told = f"{written} synthetic resources written" if written else "The synthetic patients are already there"
    sys.stdout.write(f"{told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
