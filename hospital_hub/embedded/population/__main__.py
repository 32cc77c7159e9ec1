"""Looks first, fills only where it has to: the simulator takes a second to import, and most starts do not need it."""

import argparse
import asyncio
import runpy
import sys

import aiohttp

from hospital_hub.embedded.population.edition import has_edition


async def filled(fhir_url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as http:
            return await has_edition(http, fhir_url)
    except aiohttp.ClientError:
        return False  # filling says in a sentence what is wrong


def main() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--fhir-url", default="")
    options, _ = parser.parse_known_args()
    if options.fhir_url and asyncio.run(filled(options.fhir_url.rstrip("/"))):
        sys.stdout.write("The synthetic patients are already there\n")
        return
    runpy.run_module("hospital_hub.embedded.population.filling", run_name="__main__")


main()
