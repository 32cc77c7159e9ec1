"""Words of clinical risk that raise a floor. A word typed with one error counts too, so that a typo lowers nothing."""

from collections.abc import Iterable
from string import ascii_lowercase

from ahocorasick_rs import AhoCorasick

from routing.folding import Folded

ENGLISH = (
    "contraindicated", "contraindication", "contraindications", "interaction", "interactions", "overdose",
    "overdosed",
    "dose", "doses", "dosage", "dosing", "titrate", "titration", "anaphylaxis", "teratogenic",
)  # fmt: skip
CHINESE = ("禁忌", "相互作用", "剂量", "用量", "用法", "过量", "合用", "配伍", "致畸")
# What an input method offers for the same sound.
SAME_SOUND = {
    "禁": "近进尽浸", "忌": "计记际纪", "相": "像香向", "互": "户护", "作": "做坐", "用": "永佣", "剂": "计记济季",
    "量": "亮两辆良", "过": "锅国", "合": "和何盒", "配": "佩", "伍": "五武", "致": "治至", "畸": "机基",
}  # fmt: skip
# English words that are one letter away from a short word of risk and mean something else.
OTHER_WORDS = frozenset({
    "does", "nose", "rose", "lose", "pose", "hose", "dove", "dome", "done", "doze", "dost", "dope",
    "dole", "dote", "loses", "noses", "roses", "poses", "hoses", "doves", "domes", "dozes", "dopes", "doing", "losing",
    "posing", "doping", "dozing", "doting", "hosing", "citrate", "nitrate", "nitration",
})  # fmt: skip
# The same in Chinese: what such an error makes that stands in ordinary sentences.
OTHER_TERMS = frozenset({
    "过两", "过亮", "过辆", "过良", "量过", "和用", "何用", "用两", "用亮", "用良", "用辆", "法用", "量用", "用合",
    "国量", "锅量",
})  # fmt: skip
PUNCTUATION = ",.?:-+"
# "does" is a verb, unless it stands where only a noun can.
NOUN = (
    " does of ",
    " the does ",
    " a does ",
    " daily does ",
    " what does for ",
    " does,",
    " does.",
    " does is ",
    " this does ",
)


def _one_error(word: str) -> Iterable[str]:
    halves = [(word[:cut], word[cut:]) for cut in range(len(word) + 1)]
    for left, right in halves:
        yield left + right[1:]
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
        for letter in ascii_lowercase:
            yield left + letter + right
            yield left + letter + right[1:]


def _one_character_wrong(term: str) -> Iterable[str]:
    """Another character of the same sound, or two in the wrong order."""
    for place, character in enumerate(term):
        for other in SAME_SOUND.get(character, ""):
            yield term[:place] + other + term[place + 1 :]
        if place:
            yield term[: place - 1] + character + term[place - 1] + term[place + 1 :]


WORDS = frozenset(ENGLISH) | frozenset(typed for word in ENGLISH for typed in _one_error(word)) - OTHER_WORDS
TYPED = {typed for term in CHINESE for typed in _one_character_wrong(term)}
TERMS = CHINESE + tuple(sorted(TYPED - OTHER_TERMS - set(CHINESE)))
MATCHER = AhoCorasick((*NOUN, *TERMS), store_patterns=True)


def risky_words(folded: Folded) -> tuple[str, ...]:
    """The words of risk in the text as they were typed, sorted."""
    text = folded.text
    for mark in PUNCTUATION:
        text = text.replace(mark, " ")
    typed = WORDS.intersection(text.split())
    held = set(MATCHER.find_matches_as_strings(folded.text, overlapping=True))
    if not held:
        return tuple(sorted(typed))
    nouns = [phrase.strip() for phrase in NOUN if phrase in held]
    return (*sorted(typed), *nouns, *[term for term in TERMS if term in held])
