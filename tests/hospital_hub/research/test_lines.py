"""Reading a batch: whole or not at all, and each wrong line by its number."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.errors import BadInput, BadLines, TooLong
from hospital_hub.research.lines import LONGEST_QUESTION, MOST_ERRORS, Line, read_lines

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(lambda text: text.strip())
OBJECTS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"question": TEXT}),
        st.fixed_dictionaries({"question": TEXT, "id": st.uuids().map(str)}),
    ),
    min_size=1,
    max_size=20,
)


WRONG = {
    b"{": "broken_json",
    b'{"question": NaN}': "broken_json",
    b'{"question": "\\ud800"}': "broken_json",
    b"\xff\xfe": "broken_json",
    b"[" * 5000: "broken_json",
    b'{"question": ' + b"9" * 5000 + b"}": "broken_json",
    b"[]": "not_an_object",
    b'"text"': "not_an_object",
    b"{}": "missing",
    b'{"question": null}': "missing",
    b'{"question": 1}': "not_text",
    b'{"question": " \\n "}': "empty",
    b'{"question": "a", "question": "b"}': "duplicate_field",
    b'{"question": "a", "model": "r1-671b"}': "extra_field",
    b'{"question": "a", "id": 7}': "id_not_text",
    b'{"question": "a", "id": "' + b"i" * 201 + b'"}': "id_too_long",
    b'{"question": "' + b"q" * (LONGEST_QUESTION + 1) + b'"}': "too_long",
}


def dumped(objects: list[dict[str, str]], *, end: str = "\n") -> bytes:
    return end.join(json.dumps(one, ensure_ascii=False) for one in objects).encode()


@given(objects=OBJECTS, end=st.sampled_from(["\n", "\r\n", "\n\n", "\n \t\n"]), bom=st.booleans())
def test_what_is_written_is_read(*, objects: list[dict[str, str]], end: str, bom: bool) -> None:
    body = (b"\xef\xbb\xbf" if bom else b"") + dumped(objects, end=end) + end.encode()
    expected = tuple(Line(question=one["question"].strip(), name=one.get("id", "")) for one in objects)
    assert read_lines(body) == expected


@given(st.binary(max_size=400))
def test_anything_else_is_a_named_error(body: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        read_lines(body)
    numbers = [one.line for one in refused.value.lines] if isinstance(refused.value, BadLines) else []
    assert numbers == sorted(numbers)
    assert numbers or refused.value.code == "empty_batch"
    assert all(1 <= number <= body.count(b"\n") + 1 for number in numbers)


@pytest.mark.parametrize("wrong", WRONG)
@given(objects=OBJECTS, data=st.data())
def test_one_wrong_line_is_named_by_its_number(
    wrong: bytes, objects: list[dict[str, str]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(objects)))
    lines = dumped(objects).split(b"\n")
    lines.insert(place, wrong)
    with pytest.raises(BadLines) as refused:
        read_lines(b"\n".join(lines))
    assert [(one.line, one.code) for one in refused.value.lines] == [(place + 1, WRONG[wrong])]


def test_ids_are_unique() -> None:
    with pytest.raises(BadLines) as refused:
        read_lines(dumped([{"id": "a", "question": "1"}, {"id": "b", "question": "2"}, {"id": "a", "question": "3"}]))
    assert [(one.line, one.code) for one in refused.value.lines] == [(3, "duplicate_id")]


def test_only_the_first_wrong_lines_are_told() -> None:
    with pytest.raises(BadLines) as refused:
        read_lines(b"{}\n" * 1000)
    assert len(refused.value.lines) == MOST_ERRORS


def test_ten_thousand_lines_and_not_one_more() -> None:
    line = b'{"question": "a"}\n'
    assert len(read_lines(line * 10_000)) == 10_000
    with pytest.raises(TooLong):
        read_lines(line * 10_001)


def test_the_longest_question_fits() -> None:
    longest = "问" * LONGEST_QUESTION
    assert read_lines(dumped([{"question": longest}]))[0].question == longest
