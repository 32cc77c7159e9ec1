"""One connection of a process listens for all of its boards: each is told of a change, and when nobody listens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from hospital_hub.errors import Unavailable
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.triage.live import News, announce
from tests.fixtures.hub import rows

LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
)
Board = AsyncGenerator[None]


@asynccontextmanager
async def boards(news: News, number: int) -> AsyncGenerator[list[Board]]:
    """So many boards, each of which has heard the first word."""
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(aclosing(news.changes())) for _ in range(number)]
        await asyncio.gather(*(anext(board) for board in opened))
        yield opened


async def tell(resources: Resources) -> None:
    async with resources.database.work() as session:
        await announce(session)


async def test_many_boards_hear_of_a_change_over_one_connection(resources: Resources, settings: Settings) -> None:
    async with boards(News(settings.database_url, beat=30.0), 20) as opened:
        assert rows(settings.database_url, LISTENING) == [(1,)]
        heard = [asyncio.ensure_future(anext(board)) for board in opened]
        await asyncio.sleep(0.1)
        assert not any(one.done() for one in heard)
        await tell(resources)
        async with asyncio.timeout(2):
            await asyncio.gather(*heard)


async def test_a_change_while_a_board_reads_is_not_lost(resources: Resources, settings: Settings) -> None:
    async with boards(News(settings.database_url, beat=30.0), 1) as (board,):
        await tell(resources)
        await asyncio.sleep(0.2)  # nobody waits for it at this moment
        async with asyncio.timeout(2):
            await anext(board)


async def test_a_change_that_is_rolled_back_is_none(resources: Resources, settings: Settings) -> None:
    async with boards(News(settings.database_url, beat=30.0), 1) as (board,):
        heard = asyncio.ensure_future(anext(board))
        async with resources.database.work() as session:
            await announce(session)
            await session.rollback()
        await asyncio.sleep(0.2)
        assert not heard.done()
        await tell(resources)
        await heard


async def test_a_board_beats_without_news(settings: Settings) -> None:
    async with boards(News(settings.database_url, beat=0.05), 1) as (board,):
        async with asyncio.timeout(2):
            for _ in range(3):
                await anext(board)


async def test_when_the_connection_is_lost_every_board_is_told_and_can_come_back(
    resources: Resources, settings: Settings
) -> None:
    news = News(settings.database_url, beat=30.0)
    async with boards(news, 5) as opened:
        rows(settings.database_url, CUT)
        async with asyncio.timeout(5):
            ends = await asyncio.gather(*(anext(board) for board in opened), return_exceptions=True)
        assert [type(end) for end in ends] == [Unavailable] * 5
        async with boards(news, 5) as again:
            assert rows(settings.database_url, LISTENING) == [(1,)]
            await tell(resources)
            async with asyncio.timeout(2):
                await asyncio.gather(*(anext(board) for board in again))


@asynccontextmanager
async def forgetful(url: str, folder: Path) -> AsyncGenerator[tuple[str, asyncio.Event]]:
    """A way to the database that forgets its connections when told to, as a firewall does: no error, only silence."""
    server = make_url(url)
    sockets, silent = str(server.query["host"]), asyncio.Event()
    carrying: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if not silent.is_set():
                writer.write(data)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if silent.is_set():  # nor does it let a new one through
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_unix_connection(f"{sockets}/.s.PGSQL.5432")
        tasks = {asyncio.ensure_future(carry(reader, far_writer)), asyncio.ensure_future(carry(far_reader, writer))}
        carrying.update(tasks)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in tasks:
            one.cancel()
        for side in (writer, far_writer):
            side.transport.abort()

    proxy = await asyncio.start_unix_server(accept, folder / ".s.PGSQL.5432")
    yield server.set(query={"host": str(folder)}).render_as_string(hide_password=False), silent
    await asyncio.sleep(0.3)  # the driver tries to call its question back
    for one in carrying:
        one.cancel()
    await asyncio.gather(*carrying, return_exceptions=True)
    proxy.close()


async def test_a_dead_connection_that_says_nothing_is_found_out(settings: Settings, servers_folder: Path) -> None:
    folder = servers_folder / "silent"
    folder.mkdir()
    async with forgetful(settings.database_url, folder) as (url, silent), boards(News(url, beat=0.1), 1) as (board,):
        await anext(board)
        silent.set()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(ends(board), 10)


async def ends(board: Board) -> None:
    """Follow a board until it raises."""
    while True:
        await anext(board)


async def test_nobody_listens_when_no_board_is_open(settings: Settings) -> None:
    news = News(settings.database_url)
    async with boards(news, 2):
        assert rows(settings.database_url, LISTENING) == [(1,)]
    async with asyncio.timeout(5):
        while rows(settings.database_url, LISTENING) != [(0,)]:
            await asyncio.sleep(0.02)
    async with boards(news, 1):
        assert rows(settings.database_url, LISTENING) == [(1,)]


async def test_without_a_database_a_board_is_told_at_once() -> None:
    news = News("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        await anext(news.changes())


async def test_closing_ends_every_board(settings: Settings) -> None:
    news = News(settings.database_url, beat=30.0)
    async with boards(news, 3) as opened:
        await news.close()
        ends = await asyncio.gather(*(anext(board) for board in opened), return_exceptions=True)
        assert [type(end) for end in ends] == [Unavailable] * 3


async def test_a_board_that_leaves_at_once_leaves_no_connection_behind(settings: Settings) -> None:
    news = News(settings.database_url)
    for _ in range(10):
        async with boards(news, 1):
            pass
        joining = asyncio.ensure_future(anext(news.changes()))
        await asyncio.sleep(0.002)
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)
    await news.close()
    async with asyncio.timeout(2):
        while rows(settings.database_url, LISTENING) != [(0,)]:
            await asyncio.sleep(0.02)
