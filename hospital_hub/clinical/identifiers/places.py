"""Addresses down to house and room, and organisations by the end of their name, in Chinese and English."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from hospital_hub.clinical.identifiers.spans import Identifier, Span

_H = "㐀-鿿"
_LONGEST = 44  # characters of an address before its house
_ROOM = 30  # and behind it
_STEM = 12


class _Words(NamedTuple):
    address: re.Pattern[str]
    region: re.Pattern[str]
    lead: re.Pattern[str]
    house: re.Pattern[str]
    run: re.Pattern[str]
    organisation: re.Pattern[str]
    general: re.Pattern[str]
    english: tuple[tuple[Identifier, re.Pattern[str]], ...]


def places(text: str) -> Iterator[Span]:
    words = _words()
    if not text.isascii():
        yield from _addresses(text, words=words)
        yield from _organisations(text, words=words)
    for kind, pattern in words.english:
        for match in pattern.finditer(text):
            yield Span(*match.span(), kind)


def _addresses(text: str, *, words: _Words) -> Iterator[Span]:
    at = 0
    for house in words.house.finditer(text):
        if house.start() < at:
            continue
        if match := words.address.search(text, max(at, house.start() - _LONGEST), house.end() + _ROOM):
            at = match.end()
            yield Span(_start(text, match, words=words), at, Identifier.ADDRESS)
    for match in words.region.finditer(text):
        yield Span(_start(text, match, words=words), match.end(), Identifier.ADDRESS)


def _organisations(text: str, *, words: _Words) -> Iterator[Span]:
    for ending in words.organisation.finditer(text):
        before = words.run.search(text, max(0, ending.start() - _STEM), ending.start())
        if before:
            general = words.general.match(text, before.start(), ending.start())
            begin = general.end() if general else before.start()
            if ending.start() - begin > 1:
                yield Span(begin, ending.end(), Identifier.ORGANISATION)


def _start(text: str, match: re.Match[str], *, words: _Words) -> int:
    """Behind the words that lead up to it, as long as at least two characters of the first part are left."""
    lead = words.lead.match(text, match.start(), max(match.start(), match.end(1) - 2))
    return lead.end() if lead else match.start()


@lru_cache(maxsize=1)
def _words() -> _Words:
    data = tomllib.loads(resources.files(__package__).joinpath("places.toml").read_text("utf-8"))
    province = f"(?:{_any(data['provinces'])})(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)?"
    part = rf" ?[{_H}]{{1,7}}?(?:市|区|县|旗|镇|乡|州|盟|街道|村|开发区|新区)"
    street = (
        rf" ?[{_H}]{{1,9}}?\d{{0,3}}(?:路|街|道|巷|弄|胡同|里|村|屯|组|小区|花园|苑"
        rf"|公寓|大厦|广场|新村|社区|庄园|城)(?:[东南西北中]段|[东南西北])?"
    )
    house = (
        r"(?: ?[A-Za-z]?\d{1,5}(?:[-—之]\d{1,4})*[A-Za-z]? ?(?:号院|号楼|号|弄|栋"
        r"|幢|座|楼|单元|组|室|层|户|房|门)?| ?[一二三四五六七八九十]{1,3}(?:号|栋"
        r"|幢|座|楼|单元|组|层|期)| ?[A-Z]座)"
    )
    number = r" ?\d{1,5}(?:[-之]\d{1,4})? ?(?:号院|号楼|号|弄|栋|幢|座|组|室)"
    return _Words(
        address=re.compile(
            rf"({province}|[{_H}]{{2,12}}?(?:市|区|县|镇|乡|街道|村|路|街|大道|道|巷|胡同|小区|花园|新村))"
            rf"(?:{part}){{0,4}}(?:{street}){{0,3}}{number}(?:{house}){{0,4}}"
        ),
        region=re.compile(rf"({province})(?:{part}){{1,4}}(?:{street}){{0,2}}(?:{house}){{0,3}}"),
        lead=re.compile(rf"[{_H}]{{0,8}}(?:{_any(data['leads'])})"),
        house=re.compile(r"\d ?(?:号|弄|栋|幢|座|组|室)"),
        run=re.compile(rf"[{_H}]+$"),
        organisation=re.compile(_any(data["organisations"])),
        general=re.compile(rf"[{_H}]{{0,10}}(?:{_any(data['general'])})"),
        english=_english(data),
    )


def _english(data: dict[str, list[str]]) -> tuple[tuple[Identifier, re.Pattern[str]], ...]:
    word, streets = r"(?:[A-Z][A-Za-z'’.-]{0,20}|\d{1,3}(?:st|nd|rd|th))", _any(data["streets"])
    flat = r"(?:,? {0,2}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Rm|Floor|#)\.? ?#?\w{1,5}(?: ?[A-Z](?![a-z]))?)?"
    town = r"(?:,? {0,2}[A-Z][a-z]{2,15}(?: [A-Z][a-z]{2,15}){0,2},? [A-Z]{2}(?: \d{5}(?:-\d{4})?)?(?![A-Za-z]))?"
    return (
        (
            Identifier.ADDRESS,
            re.compile(
                rf"(?<![\w.])\d{{1,5}}[A-Za-z]?,? (?:{word} ){{1,4}}?(?:{streets})\.?(?![A-Za-z])"
                rf"(?: (?:North|South|East|West|[NSEW]{{1,2}})(?![A-Za-z]))?{flat}{town}"
            ),
        ),
        (Identifier.ADDRESS, re.compile(r"(?<![A-Za-z])P\.? ?O\.? ?Box \d{1,6}", re.IGNORECASE)),
        (
            Identifier.ADDRESS,
            re.compile(r"(?<![A-Za-z])[A-Z][a-z]{2,15}(?: [A-Z][a-z]{2,15}){0,2}, [A-Z]{2} \d{5}(?:-\d{4})?(?!\d)"),
        ),
        (Identifier.ADDRESS, re.compile(r"(?<![A-Za-z0-9])[A-Z]{1,2}\d[A-Z0-9]? \d[A-Z]{2}(?![A-Za-z0-9])")),
        (Identifier.ADDRESS, re.compile(r"(?:Apt|Apartment|Flat|Suite)\.? #?\d{1,5}[A-Za-z]?(?![A-Za-z0-9])")),
        (
            Identifier.ORGANISATION,
            re.compile(
                rf"(?<![A-Za-z])(?:(?!The )[A-Z][A-Za-z'&.-]{{1,20}},? (?:of |and |& )?){{1,4}}"
                rf"(?:{_any(data['english'])})(?![A-Za-z])"
            ),
        ),
    )


def _any(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
