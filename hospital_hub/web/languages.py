"""Which language a page speaks, and its texts: msgids are English, Chinese stands in locales/zh_CN/*.po.

One catalogue a slice, merged at start. A text without a translation is shown in English.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from gettext import NullTranslations
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qs

from babel.messages.pofile import read_po
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from hospital_hub.web.middleware import Exchange, HttpMiddleware

Language = Literal["zh-CN", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
DEFAULT: Final[Language] = "zh-CN"
COOKIE: Final = "hub_lang"
KIOSK_PREFIX: Final = "/kiosk"
CATALOGUES: Final = Path(__file__).parent / "locales" / "zh_CN"
_YEAR: Final = 365 * 24 * 3600


class Texts(NullTranslations):
    """Translations held in memory; Chinese has one plural form, so a plural is looked up by its singular."""

    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__()
        self._texts = texts

    def gettext(self, message: str) -> str:
        return self._texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:  # noqa: PLR0917 - gettext's own
        return self._texts.get(msgid1) or (msgid1 if n == 1 else msgid2)


def marked(text: str) -> str:
    """Mark a constant for translation where it stands; it is translated where it is shown."""
    return text


@lru_cache
def texts_of(language: Language) -> Texts:
    return Texts(dict(_read_catalogues()) if language == "zh-CN" else {})


def _read_catalogues() -> Iterator[tuple[str, str]]:
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            for entry in read_po(file, locale="zh_CN"):
                msgid, text = _first(entry.id), _first(entry.string)
                if msgid and text and not entry.fuzzy:
                    yield msgid, text


def _first(forms: str | Sequence[str] | None) -> str:
    """Chinese has one plural form."""
    return forms if isinstance(forms, str) else (forms or [""])[0]


def gettext_for(language: Language) -> Callable[[str], str]:
    """The translating function, to be called `_` so that its texts are found by the completeness test."""
    return texts_of(language).gettext


def as_language(value: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == value), None)


def choose_language(*, query: str | None, cookie: str | None, accept: str, path: str) -> Language:
    """Asked for, chosen before, the browser's wish (not at the kiosk, whose browser is nobody's), Chinese."""
    asked = as_language(query) or as_language(cookie)
    if asked or path.startswith(KIOSK_PREFIX):
        return asked or DEFAULT
    return _wished(accept) or DEFAULT


def _wished(accept: str) -> Language | None:
    """The first supported language of an Accept-Language header by weight (RFC 9110, 12.5.4)."""
    wishes: list[tuple[float, Language]] = []
    for part in accept.split(","):
        found = re.fullmatch(r"\s*(zh|en)(?:-[\w-]+)?\s*(?:;\s*q=([01](?:\.\d{1,3})?))?\s*", part, re.IGNORECASE)
        if found:
            wishes.append((float(found[2] or 1), "zh-CN" if found[1].lower() == "zh" else "en"))
    weight, language = max(wishes, key=lambda wish: wish[0], default=(0.0, DEFAULT))
    return language if weight > 0 else None


def language_of(request: HTTPConnection) -> Language:
    """Of this request; Chinese where the middleware has not run."""
    return as_language(getattr(request.state, "language", None)) or DEFAULT


def language_cookie(language: Language, *, secure: bool) -> str:
    return f"{COOKIE}={language}; Path=/; Max-Age={_YEAR}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


class LanguageMiddleware(HttpMiddleware):
    """Puts the language in `request.state.language`; one asked for by `?lang=` is kept in the cookie."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        super().__init__(app)
        self._secure = secure

    async def serve(self, exchange: Exchange) -> None:
        query = parse_qs(exchange.scope["query_string"].decode("latin-1")).get("lang", [""])[-1]
        language = choose_language(
            query=query,
            cookie=_cookie_of(exchange.headers),
            accept=exchange.headers.get("accept-language", ""),
            path=exchange.path,
        )
        exchange.remember("language", language)

        def keep(headers: MutableHeaders) -> None:
            if query == language:
                headers.append("set-cookie", language_cookie(language, secure=self._secure))

        await self.app(exchange.scope, exchange.receive, exchange.send_after(keep))


def _cookie_of(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None
