"""Numbers and addresses of machines that name a person: by their form, by their label, or by their length alone.

Works on folded text. Figures with a unit behind them are left alone whatever their length.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hospital_hub.clinical.deidentify import resident_id_is_valid
from hospital_hub.clinical.identifiers.spans import Identifier, Span

_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"
_UNIT: Final = (
    r"(?!\d)(?!\s{0,2}(?:[mkun]?IU|I?U(?![A-Za-z])|[mkμµun]?(?:g|mol|L|l)(?![A-Za-z])|units?(?![A-Za-z])|cop(?:y|ies)"
    r"|cells|%|‰|/(?:[mμµu]?L|HP|mm|ul)|个|万|单位|拷贝|次))"
)
_LINK: Final = (
    r"(?:\s?(?:号码|编号|号|账号|帐号|卡号|ID|No\.?|number|numbers|num|#|为|是|is|was|of)){0,3}[\s:#=(\[\"'“]{0,4}"
)
_VALUE: Final = r"([A-Za-z]{0,6}[-_ ]?\d(?:[ -]?[\dA-Za-z]){3,24})(?![\dA-Za-z])"


_LABELS: Final[Mapping[Identifier, str]] = {
    Identifier.WECHAT: r"微信|wechat|weixin|wx|vx|v信",
    Identifier.QQ: r"qq|扣扣|企鹅号",
    Identifier.PASSPORT: r"护照|通行证|passport|travel document",
    Identifier.INSURANCE: r"医保卡?|社保卡?|保险卡?单?|参保|insurance|policy|medicare|medicaid|member|beneficiary",
    Identifier.RECORD: (
        r"病历|病案|住院|门诊|就诊卡?|登记|诊疗卡?|检查|影像|病理|标本|急诊|挂号|mrn"
        r"|chart|medical record|patient|hospital"
        r"|admission|accession|encounter|specimen"
    ),
    Identifier.LICENCE: r"驾驶证|执业证书?|军官证|工号|学号|licen[cs]e|npi|dea|certificate",
    Identifier.ACCOUNT: r"银行卡?|账户|帐户|account|card|iban|mid|支付宝",
    Identifier.DEVICE: r"序列|设备|起搏器编|serial|device|udi|vin|imei",
}
_LABEL: Final = re.compile(
    "(?<![a-z])(?:" + "|".join(f"(?P<{kind.name}>{words})" for kind, words in _LABELS.items()) + ")" + _LINK.lower()
)
_OF_LABEL: Final = {
    Identifier.WECHAT: re.compile(r"(?![A-Z_]+\])([A-Za-z][A-Za-z0-9_-]{4,19})(?![A-Za-z0-9_-])" + _UNIT),
    Identifier.QQ: re.compile(r"([1-9](?: ?\d){4,10})" + _UNIT),
    Identifier.RECORD: re.compile(r"([A-Za-z]{0,4}[-_]?\d[\dA-Za-z-]{4,23})(?![\dA-Za-z])" + _UNIT),
}
_OF_ANY: Final = re.compile(_VALUE + _UNIT)
_FORMED: Final[tuple[tuple[Identifier, re.Pattern[str]], ...]] = (
    (
        Identifier.PHONE,
        re.compile(r"(?<![\d.])(?:\(?\+?(?:00)?86\)?[ -]{0,2})?1[3-9]\d[ -]{0,2}\d{4}[ -]{0,2}\d{4}" + _UNIT),
    ),
    (
        Identifier.PHONE,
        re.compile(
            r"(?<![\d.])(?:(?:\+?86[ -]?)?\(?0\d{2,3}\)?[ -]{0,3}\d{3,4}[ -]?\d{4}|[48]00[ -]\d{3,4}[ -]\d{3,4})"
            r"(?:(?:转|-| ?ext\.? ?)\d{1,5})?" + _UNIT
        ),
    ),
    (
        Identifier.PHONE,
        re.compile(
            r"(?<![\d.])(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}(?: ?(?:x|ext\.?) ?\d{1,5})?"
            + _UNIT,
            re.IGNORECASE,
        ),
    ),
    (Identifier.PHONE, re.compile(r"(?<![\w.])(?:\+|00)[1-9]\d{0,2}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}" + _UNIT)),
    (Identifier.SOCIAL_SECURITY, re.compile(r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])")),
    (Identifier.ACCOUNT, re.compile(r"(?<![\d.])\d{4}(?:[ -]\d{4}){2,3}(?:[ -]?\d{1,7})?" + _UNIT)),
    (
        Identifier.ACCOUNT,
        re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"),
    ),
)
_SIGNED: Final[tuple[tuple[str, Identifier, re.Pattern[str]], ...]] = (
    ("://", Identifier.WEB, re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'*+;=%-]{3,300}", re.IGNORECASE)),
    ("www.", Identifier.WEB, re.compile(r"www\.[A-Za-z0-9._~:/?#@!$&'*+;=%-]{3,300}")),
    (
        "@",
        Identifier.EMAIL,
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}\s?@\s?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}"
        ),
    ),
    (
        ".",
        Identifier.IP,
        re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"),
    ),
    (":", Identifier.IP, re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])")),
)
_PLATE: Final = re.compile(
    rf"[{_PROVINCES}] ?[A-HJ-NP-Z][ ·.・-]?[A-HJ-NP-Z0-9]{{4,6}}[学警港澳挂领试超]?(?![A-Za-z0-9])"
)
# Every number of _FORMED has four digits at least, with no more than signs between two of them.
_DIGITS: Final = re.compile(r"\d(?:[ ().-]{0,3}\d){3,}")
_LEFT, _RIGHT = 20, 30
_RESIDENT: Final = re.compile(r"(?<!\d)[1-9]\d{5}[ -]?(?:19|20)\d{6}[ -]?\d{3}[\dXx](?![\dA-Za-z])")
_LONG: Final = re.compile(
    r"(?<![A-Za-z0-9.])(?:[A-Za-z][A-Za-z_-]{0,15})?\d{6,30}[A-FH-KM-TV-Za-fh-km-tv-z]?(?![A-Za-z0-9])(?!\.\d)" + _UNIT
)
_PUBLIC: Final = re.compile(r"(?:NCT|PMID|ISRCTN|ChiCTR|EUCTR|PMC|DOI|ATC|LOINC|SNOMED)[-_]?\d", re.IGNORECASE)
_ENOUGH: Final = 7  # digits that say nothing of their kind


def numbers(text: str) -> Iterator[Span]:
    for match in _PLATE.finditer(text):
        yield Span(*match.span(), Identifier.PLATE)
    for sign, kind, pattern in _SIGNED:
        if sign in text:
            for match in pattern.finditer(text):
                yield Span(*match.span(), kind)
    small = text.lower()
    for match in _LABEL.finditer(small if len(small) == len(text) else text):
        kind = Identifier[match.lastgroup or ""]
        if value := _OF_LABEL.get(kind, _OF_ANY).match(text, match.end()):
            yield Span(*value.span(1), kind)
    for start, end in _islands(text):
        yield from _around(text, start, end=end)


def _islands(text: str) -> Iterator[tuple[int, int]]:
    """Stretches around the places with digits enough, those that meet as one."""
    start = end = -1
    for match in _DIGITS.finditer(text):
        left = max(0, match.start() - _LEFT)
        if left > end >= 0:
            yield start, end
        if left > end:
            start = left
        end = min(len(text), match.end() + _RIGHT)
    if end >= 0:
        yield start, end


def _around(text: str, start: int, *, end: int) -> Iterator[Span]:
    for match in _RESIDENT.finditer(text, start, end):
        if resident_id_is_valid(match[0]):
            yield Span(*match.span(), Identifier.RESIDENT_ID)
    for kind, pattern in _FORMED:
        for match in pattern.finditer(text, start, end):
            yield Span(*match.span(), kind)
    for match in _LONG.finditer(text, start, end):
        digits = sum(map(str.isdigit, match[0]))
        if (digits >= _ENOUGH or match[0][0].isalpha()) and not _PUBLIC.match(match[0]):
            yield Span(*match.span(), Identifier.NUMBER)
