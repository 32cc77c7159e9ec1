"""Days in Chinese and English, and ages above 89; a year alone may stay (45 CFR 164.514(b)(2)(i)(C))."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from hospital_hub.clinical.identifiers.spans import Identifier, Span

_MONTHS: Final = (
    "Jan(?:uary)?", "Feb(?:ruary)?", "Mar(?:ch)?", "Apr(?:il)?", "May", "June?", "July?", "Aug(?:ust)?",
    "Sept?(?:ember)?", "Oct(?:ober)?", "Nov(?:ember)?", "Dec(?:ember)?",
)  # fmt: skip
_MONTH: Final = rf"(?:{'|'.join(_MONTHS)})\.?"
_ORDINAL: Final = r"[0-3]?\d(?:st|nd|rd|th)?"
_ZH: Final = "〇零一二三四五六七八九十"
_DAYS: Final = re.compile(
    r"(?<!\d)(?<!\d[./-])(?:"
    r"(?:19|20)\d\d ?年 ?(?:1[0-2]|0?[1-9]) ?月(?: ?(?:3[01]|[12]\d|0?[1-9]) ?[日号])?"
    r"|(?:1[0-2]|0?[1-9]) ?月 ?(?:3[01]|[12]\d|0?[1-9]) ?[日号]"
    r"|(?:(?:19|20)\d\d[-/. ](?:1[0-2]|0?[1-9])[-/. ](?:3[01]|[12]\d|0?[1-9])){1,2}"
    r"(?:(?![\d/])(?!\.\d)|(?:19|20)\d\d ?年 ?(?:1[0-2]|0?[1-9]) ?月(?: ?(?:3[01]|[12]\d|0?[1-9]) ?[日号])?)"
    r"|(?:3[01]|[12]\d|0?[1-9])(?P<dash>[-/.])(?:3[01]|[12]\d|0?[1-9])(?P=dash)(?:19|20)\d\d(?!\d)"
    r"|(?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0?[1-9])/\d\d(?![\d/])"
    r"|(?:19|20)\d\d(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9])(?!\d)"
    r")"
)
_MAYBE: Final = re.compile(r"\d{1,4} ?[-/.年月 ]|\d{8}")
_SHORT: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AGED: Final = ("岁", "year", "yo", "y/o", "yrs", "age", "年龄")
_SPOKEN: Final = re.compile(
    rf"[{_ZH}]{{4}}年[{_ZH}]{{1,3}}月(?:[{_ZH}]{{1,3}}[日号])?|(?<![{_ZH}])[{_ZH}]{{1,2}}月[{_ZH}]{{1,3}}[日号]"
)
_WORDED: Final = re.compile(
    rf"(?<![A-Za-z])(?:{_MONTH}[ -]{_ORDINAL}(?![\d.%]|/\d)(?:,? {{0,2}}(?:19|20)\d\d)?"
    rf"|{_MONTH},? (?:of )?(?:19|20)\d\d)(?!\d)"
    rf"|(?<![\d.]){_ORDINAL}(?: of)?[ -]?{_MONTH}(?![A-Za-z])(?:,?[ -]?(?:19|20)?\d\d(?!\d))?",
    re.IGNORECASE,
)
_OLD: Final = re.compile(
    r"(?<![\d.])(?:9\d|1[0-2]\d)(?= ?(?:周?岁|years? old|-year-old|y/?o(?![A-Za-z])|yrs? old))"
    r"|(?<![A-Za-z])(?:aged?|年龄) ?:? ?(9\d|1[0-2]\d)(?![\d.])(?! ?(?:mg|%|/))",
    re.IGNORECASE,
)


def dates(text: str) -> Iterator[Span]:
    at = 0
    for digits in _MAYBE.finditer(text):
        if digits.start() >= at and (match := _DAYS.match(text, digits.start())):
            at = match.end()
            yield Span(*match.span(), Identifier.DATE)
    if "月" in text:
        for match in _SPOKEN.finditer(text):
            yield Span(*match.span(), Identifier.DATE)
    small = text.lower()
    if any(month in small for month in _SHORT):
        for match in _WORDED.finditer(text):
            yield Span(*match.span(), Identifier.DATE)
    if any(word in small for word in _AGED):
        for match in _OLD.finditer(text):
            yield Span(*match.span(match.lastindex or 0), Identifier.AGE)


def forms_of(day: date) -> str:
    """A pattern for one day in every form: with and without year, either order, any sign between."""
    month, number, year = f"0?{day.month}", f"0?{day.day}", f"(?:{day.year}|{day.year % 100:02})"
    sign = r" ?[-/. 年月] ?"
    name = _MONTHS[day.month - 1] + r"\.?"
    return (
        rf"(?<!\d)(?<![/.])(?:{year}{sign}{month}{sign}{number} ?[日号]?|{month}{sign}{number}{sign}{year}"
        rf"|{number}{sign}{month}{sign}{year}"
        rf"|{day:%Y%m%d}|{month} ?月 ?{number} ?[日号]|{number}(?:st|nd|rd|th)?(?: of)?[ -]?{name}(?:,?[ -]?{year})?"
        rf"|{name} ?{number}(?:st|nd|rd|th)?(?:,? ?{year})?)(?!\d)"
    )
