"""The estimate of tokens is on the safe side, for each kind of text that hospitals send."""

import pytest

from hospital_hub.inference.question import estimate_tokens

# Text, and the tokens that SmolLM2's own tokenizer found in it, without the 30 of its chat template. It splits digits
# as the 32B's does. Its 810 tokens for the Chinese sentence say nothing of the R1 family, which reads Chinese: its 410
# characters are some 270 to 530 tokens there.
MEASURED = {
    "English": (
        "The patient was admitted with acute chest pain radiating to the left arm; troponin was elevated. " * 10,
        191,
    ),
    "figures": ("2026-11-24 14:05 120/80 mmHg 36.7 C 98% 5.43 mmol/L 1234567890 " * 10, 560),
    "JSON": (
        (
            '{"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},'
            '"valueQuantity":{"value":72,"unit":"/min"}} '
        )
        * 5,
        221,
    ),
    "abbreviations": ("NSTEMI CKD COPD HFrEF eGFR LVEF BNP CRP WBC " * 10, 211),
    "both languages": ("患者男，60岁，胸痛两小时伴出汗。What should be done first? " * 10, 381),
    "Chinese": ("患者因胸痛两小时入院，既往高血压病史十年，查体血压一百六十，心电图示前壁导联抬高。" * 10, 530),
}


@pytest.mark.parametrize("kind", MEASURED)
def test_it_is_no_smaller_than_what_a_tokenizer_found_and_not_out_of_all_measure(kind: str) -> None:
    text, tokens = MEASURED[kind]
    assert tokens <= estimate_tokens(text) <= 2.3 * tokens


def test_other_scripts_count_as_more_than_a_letter() -> None:
    assert estimate_tokens("ياخشىمۇسىز") > estimate_tokens("abcdefghij")
