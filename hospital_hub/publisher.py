"""Carries the outbox to the broker: `python -m hospital_hub.publisher`. Publisher and reconciler in one loop.

Several may run side by side. A broker or database that is down is tried again; nothing is lost meanwhile.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from celery import Celery
from kombu.exceptions import OperationalError as BrokerDown
from sqlalchemy.exc import ProgrammingError

from hospital_hub.broker import PUBLISHER, make_celery
from hospital_hub.errors import Unavailable, WrongSetup
from hospital_hub.inference.upkeep import Retention, upkeep
from hospital_hub.logs import configure_logs
from hospital_hub.settings import Settings, load_settings
from hospital_hub.storage import outbox
from hospital_hub.storage.database import Database

READY: Final = "publisher_ready"
PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 5.0
WRONG_SETUP: Final = 2
log = structlog.get_logger()


@dataclass(frozen=True)
class Publisher:
    database: Database
    celery: Celery

    async def publish_due(self) -> int:
        """Publish what is due; how many went out.

        Raises:
            Unavailable: the database is down. BrokerDown: the broker is; what did not go out is given back.
        """
        async with self.database.work() as session:
            messages = await outbox.take_due(session)
        for number, message in enumerate(messages):
            try:
                await asyncio.to_thread(self._send, message)
            except (BrokerDown, OSError) as down:
                await self._give_back(messages[number:])
                raise BrokerDown from down
        return len(messages)

    def _send(self, message: outbox.Message) -> None:
        """Bounded by the socket's time-outs, which also end the thread."""
        self.celery.send_task(message.task, args=[str(message.subject_id)], queue=message.queue, ignore_result=True)

    async def _give_back(self, messages: list[outbox.Message]) -> None:
        async with self.database.work() as session:
            await outbox.give_back(session, messages)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; pauses longer while something is down."""
        pause = PAUSE_SECONDS
        while not stop.is_set():
            try:
                sent = await self.publish_due()
            except (Unavailable, BrokerDown) as down:
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                log.warning("publisher_waits", error=type(down).__name__, seconds=pause)
            else:
                pause = PAUSE_SECONDS
                if sent:
                    log.info("published", messages=sent)
            await _wait(stop, pause)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


async def serve(settings: Settings, *, ready: Callable[[], None]) -> None:
    """Until SIGTERM or Ctrl-C.

    Raises:
        WrongSetup: a setting is missing, or the database has no outbox.
    """
    if not settings.database_url:
        raise WrongSetup("HUB_DATABASE_URL is not set: run `hospital-hub demo`, or name your PostgreSQL there")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    celery = make_celery(settings, patience=PUBLISHER)
    database = Database.open(settings.database_url, pool_size=1)
    try:
        ready()
        keeping = asyncio.create_task(upkeep(database, Retention.of(settings), stop=stop))
        try:
            await Publisher(database, celery).run(stop)
        finally:
            stop.set()
            await asyncio.gather(keeping, return_exceptions=True)
    except ProgrammingError as missing:
        raise WrongSetup("The database has no outbox: run `hospital-hub db upgrade`") from missing
    finally:
        await database.close()


def main() -> int:
    try:
        settings = load_settings()
        configure_logs(settings.log_format)
        asyncio.run(serve(settings, ready=lambda: log.info(READY)))
    except WrongSetup as wrong:
        sys.stderr.write(f"{wrong}\n")
        return WRONG_SETUP
    return 0


if __name__ == "__main__":
    sys.exit(main())
