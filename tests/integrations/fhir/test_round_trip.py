"""Text by text the same: from an EMR through the client, the sealed database and the hub's own answer, and back.

Compared are names, order, strings, and the digits of every number; only blanks between them and the escapes inside
strings are JSON's own business.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hospital_hub.notes.tables import NoteDraft
from hospital_hub.resources import Resources
from hospital_hub.storage.ids import new_id
from hospital_hub.storage.vault import Place
from hospital_hub.web.fhir import FhirResponse
from integrations.fhir.client import FhirClient
from integrations.fhir.lossless import dumps, loads
from tests.fakes.serving import served
from tests.integrations.fhir.sample import documents, needs_sample

DECIMALS = (
    *("1.50", "100.00", "0.1000", "123456789.123456789012", "0.0000001", "1e2", "1E+2", "-0.0", "-0", "0.00"),
    *("1.0e-7", "9007199254740993", "18446744073709551616", "3.141592653589793238462643383279", "-273.150"),
)
INSTANTS = (
    *("2015-02-07T13:28:17.239+02:00", "2026-01-01T00:00:00.825Z", "2026-01-01T00:00:00.825000Z"),
    *("2026-01-01T00:00:00.000-00:00", "2016-12-31T23:59:60Z", "2026-02-29T24:00:00Z", "2026-01-01T00:00:00+14:00"),
    "2026-06-30T23:59:59.123456789Z",
)
TEXTS = ("主诉：胸痛\n2 小时", "\u2028\t“x” \\ / \u0001 🩺", "e\u0301 vs \u00e9", "</script>", "")
NULLS = (
    b'{"resourceType":"Patient","id":"n1","name":[{"given":["A",null,"C"],"_given":[null,{"extension":[{"url":"u",'
    b'"valueCode":"unknown"}]},null]}],"birthDate":"1950","_birthDate":{"extension":[{"url":"t","valueDateTime":'
    b'"1950-01-01T00:00:00.000Z"}]}}'
)


def nasty() -> list[bytes]:
    """Resources whose values a careless reader changes."""
    made = [
        f'{{"resourceType":"Observation","id":"d{number}","valueQuantity":{{"value":{digits}}}}}'.encode()
        for number, digits in enumerate(DECIMALS)
    ]
    made += [
        f'{{"resourceType":"Observation","id":"i{number}","issued":"{text}"}}'.encode()
        for number, text in enumerate(INSTANTS)
    ]
    made += [
        json.dumps({"resourceType": "Basic", "id": f"t{number}", "description": text or " "}).encode()
        for number, text in enumerate(TEXTS)
    ]
    return [*made, NULLS]


def lexical(text: bytes) -> Any:  # noqa: ANN401 - JSON with its numbers as text
    """The document as it stands written: numbers as their digits, objects as ordered pairs."""
    return json.loads(text, parse_float=_digits, parse_int=_digits, object_pairs_hook=list)


def _digits(text: str) -> tuple[str, str]:
    return "number", text


@dataclass
class Emr:
    """Keeps bytes and looks into none of them but for the address."""

    kept: dict[str, bytes] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/fhir/{path:path}", self.get), Route("/fhir/{path:path}", self.post, methods=["POST"])]
        )

    async def get(self, request: Request) -> Response:
        return Response(self.kept[request.path_params["path"]], media_type="application/fhir+json")

    async def post(self, request: Request) -> Response:
        self.received.append(await request.body())
        return Response(self.received[-1], 201, media_type="application/fhir+json")


async def _through(http: aiohttp.ClientSession, hub: Resources, texts: Sequence[bytes]) -> Emr:
    """Read, seal, commit, open, answer, write."""
    emr = Emr({f"{_kind(text)}/x{number}": text for number, text in enumerate(texts)})
    async with served(emr.app()) as origin:
        client = FhirClient(http, base=f"{origin}/fhir", token="x")
        read = [await client.read(*path.split("/")) for path in emr.kept]
        kept = await _through_database(hub, [dumps(one).decode() for one in read])
        for text in kept:
            answered = bytes(FhirResponse(loads(text.encode())).body)
            await client.create(loads(answered))
    return emr


def _kind(text: bytes) -> str:
    return str(json.loads(text)["resourceType"])


async def _through_database(hub: Resources, texts: Sequence[str]) -> list[str]:
    places = [(row := new_id(1), Place("note_draft", "facts", str(row))) for _ in texts]
    async with hub.database.work() as session:
        for (row, place), text in zip(places, texts, strict=True):
            sealed = await hub.vault.seal(session, subject="round trip", place=place, text=text)
            session.add(
                NoteDraft(
                    id=row, issuer="", subject=b"", about=b"", author="", author_name="", series=row, facts=sealed
                )
            )
    found = []
    async with hub.database.work() as session:
        for row, place in places:
            kept = await session.get(NoteDraft, row)
            assert kept is not None
            assert kept.facts is not None
            found.append(await hub.vault.open(session, subject="round trip", place=place, sealed=kept.facts))
    return found


def _differences(before: Sequence[bytes], after: Sequence[bytes]) -> list[int]:
    pairs = zip(before, after, strict=True)
    return [number for number, (one, other) in enumerate(pairs) if lexical(one) != lexical(other)]


async def test_nasty_values_come_back_as_they_were_written(http: aiohttp.ClientSession, resources: Resources) -> None:
    texts = nasty()
    emr = await _through(http, resources, texts)
    assert _differences(texts, emr.received) == []


def _packed(resources: Sequence[bytes]) -> bytes:
    entries = b",".join(b'{"resource":' + one + b"}" for one in resources)
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"


@needs_sample
async def test_the_whole_shared_sample_comes_back_as_it_was_written(
    http: aiohttp.ClientSession, resources: Resources
) -> None:
    """Single resources go in Bundles of a hundred, so that it is quick; their own text is as in their file."""
    every = list(documents())
    single = [text for text in every if _kind(text) != "Bundle"]
    packed = [_packed(single[start : start + 100]) for start in range(0, len(single), 100)]
    texts = [text for text in every if _kind(text) == "Bundle"] + packed
    emr = await _through(http, resources, texts)
    assert len(single) > 1000
    assert _differences(texts, emr.received) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a":1.50}', b'{"a":1.5}'),
        (b'{"a":1e2}', b'{"a":100}'),
        (b'{"a":"x.825Z"}', b'{"a":"x.825000Z"}'),
        (b'{"a":1,"b":2}', b'{"b":2,"a":1}'),
        (b'{"a":[1,null]}', b'{"a":[1]}'),
    ],
)
def test_a_difference_is_seen(one: bytes, other: bytes) -> None:
    assert _differences([one], [other]) == [0]
    assert _differences([one], [b" " + one.replace(b":", b" : ")]) == []
