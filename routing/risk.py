"""Words of clinical risk that raise a floor. A word typed with one error counts too, so that a typo lowers nothing."""

from collections.abc import Iterable
from string import ascii_lowercase

from routing.folding import Folded

ENGLISH = (
    "contraindicated", "contraindication", "contraindications", "interaction", "interactions", "overdose",
    "overdosed",
    "dose", "doses", "dosage", "dosing", "titrate", "titration", "anaphylaxis", "teratogenic",
)  # fmt: skip
CHINESE = ("禁忌", "相互作用", "剂量", "用量", "过量", "合用", "配伍", "致畸")
# English words that are one letter away from a short word of risk and mean something else.
OTHER_WORDS = frozenset({
    "does", "doe", "dos", "nose", "rose", "lose", "pose", "hose", "dove", "dome", "done", "doze", "dost", "dope",
    "dole", "dote", "loses", "noses", "roses", "poses", "hoses", "doves", "domes", "dozes", "dopes", "doing", "losing",
    "posing", "doping", "dozing", "doting", "hosing", "citrate", "nitrate", "nitration",
})  # fmt: skip
PUNCTUATION = ",.?:-+"


def _one_error(word: str) -> Iterable[str]:
    halves = [(word[:cut], word[cut:]) for cut in range(len(word) + 1)]
    for left, right in halves:
        yield left + right[1:]
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
        for letter in ascii_lowercase:
            yield left + letter + right
            yield left + letter + right[1:]


WORDS = frozenset(ENGLISH) | frozenset(typed for word in ENGLISH for typed in _one_error(word)) - OTHER_WORDS


def risky_words(folded: Folded) -> tuple[str, ...]:
    """The words of risk in the text as they were typed, sorted."""
    text = folded.text
    for mark in PUNCTUATION:
        text = text.replace(mark, " ")
    typed = WORDS.intersection(text.split())
    return tuple(sorted(typed)) + tuple(term for term in CHINESE if term in text)
