"""Patterns of complaints and modifiers: Chinese anywhere, English as whole words, pain at named places. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from hospital_hub.clinical.patterns import Group

_PAIN_ZH: Final = r"(?:{places})[^,。;!?没不无未]{{0,4}}(?:疼|痛)"
# What stands between a place and its pain: "has been a bit sore", "keeps hurting", "joint pain".
_OF_PAIN: Final = (
    r"(?: (?:is|are|was|were|has|have|had|been|keeps|kept|started|feels?|felt|gets?|got|getting|a|bit|little|quite|so"
    r"|very|really|slightly|still|always|just|now|area|region|joint|side|quadrant|site)){0,5}[ -]{1,2}"
)
_HURTS: Final = r"(?:pain\w*|aches?|aching|hurts?|hurting|discomfort|sore\w*|tender\w*|cramp\w*)"
_PAIN_IN: Final = (
    r"(?:pain|ache|aches|discomfort|tenderness|hurts?|cramps?|cramping|soreness|sore)(?: \w+){0,2}? "
    r"(?:in|on|at|to|of|over|around|along|under)"
    r"(?: (?:my|the|his|her|both|left|right|upper|lower|one|l|r|lt|rt|inner|outer))*"
)


def group_of(block: Mapping[str, Any]) -> Group:
    """The words of one entry; `pain_at` holds places in both languages.

    Raises:
        re.error: a pattern cannot be read.
    """
    chinese, english = [*block.get("zh", ())], [*block.get("en", ())]
    if "pain_at" in block:
        places_zh, places_en = block["pain_at"]
        chinese.append(_PAIN_ZH.format(places=places_zh))
        english += [f"(?:{places_en}){_OF_PAIN}{_HURTS}", f"{_PAIN_IN} (?:{places_en})"]
    joined = [re.compile(f"(?:{'|'.join(chinese)})").pattern] if chinese else []
    return Group.of(*joined, *(rf"\b(?:{pattern})(?!\w)" for pattern in english))
