"""The narrative of a resource as R4 limits it (2.4.0): well-formed XHTML, formatting only, nothing acts or fetches."""

import re
from collections.abc import Mapping
from typing import Final
from xml.parsers import expat


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS: Final = _words(
    "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img"
    " li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var"
)
_ATTRIBUTES: Final = _words(
    "abbr accesskey align alt axis bgcolor border cellpadding cellspacing char charoff charset cite class colspan"
    " compact coords dir frame headers height href hreflang hspace id lang name nowrap rel rev rowspan rules scope"
    " shape span src start style summary tabindex title type valign value vspace width xml:lang xmlns"
)
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_HREF: Final = re.compile(r"(?:#|https?://|mailto:)[^\s]*", re.IGNORECASE)
# A picture from elsewhere tells its server that the record was opened.
_SRC: Final = re.compile(r"#[\w.-]+|data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=]+")
_STYLE_ACTS: Final = re.compile(r"url\s*\(|expression|@import|behavior|-moz-binding|\\", re.IGNORECASE)


class _Unfit(Exception):
    """`args[0]` is the rule that does not hold."""


def fault_of(div: str) -> str:
    """The rule that a `div` breaks, or an empty text: `xhtml`, `txt-1`, `txt-2` or `active`."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.ProcessingInstructionHandler = reader.refuse
    try:
        parser.Parse(div, True)  # noqa: FBT003 - expat takes it by place
    except expat.ExpatError:
        return "xhtml"
    except _Unfit as unfit:
        return str(unfit)
    return "" if reader.says_something else "txt-2"


class _Reader:
    def __init__(self) -> None:
        self.depth = 0
        self.says_something = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self.depth == 0 and (tag != "div" or attributes.get("xmlns") != _XHTML):
            raise _Unfit("xhtml")
        self.depth += 1
        self.says_something |= tag == "img"
        if tag not in _TAGS:
            raise _Unfit("active" if tag in {"script", "iframe", "object", "embed", "form", "svg"} else "txt-1")
        for name, value in attributes.items():
            self._attribute(name, value)

    def _attribute(self, name: str, value: str) -> None:
        acts = name.startswith("on")
        acts |= name == "href" and not _HREF.fullmatch(value.strip())
        acts |= name == "src" and not _SRC.fullmatch(value.strip())
        acts |= name == "style" and bool(_STYLE_ACTS.search(value))
        if acts:
            raise _Unfit("active")
        if name not in _ATTRIBUTES:
            raise _Unfit("txt-1")

    def text(self, data: str) -> None:
        self.says_something |= bool(data.strip())

    def refuse(self, *_anything: object) -> None:
        raise _Unfit("xhtml")
