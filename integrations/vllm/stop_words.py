"""Stop words, looked for in the answer alone: a server would find them in the thinking too, and end it there."""

from collections.abc import Sequence


class StopWords:
    """Passes the words of an answer on until one of `words`; `found` says that it came."""

    __slots__ = ("_held", "_words", "found")

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if word]
        self._held = ""
        self.found = False

    def let_through(self, text: str) -> str:
        """What may be shown now: what could be the beginning of a stop word waits for the next piece."""
        if not self._words:
            return text
        text = self._held + text
        places = [place for word in self._words if (place := text.find(word)) >= 0]
        if places:
            self.found, self._held = True, ""
            return text[: min(places)]
        keep = len(text) - max(_overlap(text, word) for word in self._words)
        self._held = text[keep:]
        return text[:keep]

    def rest(self) -> str:
        """What waited in vain, at the end of the answer."""
        rest, self._held = self._held, ""
        return rest


def _overlap(text: str, word: str) -> int:
    """How many characters at the end of `text` begin `word`."""
    return next((size for size in range(min(len(word) - 1, len(text)), 0, -1) if text.endswith(word[:size])), 0)
