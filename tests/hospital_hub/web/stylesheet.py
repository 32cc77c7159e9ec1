"""The tokens and rules of the hub's stylesheet, and contrast as WCAG 2.2 counts it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hospital_hub.web.static import FOLDER

RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
TOKEN = re.compile(r"(--[\w-]+):\s*([^;]+);")
HEX = re.compile(r"#[0-9a-f]{6}")
THEMES = {"light": ":root", "dark": '[data-theme="dark"]', "contrast": '[data-theme="contrast"]'}


@dataclass(frozen=True)
class Rule:
    selector: str
    body: str

    def token(self, *properties: str) -> str | None:
        """The token that one of the properties is set to."""
        found = re.search(rf"(?:^|[;\s])(?:{'|'.join(properties)}):[^;]*?var\(--([\w-]+)\)", self.body)
        return found[1] if found else None


def source() -> str:
    return re.sub(r"/\*.*?\*/", "", (FOLDER / "hub.css").read_text(encoding="utf-8"), flags=re.DOTALL)


def rules() -> list[Rule]:
    return [Rule(" ".join(found[1].split()), found[2]) for found in RULE.finditer(source())]


def colours(theme: str) -> dict[str, str]:
    """Token to `#rrggbb`."""
    block = next(rule for rule in rules() if rule.selector == THEMES[theme])
    return {name[2:]: value for name, value in TOKEN.findall(block.body) if HEX.fullmatch(value)}


def outside_tokens() -> Iterator[Rule]:
    return (rule for rule in rules() if rule.selector not in THEMES.values())


def contrast(first: str, second: str) -> float:
    """Between 1 and 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
