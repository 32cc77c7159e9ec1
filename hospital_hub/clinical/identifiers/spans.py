"""What was found where."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Identifier(StrEnum):
    """The Safe Harbor list (45 CFR 164.514(b)(2)) and what China has besides."""

    NAME = "name"
    ORGANISATION = "organisation"
    ADDRESS = "address"
    DATE = "date"
    AGE = "age"  # above 89
    PHONE = "phone"
    EMAIL = "email"
    RESIDENT_ID = "resident_id"
    SOCIAL_SECURITY = "social_security"
    PASSPORT = "passport"
    INSURANCE = "insurance"
    RECORD = "record_number"
    ACCOUNT = "account"
    LICENCE = "licence"
    PLATE = "plate"
    DEVICE = "device"
    WECHAT = "wechat"
    QQ = "qq"
    WEB = "web_address"
    IP = "ip_address"
    NUMBER = "number"  # long enough to name somebody, of a kind not said
    KNOWN = "known"  # stands in the record


@dataclass(frozen=True, order=True)
class Span:
    start: int
    end: int
    type: Identifier


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order and apart from each other; what overlaps becomes one, with the type of the longest."""
    kept: list[Span] = []
    longest = 0
    for span in sorted(spans):
        length = span.end - span.start
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
            longest = length
            continue
        last = kept[-1]
        vague = last.type is Identifier.NUMBER and length == longest
        kind = span.type if vague or length > longest else last.type
        longest = max(longest, length)
        kept[-1] = Span(last.start, max(last.end, span.end), kind)
    return tuple(kept)
