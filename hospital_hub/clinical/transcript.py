"""A source text cut into what one person says at a time, with questions and the answers that follow. Pure.

Lines such as `Doctor: any pain?` and `[patient] no` are turns; a text without speakers is one turn a sentence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from hospital_hub.clinical.sentences import Span, split

_SPEAKER: Final = re.compile(
    r"^\s*(?:\[(?P<marked>[^\]\n]{1,24})\]|(?P<named>[A-Za-z_][\w .]{0,22}|[\u4e00-\u9fff]{1,6})[:：])\s*"
)
_DIGIT: Final = "zero|one|two|three|four|five|six|seven|eight|nine"
_NUMBER_ENDS: Final = re.compile(rf"(?:{_DIGIT}|ty|teen|ten|eleven|twelve|hundred) \.$")
_NUMBER_BEGINS: Final = re.compile(rf"(?:{_DIGIT})\b")
_QUESTION: Final = re.compile(r"[?？]\s*$|吗[。，,]?$|有没有?|有无|是否|是不是|会不会|(?<!不)(?:不|没|没有|么)[。.]?$")
# Transcripts of speech may have no question marks.
_ASKED: Final = re.compile(
    r"\b(?:have|do|did|are|were|does|has|is|any) (?:you|he|she|they|your|there)\b|\b(?:are|were|is) any\b"
    r"|^(?:(?:and|so|okay|or|uh|um)[ ,]+)*any\b"
)
# Asks for more about what is taken for granted: `how long have you had the headache?`
# `Any burning when you urinate?` does not.
_OPEN: Final = re.compile(
    r"\bhow (?:long|bad|often|severe|many|much|far|did|is|are|was|has|would|do)\b|\bdescribe\b"
    r"|\bwhat (?:kind|makes|type|happened)\b"
    r"|(?:^|[,.;-] ?|\b(?:and|so|but|okay|ok|then|well|now|um|uh) )(?:where|when|which|why)\b"
    r"|几[天次个回点]|多久|多长时间|多少|什么时候|怎么样|怎样|一声|还是"
)
# A question that nobody marked as one: `or have ever used any drugs.`
_ANY: Final = re.compile(r"\b(?:any|ever)\b", re.IGNORECASE)
# What stands before the question in its sentence is told: `从检查看考虑肺炎，请问有没有发热`.
_BEGINS: Final = re.compile(r"(?:^|[,，。;；])(?=[^,，。;；]*(?:请问|有没有|有无|是否|是不是|会不会|(?P<last>吗)))")
_LONG: Final = 160  # characters; of so much at once, without stops, only the end was asked
# `看看是否有炎症` asks a test, not a person.
_LOOKED_INTO: Final = re.compile(
    r"(?:看看?|查|了解|明确|观察|评估|确定|判断|注意|排除)[^,，。;；]{0,8}(?:是否|有无|有没有?)"
)
_FILLED: Final = re.compile(
    r"(?:(?:[a-z]{1,2}-|(?:uh+|um+|uhm|m+|hm+|well|oh|so|eh|ah|like|okay|ok|i mean|actually|sir|doctor)\b)[ ,.…-]*)*",
    re.IGNORECASE,
)
_NO: Final = re.compile(
    r"(?:no+\b|nope|nah\b|not\b|none\b|never\b|neither\b|nothing\b|negative\b|denies\b|(?:i|it|he|she|they"
    r"|we)(?:'m|'ve|'s)? "
    r"?(?:do|does|did|have|has|had|am|is|are|was|were|can|could|would)? ?(?:not\b|n't\b|never\b)|(?:i|it"
    r"|he|she|they|we) \w+n't"
    r"|(?:i|it|he|she|they|we) always stayed away|(?:i'm|i am|it's|it is) (?:fine|good|okay|ok)\b)"
    r"|(?:都|也|这个|目前|现在|暂时|好像|应该|倒|一直|最近|从来|今天)?(?:没有?|不[是会]|无|不|未|否)"
)
_NO_LATER: Final = re.compile(r"\bbut no\b(?! \w)|\bsay no\b")
_YES: Final = re.compile(
    r"(?:yes|yeah|yep|yup|ya\b|mm-?hmm|uh-?huh|correct|right\b|sure|definitely|absolutely|exactly|a little"
    r"|a bit|some\b|sometimes"
    r"|occasionally|always|usually|every|that's (?:right|correct|true|it)|true|sadly|unfortunately"
    r"|of course|it hurts|i used to|just"
    r"|(?:i|it|he|she|they|we)(?:'m|'s|'ve)? (?:do|does|did|have|has|had|am|is|are|was|were|feel|felt)\b)"
    r"|(?:都|也|好像|应该|偶尔|一直|就是|还|只|最近|今天|昨天)?(?:有|是|对|嗯|会|恩|要)"
)
_SHORT_ANSWER: Final = 30  # characters; a short no answers all that was asked at once
_BARE: Final = re.compile(r"[\s,.。，!！;；?？~～…的了呢呀啊哦吧-]*(?:$|[,.。，!！;；])")
# `没有其他症状了` tells of the rest, `有三天` of a time.
_OF_SOMETHING_ELSE: Final = re.compile(r"(?:没有?|无)(?:什么)?(?:其他|其它|别的)|有(?:几|[一两三四五六七八九十\d]+)")
_NOT_SO: Final = re.compile(r"不是")  # `清水鼻涕吗 - 不是`: not so, but there is some
_LATEST_ANSWER: Final = 8  # utterances


# How transcripts call those who ask and advise.
CLINICIANS: Final = frozenset({"医生", "大夫", "医师", "doctor", "dr", "clinician", "physician", "provider"})


class Asks(StrEnum):
    NOTHING = ""
    WHETHER = "whether"
    MORE = "more"  # an open question takes what it names for granted


@dataclass(frozen=True)
class Utterance:
    """`start` and `end` are places in the source text; `answer` is yes or no to a question, None where unclear.

    The question begins at `asked_from` of the text; `reply` are the words of an answer that says more than yes or no.
    """

    text: str
    start: int
    end: int
    speaker: str = ""
    asks: Asks = Asks.NOTHING
    answer: bool | None = None
    asked_from: int = 0
    reply: str = ""


def utterances(text: str) -> tuple[Utterance, ...]:
    """All of a source, in order. Places are those of the text that was given."""
    lines = (Span(found[0], found.start(), found.end()) for found in re.finditer(r"[^\n]+", text))
    said = [one for line in lines for one in _of_line(line)]
    return tuple(_with_answers(said))


def _of_line(line: Span) -> Iterator[Utterance]:
    head = _SPEAKER.match(line.text)
    offset = head.end() if head else 0
    speaker = (head["marked"] or head["named"]).casefold().strip() if head else ""
    start = line.start + offset
    for span in _whole_numbers(line.text[offset:], split(line.text[offset:])):
        kind = asks(span.text, spoken=bool(speaker))
        asked_from = _asked_from(span.text) if kind is Asks.WHETHER else 0
        yield Utterance(span.text, start + span.start, start + span.end, speaker, kind, asked_from=asked_from)


def _whole_numbers(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """A point inside a dictated number (`ninety eight . six`) ends no sentence."""
    joined: list[Span] = []
    for span in spans:
        if joined and _NUMBER_BEGINS.match(span.text) and _NUMBER_ENDS.search(joined[-1].text):
            before = joined.pop()
            joined.append(Span(text[before.start : span.end], before.start, span.end))
        else:
            joined.append(span)
    yield from joined


def _asked_from(text: str) -> int:
    begins = _BEGINS.search(text)
    if begins:
        return 0 if begins["last"] else begins.end()
    if len(text) <= _LONG:
        return 0
    return max((found.start() for found in _ASKED.finditer(text.casefold())), default=len(text) - _LONG)


def asks(text: str, *, spoken: bool) -> Asks:
    marked = _QUESTION.search(_LOOKED_INTO.sub("", text))
    if not marked and not (spoken and _ASKED.search(text.casefold())):
        return Asks.NOTHING
    whether = re.search(r"吗|有没有?|有无|是否|是不是", text)
    return Asks.MORE if _OPEN.search(text.casefold()) and not whether else Asks.WHETHER


def _with_answers(said: Sequence[Utterance]) -> Iterator[Utterance]:
    """The last question before the other speaker's turn has its answer there; a short no answers all before it."""
    place = 0
    while place < len(said):
        end = place + 1
        while end < len(said) and said[place].speaker and said[end].speaker == said[place].speaker:
            end += 1
        yield from _answered(said[place:end], said[end : end + _LATEST_ANSWER])
        place = end


def _answered(block: Sequence[Utterance], following: Sequence[Utterance]) -> Iterator[Utterance]:
    reply = _reply(following, asker=block[0].speaker)
    said = None if _NOT_SO.match(reply) and not any("是" in one.text for one in block) else answer(reply)
    bare = _is_bare(reply)
    if bare and said is False and block[-1].asks is Asks.NOTHING and _ANY.search(block[-1].text):
        block = (*block[:-1], replace(block[-1], asks=Asks.WHETHER))
    last = max((place for place, one in enumerate(block) if one.asks is Asks.WHETHER), default=-1)
    every = said is False and len(reply) <= _SHORT_ANSWER
    for place, one in enumerate(block):
        reached = place == last or (every and place < last)
        answered = replace(one, answer=said, reply="" if bare else reply)
        yield answered if one.asks is Asks.WHETHER and reached else one


def _reply(following: Sequence[Utterance], *, asker: str) -> str:
    """The first yes or no of the other speaker, at once or after other words; a late one only if it says no more."""
    late = False
    for one in following:
        if one.speaker == asker:
            late = True
            if one.asks is not Asks.NOTHING:
                return ""
        elif answer(one.text) is not None and (not late or _is_bare(one.text)):
            return one.text
    return ""


def answer(text: str) -> bool | None:
    """Yes, no, or neither."""
    plain = _plain(text)
    if _OF_SOMETHING_ELSE.match(plain):
        return None
    if _NO.match(plain) or _NO_LATER.search(plain):
        return False
    return True if _YES.match(plain) else None


def _is_bare(text: str) -> bool:
    """`No, nothing` and `有的。` leave no doubt what they answer; `没有发烧` answers what it names."""
    plain = _plain(text)
    found = _NO.match(plain) or _YES.match(plain)
    return bool(found and _BARE.match(plain, found.end()))


def _plain(text: str) -> str:
    plain = text.casefold().strip()
    filled = _FILLED.match(plain)
    return plain[filled.end() :] if filled else plain
