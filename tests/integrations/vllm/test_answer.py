"""Server-sent events into chunks, however the network cuts them."""

import orjson
import pytest

from integrations.vllm.answer import Content, Finished, Reading, Thought, error_parameter
from integrations.vllm.errors import Fault, UpstreamFault
from tests.fakes import vllm_shapes as shapes

USED = shapes.Counted(prompt=14, completion=6)
STREAM = b"".join(
    [
        shapes.chunk({"role": "assistant", "content": ""}),
        b": still here\n\n",
        shapes.chunk({"reasoning": "Hm"}),
        shapes.chunk({"reasoning": "m."}),
        shapes.chunk({"reasoning": "", "content": "\n\n"}),
        shapes.chunk({"content": "胸痛"}),
        shapes.chunk({"content": " ok"}),
        shapes.chunk({}, finish="stop"),
        shapes.last_chunk(USED),
        shapes.DONE,
    ]
)


def read(*parts: bytes) -> tuple[Reading, list[Thought | Content]]:
    reading, chunks = Reading(), []
    for part in parts:
        chunks += reading.feed(part)
    return reading, chunks


def said(chunks: list[Thought | Content], kind: type[Thought] | type[Content]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, kind))


@pytest.mark.parametrize("size", [1, 7, 100, len(STREAM)])
def test_every_cut_reads_the_same(size: int) -> None:
    reading, chunks = read(*(STREAM[start : start + size] for start in range(0, len(STREAM), size)))
    assert (said(chunks, Thought), said(chunks, Content)) == ("Hmm.", "胸痛 ok")
    assert reading.done
    assert reading.finished() == Finished("stop", 14, 6, reasoning_tokens=2)


def test_what_came_together_is_one_chunk() -> None:
    _, chunks = read(STREAM)
    assert chunks == [Thought("Hmm."), Content("胸痛 ok")]


def test_lines_may_end_as_on_windows_and_have_no_space() -> None:
    _, chunks = read(STREAM.replace(b"\n", b"\r\n").replace(b"data: ", b"data:"))
    assert said(chunks, Content) == "胸痛 ok"


def test_the_servers_own_count_is_kept_also_for_what_breaks_off() -> None:
    _, chunks = read(
        shapes.chunk({"reasoning": "a b c"}, counted=shapes.Counted(14, 3)),
        shapes.chunk({"content": "d e"}, counted=shapes.Counted(14, 5)) + shapes.chunk({"content": "f"}),
    )
    assert [chunk.pieces for chunk in chunks] == [3, 2]


def test_blank_words_are_no_answer() -> None:
    reading, chunks = read(shapes.chunk({"content": " \n"}) + shapes.chunk({}, finish="stop") + shapes.DONE)
    assert chunks == []
    with pytest.raises(UpstreamFault) as caught:
        reading.finished()
    assert caught.value.fault is Fault.EMPTY


@pytest.mark.parametrize("finish", [None, "abort", "error"])
def test_an_answer_that_the_server_gave_up_is_cut(finish: str | None) -> None:
    reading, _ = read(shapes.chunk({"content": "Half"}) + shapes.chunk({}, finish=finish) + shapes.DONE)
    with pytest.raises(UpstreamFault) as caught:
        reading.finished()
    assert caught.value.fault is Fault.CUT


@pytest.mark.parametrize(
    "line",
    [b"{no json", b"[1]", b'"text"', b"null", b'{"choices": [{"delta": {"content": 5}}]}', b'{"choices": [{}]}'],
)
def test_what_is_not_the_protocol_says_so(line: bytes) -> None:
    reading, chunks = read(shapes.chunk({"content": "Half"}) + b"data: " + line + b"\n\n")
    assert (chunks, reading.done) == ([Content("Half")], True)
    with pytest.raises(UpstreamFault) as caught:
        reading.finished()
    assert caught.value.fault is Fault.MALFORMED


def test_a_line_without_end_is_given_up() -> None:
    reading, _ = read(*[b"x" * (1 << 19)] * 4)
    with pytest.raises(UpstreamFault) as caught:
        reading.finished()
    assert caught.value.fault is Fault.MALFORMED


@pytest.mark.parametrize(("code", "status"), [(503, 503), ("overloaded", 500)])
def test_an_error_event_carries_its_code(code: object, status: int) -> None:
    reading, _ = read(shapes.event({"error": {"message": "gone", "code": code}}))
    with pytest.raises(UpstreamFault) as caught:
        reading.finished()
    assert (caught.value.fault, caught.value.status) == (Fault.STATUS, status)


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (orjson.dumps(shapes.error("long", param="input_tokens")), "input_tokens"),
        (b"<html>", ""),
        (b"[]", ""),
        (b"", ""),
    ],
)
def test_of_an_error_only_the_name_of_the_field_is_read(body: bytes, parameter: str) -> None:
    assert error_parameter(body) == parameter


SPOKEN = "one ENDING two\n"


@pytest.mark.parametrize("size", [1, 50, 10_000])
@pytest.mark.parametrize(
    ("stop", "shown"),
    [(("END",), "one "), (("two", "ENDE"), "one ENDING "), (("\n\n",), SPOKEN), (("x", ""), SPOKEN)],
)
def test_a_stop_word_ends_the_words_and_not_the_thinking(size: int, stop: tuple[str, ...], shown: str) -> None:
    stream = shapes.chunk({"reasoning": "END two \n\n"}) + b"".join(shapes.chunk({"content": one}) for one in SPOKEN)
    stream += shapes.chunk({}, finish="length") + shapes.DONE
    reading, chunks = Reading(stop), []
    for start in range(0, len(stream), size):
        if not reading.done:
            chunks += reading.feed(stream[start : start + size])
    assert said(chunks, Content) == shown
    assert reading.stopped is (shown != SPOKEN)
    assert reading.finished().reason == ("stop" if reading.stopped else "length")
