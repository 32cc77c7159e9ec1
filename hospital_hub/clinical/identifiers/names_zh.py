"""Chinese names: a surname, one or two characters of given names, and what stands on both sides.

Two sides that fit make a name; a title or a word of kinship makes one alone, and so do characters that are nearly
only used in names. Names of other forms are found behind a label such as 姓名 alone.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple

from hospital_hub.clinical.identifiers.spans import Identifier, Span

HAN: Final = "㐀-鿿"
_LABELLED: Final = re.compile(
    rf"(?:姓名|签名|签字|联系人|监护人|记录者|记录人|报告者|审核者|代理人)[ ]?[:=][ ]?"
    rf"([{HAN}](?:[ ]?[{HAN}]){{1,3}}|[{HAN}]{{2,5}}[·・][{HAN}]{{2,8}})(?![{HAN}])"
)
_CALLED: Final = 2


class _Words(NamedTuple):
    candidate: re.Pattern[str]
    foreign: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    near: re.Pattern[str]
    titled: re.Pattern[str]
    never: re.Pattern[str]
    titles: frozenset[str]
    words_too: frozenset[str]
    sure: frozenset[str]


def names_zh(text: str) -> Iterator[Span]:
    for match in _LABELLED.finditer(text):
        yield Span(*match.span(1), Identifier.NAME)
    words = _words()
    for match in words.foreign.finditer(text):
        yield Span(*match.span(), Identifier.NAME)
    for match in words.titled.finditer(text):
        if not words.never.match(text, match.start()):
            yield Span(*match.span(1), Identifier.NAME)
    at = 0
    while found := words.candidate.search(text, at):
        end = _end(text, found, words=words)
        at = end or found.start() + 1
        if end:
            yield Span(found.start(), end, Identifier.NAME)


def _end(text: str, match: re.Match[str], *, words: _Words) -> int:
    """Where the name that may begin here ends; 0 if it is none. The longest that both sides carry."""
    start, surname_end = match.start(), match.end(1)
    if words.never.match(text, start):
        return 0
    left = _left(text, start, words=words)
    best, best_end = 0, 0
    for end in range(match.end(), surname_end, -1):
        points = left + _right(text, end, words=words)
        given = text[surname_end:end].replace(" ", "")
        points += sum(letter in words.sure for letter in given)
        points += 2 if surname_end - start > 1 else 0
        points -= 1 if match[1] in words.words_too else 0
        if points > best:
            best, best_end = points, end
    return best_end if best >= _CALLED else 0


def _left(text: str, start: int, *, words: _Words) -> int:
    piece = text[max(0, start - 6) : start].rstrip(' :(,、"“「【[')
    if start == 0 or not _is_han(text[start - 1]):
        return 3 if text[max(0, start - 1) : start] in {":", "(", " "} and words.before.search(piece) else 1
    return 3 if words.before.search(piece) else 1 if words.near.search(piece) else 0


def _right(text: str, end: int, *, words: _Words) -> int:
    if end >= len(text) or not _is_han(text[end]):
        return 1
    found = words.after.match(text, end)
    return 0 if not found else 2 if found[0] in words.titles else 1


def _is_han(letter: str) -> bool:
    return "㐀" <= letter <= "鿿"


@lru_cache(maxsize=1)
def _words() -> _Words:
    data = tomllib.loads(resources.files(__package__).joinpath("names_zh.toml").read_text("utf-8"))
    one, given = _letters(data["surnames"] + data["words_too"]), _letters(data["given"])
    surname = f"(?:{_any(data['compound'])}|[{one}])"
    titles = _any(data["titles"])
    return _Words(
        candidate=re.compile(f"({surname})[ ]?[{given}](?:[ ]?[{given}])?"),
        before=re.compile(f"(?:{_any(data['before'])})$"),
        foreign=re.compile(rf"[{HAN}]{{1,6}}[·・•][{HAN}]{{2,8}}?(?=[^{HAN}]|$|{_any(data['after'])})"),
        after=re.compile(_any(data["after"])),
        near=re.compile(f"(?:{_any(data['near'])})$"),
        titled=re.compile(f"((?:{surname})[某×xX*]{{0,2}})(?:副|老)?(?:{titles})"),
        never=re.compile(_any(data["never"])),
        titles=frozenset(data["titles"]),
        words_too=frozenset(data["words_too"]),
        sure=frozenset(_letters(data["sure"])),
    )


def _letters(text: str) -> str:
    return "".join(sorted(set("".join(text.split()))))


def _any(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
