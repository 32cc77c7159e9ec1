"""Takes out what is certainly an identifier: resident IDs, mobile numbers, e-mail addresses, labelled record numbers.

Names, addresses, dates and anything without a fixed form stay: text that went through here is NOT anonymous.
Sources: GB 11643-1999 (resident ID and its check digit), ITU-T E.164 with China's numbering plan (mobile numbers).
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    RESIDENT_ID = "resident_id"
    EMAIL = "email"
    RECORD_NUMBER = "record_number"  # a number behind words such as MRN or 住院号
    MOBILE = "mobile"


@dataclass(frozen=True)
class Span:
    """Where an identifier stood in the text as it was given."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True)
class Deidentified:
    text: str
    spans: tuple[Span, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        return dict(Counter(span.kind.value for span in self.spans))


# Full-width forms of ASCII are read as ASCII, one character for one, so that places stay true. Not NFKC: it would
# turn a superscript into a digit and 10⁹ into 109.
_NARROW: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
_LABELS: Final = (
    "身份证号码|身份证号|身份证|病历号|病案号|住院号|门诊号|就诊号|登记号|医保卡号|医保号|社保号|就诊卡号|护照号"
    "|MRN|medical record (?:number|no)|patient (?:id|number|no)|hospital (?:number|no)|admission (?:number|no)"
)
# `\b` sees no border between a Chinese character and a digit, so borders are looked at by hand.
_RULES: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    (Kind.RESIDENT_ID, re.compile(r"(?<!\d)[1-9]\d{5}[ -]?(?:19|20)\d{6}[ -]?\d{3}[\dXx](?![\dA-Za-z])")),
    (
        Kind.EMAIL,
        re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}"),
    ),
    (
        Kind.RECORD_NUMBER,
        re.compile(
            rf"(?<![A-Za-z])(?:{_LABELS})[\s:#.=为是]{{0,4}}([A-Za-z]{{0,4}}-?\d[\dA-Za-z-]{{3,23}})(?![\dA-Za-z])",
            re.IGNORECASE,
        ),
    ),
    (Kind.MOBILE, re.compile(r"(?<!\d)(?<!\d\.)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\d.]?\d)")),
)


def deidentify(text: str) -> Deidentified:
    """The text with each identifier replaced by its kind in brackets, e.g. `[MOBILE]`."""
    spans = _spans(text.translate(_NARROW))
    parts, at = list[str](), 0
    for span in spans:
        parts += [text[at : span.start], f"[{span.kind.name}]"]
        at = span.end
    return Deidentified("".join([*parts, text[at:]]), spans)


def _spans(text: str) -> tuple[Span, ...]:
    """Earlier rules win where two claim the same characters."""
    found: list[Span] = []
    taken = bytearray(len(text))
    for kind, pattern in _RULES:
        for match in pattern.finditer(text):
            start, end = match.span(match.lastindex or 0)
            if not any(taken[start:end]) and _is_proven(kind, match[0]):
                taken[start:end] = b"\x01" * (end - start)
                found.append(Span(start, end, kind))
    return tuple(sorted(found, key=lambda span: span.start))


def _is_proven(kind: Kind, text: str) -> bool:
    return kind is not Kind.RESIDENT_ID or resident_id_is_valid(text)


def resident_id_is_valid(text: str) -> bool:
    """The check digit of GB 11643-1999 (ISO 7064, MOD 11-2); blanks and hyphens do not count."""
    digits = re.sub(r"[ -]", "", text).upper()
    if len(digits) != len(_WEIGHTS) + 1:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    return digits[-1] == _CHECK_DIGITS[total % 11]
