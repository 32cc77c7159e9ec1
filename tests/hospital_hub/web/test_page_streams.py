"""A page's stream that is cut: it goes on where it stopped, in whichever process, or says that there is a gap."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio
import redis
from redis.asyncio import Redis

from hospital_hub.resources import NO_CACHE
from hospital_hub.web.page_streams import Last, Make, PageStreams
from hospital_hub.web.stream_buffer import Buffer, End, PageEvent, Sent

KEY = b"k" * 32
FEW, MANY = 40, 200  # streams; the many by `make chaos`
WORDS = [f"word {number}" for number in range(30)]


class Source:
    """An answer being written; counts how often it was begun and whether it was given up."""

    def __init__(self, *, gap: float = 0.005) -> None:
        self.gap, self.begun, self.given_up = gap, 0, 0

    async def events(self) -> AsyncGenerator[PageEvent]:
        self.begun += 1
        try:
            for word in WORDS:
                await asyncio.sleep(self.gap)
                yield PageEvent("token", word)
        except (asyncio.CancelledError, GeneratorExit):
            self.given_up += 1
            raise


@pytest_asyncio.fixture
async def two(redis_url: str) -> AsyncIterator[tuple[PageStreams, PageStreams]]:
    """Two processes of a hub."""
    caches = [Redis.from_url(redis_url, socket_timeout=1.0) for _ in range(2)]
    streams = [PageStreams(Buffer(cache, KEY), write_on=0.4) for cache in caches]
    yield streams[0], streams[1]
    for one in streams:
        await one.close()
    for cache in caches:
        await cache.aclose()


async def read(
    streams: PageStreams, name: str, make: Make, *, last: Last | None = None, most: int = 99
) -> list[object]:
    """What a browser gets until the end, or until its connection is cut after `most` events."""
    found: list[object] = []
    async with aclosing(streams.follow(name, last=last, make=make)) as events:
        async for event in events:
            found.append(event)
            if len(found) >= most:
                break
    return found


def words(events: list[object]) -> list[str]:
    return [event.event.data for event in events if isinstance(event, Sent)]


def last_of(events: list[object]) -> Last:
    last = [event for event in events if isinstance(event, Sent)][-1]
    return Last(last.generation, last.number)


@pytest.mark.parametrize("other", [0, 1], ids=["same process", "other process"])
async def test_a_cut_stream_goes_on_where_it_stopped(two: tuple[PageStreams, PageStreams], other: int) -> None:
    source = Source()
    first = await read(two[0], "a", source.events, most=7)
    rest = await read(two[other], "a", source.events, last=last_of(first))
    assert words(first) + words(rest) == WORDS
    assert rest[-1] is End.WHOLE
    assert source.begun == 1


async def test_it_goes_on_after_its_end_too(two: tuple[PageStreams, PageStreams]) -> None:
    source = Source()
    first = await read(two[0], "b", source.events)
    for streams in two:
        rest = await read(streams, "b", source.events, last=Last(last_of(first).generation, 20))
        assert words(rest) == WORDS[20:]
    assert source.begun == 1


async def test_a_second_reader_is_not_given_a_second_answer(two: tuple[PageStreams, PageStreams]) -> None:
    source = Source()
    first, second, third = await asyncio.gather(*(read(streams, "c", source.events) for streams in (*two, two[0])))
    assert words(first) == words(second) == words(third) == WORDS
    assert source.begun == 1


async def test_an_ended_stream_is_begun_again_for_who_asks_anew(two: tuple[PageStreams, PageStreams]) -> None:
    source = Source()
    for streams in (*two, two[0]):
        assert words(await read(streams, "d", source.events)) == WORDS
    assert source.begun == 3


async def test_without_a_reader_the_answer_is_written_on_for_a_while_and_then_given_up(
    two: tuple[PageStreams, PageStreams],
) -> None:
    source = Source(gap=0.05)
    first = await read(two[0], "e", source.events, most=1)
    await asyncio.sleep(0.2)
    assert source.given_up == 0
    await asyncio.sleep(0.6)
    assert source.given_up == 1
    rest = await read(two[0], "e", source.events, last=last_of(first))
    assert rest.count(End.GAP) == 1
    assert words(rest)[-len(WORDS) :] == WORDS


async def test_a_reader_in_another_process_keeps_it_alive(two: tuple[PageStreams, PageStreams]) -> None:
    source = Source(gap=0.05)
    first = await read(two[0], "f", source.events, most=1)
    rest = await read(two[1], "f", source.events, last=last_of(first))
    assert words(first) + words(rest) == WORDS
    assert source.given_up == 0


async def test_what_the_cache_lost_is_a_gap_and_then_the_whole(
    two: tuple[PageStreams, PageStreams], redis_url: str
) -> None:
    source = Source()
    first = await read(two[0], "g", source.events, most=3)
    await asyncio.sleep(0.05)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    rest = await read(two[1], "g", source.events, last=last_of(first))
    assert rest[0] is End.GAP
    assert words(rest) == WORDS


async def test_the_cache_holds_no_readable_word(two: tuple[PageStreams, PageStreams], redis_url: str) -> None:
    await read(two[0], "h", Source().events)
    with redis.Redis.from_url(redis_url) as client:
        held = b"".join(str(client.xrange(key)).encode() for key in client.scan_iter("*:h:*", _type="stream"))
    assert held
    assert b"word" not in held


async def test_without_a_cache_one_process_still_resumes() -> None:
    async with Redis.from_url(NO_CACHE, socket_connect_timeout=0.2) as cache:
        streams, source = PageStreams(Buffer(cache, KEY)), Source()
        first = await read(streams, "i", source.events, most=5)
        rest = await read(streams, "i", source.events, last=last_of(first))
        assert words(first) + words(rest) == WORDS
        assert source.begun == 1
        await streams.close()


async def test_a_source_that_breaks_is_begun_again_behind_a_gap_and_not_for_ever() -> None:
    async with Redis.from_url(NO_CACHE, socket_connect_timeout=0.2) as cache:
        streams, begun = PageStreams(Buffer(cache, KEY)), []

        async def broken() -> AsyncGenerator[PageEvent]:
            begun.append(1)
            yield PageEvent("token", "half a")
            raise ZeroDivisionError

        found = await read(streams, "j", broken)
        assert words(found) == ["half a"] * len(begun)
        assert found.count(End.GAP) == len(begun) == 3
        assert found[-1] is End.GAP


async def test_nearly_all_cut_streams_go_on_without_a_hole_and_the_rest_say_so(
    two: tuple[PageStreams, PageStreams], redis_url: str, request: pytest.FixtureRequest
) -> None:
    number_of_them = MANY if request.config.getoption("--chaos-seeds") > 1 else FEW
    dice = random.Random(4)  # noqa: S311 - a test's dice
    flushed = set(dice.sample(range(number_of_them), max(number_of_them // 33, 1)))

    async def one(number: int) -> bool:
        """Whether it went on without a hole; a silent hole fails the test."""
        source, name = Source(gap=0.002), f"many/{number}"
        got = await read(two[number % 2], name, source.events, most=dice.randrange(1, len(WORDS)))
        if number in flushed:
            async with Redis.from_url(redis_url) as client:
                await client.delete(*[key async for key in client.scan_iter(f"hub:page:{name}:*")])
        await asyncio.sleep(dice.random() * 0.05)
        rest = await read(two[dice.randrange(2)], name, source.events, last=last_of(got))
        if End.GAP not in rest:
            assert words(got) + words(rest) == WORDS
            return True
        assert words(rest)[-len(WORDS) :] == WORDS
        return False

    whole = [await one(number) for number in range(number_of_them)]
    assert sum(whole) >= 0.9 * number_of_them
