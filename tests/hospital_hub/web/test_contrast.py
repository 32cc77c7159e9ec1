"""Every text and every control can be seen in each theme (WCAG 2.2: 1.4.3, 1.4.6, 1.4.11)."""

import re

import pytest

from tests.hospital_hub.web.stylesheet import THEMES, colours, contrast, outside_tokens, rules, source

GROUNDS = ("paper", "surface")
# A colour that a rule sets without a background of its own, and the grounds it may stand on.
TEXT_ON = {
    "ink": (*GROUNDS, "raised", "brand-tint", "info-tint", "error-tint", "warn-tint", "success-tint"),
    "ink-soft": (*GROUNDS, "raised", "brand-tint"),
    "brand": (*GROUNDS, "brand-tint"),
    "brand-strong": (*GROUNDS, "brand-tint"),
    "error": (*GROUNDS, "error-tint"),
    "ai": (*GROUNDS, "ai-tint"),
    "info": ("info-tint",),
    "warn": ("warn-tint",),
    "success": ("success-tint",),
    "edge": (),  # the icon of an empty state, counted among the controls
}
CONTROLS = {  # borders, fills and rings that a person must find
    "edge": GROUNDS,
    "focus": (*GROUNDS, "brand-tint", "ai-tint"),
    "brand": (*GROUNDS, "brand-tint"),
    "danger": GROUNDS,
    "error": GROUNDS,
    "ai": GROUNDS,
    "level-1": GROUNDS,
    "level-2": GROUNDS,
}
LEAST_TEXT = {"light": 4.5, "dark": 4.5, "contrast": 7.0}


def pairs_of_rules() -> set[tuple[str, str]]:
    """Colour and background that one rule sets together."""
    found = ((rule.token("color"), rule.token("background", "background-color")) for rule in outside_tokens())
    return {(text, ground) for text, ground in found if text and ground}


def test_the_sum_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_text(theme: str) -> None:
    tokens = colours(theme)
    pairs = pairs_of_rules() | {(text, ground) for text, grounds in TEXT_ON.items() for ground in grounds}
    assert len(pairs) > 35
    weak = {
        pair: round(contrast(tokens[pair[0]], tokens[pair[1]]), 2)
        for pair in pairs
        if contrast(tokens[pair[0]], tokens[pair[1]]) < LEAST_TEXT[theme]
    }
    assert weak == {}


@pytest.mark.parametrize("theme", THEMES)
def test_controls(theme: str) -> None:
    tokens = colours(theme)
    weak = {
        (line, ground): round(contrast(tokens[line], tokens[ground]), 2)
        for line, grounds in CONTROLS.items()
        for ground in grounds
        if contrast(tokens[line], tokens[ground]) < 3
    }
    assert weak == {}


def test_every_text_colour_is_counted() -> None:
    alone = {rule.token("color") for rule in outside_tokens() if not rule.token("background", "background-color")}
    assert alone - {None} <= set(TEXT_ON)


@pytest.mark.parametrize("theme", THEMES)
def test_each_theme_gives_each_colour(theme: str) -> None:
    assert set(colours(theme)) == set(colours("light"))


def test_every_token_that_is_used_is_defined() -> None:
    defined = set(re.findall(r"(--[\w-]+):", source()))
    assert set(re.findall(r"var\((--[\w-]+)\)", source())) <= defined


def test_colours_stand_in_the_tokens_only() -> None:
    """Paper is black on white, and a dialog's backdrop is shade, in every theme."""
    raw = [rule.selector for rule in outside_tokens() if re.search(r"#[0-9a-f]{3,8}\b|rgb\(", rule.body)]
    paper = ["html, body, .card, .table-box, .care", ".demo-banner, .ai-label"]
    assert raw == [".dialog::backdrop", *paper]


def test_what_is_touched_is_large_enough() -> None:
    """44 px, and 64 px at the kiosk; tests/browser measures the elements themselves."""
    sheet = [(rule.selector, rule.body) for rule in rules()]
    sizes = [(name, found[1]) for name, body in sheet if (found := re.search(r"--touch: ([^;]+);", body))]
    assert sizes == [(":root", "2.75rem"), (".kiosk", "max(2.95rem, 64px)")]
    assert "min-height: var(--touch)" in dict(sheet)[".button"]


def test_chinese_is_set_as_chinese() -> None:
    sheet = {rule.selector: rule.body for rule in rules()}
    assert "--leading: 1.7" in sheet[":lang(zh)"]
    assert "font-style: normal" in sheet[":lang(zh) :is(em, i, cite, dfn, address)"]
