"""Done once before the hub starts: the database's schema and the demonstration's accounts. May be run again."""

import asyncio
import sys

from hospital_hub.errors import WrongSetup
from hospital_hub.identity.demonstration import seed_demonstration
from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings, load_settings
from hospital_hub.storage import schema
from hospital_hub.storage.clock import utc_now


async def accounts(settings: Settings) -> int:
    async with open_resources(settings) as resources:
        return await seed_demonstration(resources, now=utc_now())


def main() -> int:
    try:
        settings = load_settings()
        schema.upgrade(settings.database_url)
        made = asyncio.run(accounts(settings))
    except WrongSetup as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    sys.stdout.write(f"schema {schema.newest()}, {made} accounts made\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
