"""Holds a model's words back until a sentence is whole, so that it can be checked before anybody sees it. Pure."""

import re
from dataclasses import dataclass
from typing import Final

# A full stop inside a number or an abbreviation is followed by no blank; Chinese marks need none.
_END: Final = re.compile(r"[。！？!?…]+[”’\"')）]*|\.+[”’\"')]*(?=\s)|\n+")


@dataclass
class SentenceBuffer:
    """Feed pieces, take whole sentences; `rest` is what never got an end."""

    _held: str = ""

    def feed(self, piece: str) -> list[str]:
        self._held += piece
        whole = []
        while found := _END.search(self._held):
            if found.end() == len(self._held) and found[0][-1] in "!?！？…":
                break  # more marks or a closing quote may follow
            whole.append(self._held[: found.end()].strip())
            self._held = self._held[found.end() :]
        return [sentence for sentence in whole if sentence]

    @property
    def held(self) -> int:
        """Characters that wait for an end of their sentence."""
        return len(self._held)

    def rest(self) -> str:
        held, self._held = self._held.strip(), ""
        return held
