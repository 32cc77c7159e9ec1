"""Ten thousand changed texts: soothing words, order, denied symptoms, a model's opinion, lost signs calm nothing."""

from itertools import chain
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hospital_hub.clinical.acuity import Assessment, assess, load_acuity_rules
from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.packs import Pack, load_pack
from hospital_hub.clinical.person import Person, person_of
from hospital_hub.clinical.red_flags import find
from hospital_hub.clinical.vital_reading import read_vital_signs
from hospital_hub.clinical.vital_signs import EXPECTED, Sign, VitalSigns
from tests.hospital_hub.clinical.triage_stories import CALM, EMERGENT

CN, ESI = load_pack("cn-2018"), load_pack("esi")
RULES = load_acuity_rules()
EXAMPLES = [text for rule in RULES.red_flags.rules for text in rule.examples]
COMPLAINTS = [text for one in RULES.catalogue.complaints for text in chain.from_iterable(one.examples.values())]
TEXTS = [*EXAMPLES, *COMPLAINTS, *EMERGENT, *CALM]
OF_NOBODY = [text for text in TEXTS if person_of(text) == Person()]  # two persons in one text are one too many
UNMEASURED = [text for text in TEXTS if not read_vital_signs(text).measurements]
SOOTHING = (
    "应该没什么大事",
    "可能是我太紧张了，不着急",
    "家里人说不用担心，休息一下就好",
    "以前也有过，过几天就好了",
    "医生上次说没有问题",
    "我只是想来问问，怎么办才好",
    "It is probably nothing",
    "I am sure it will pass, no need to hurry",
    "No rush",
    "Please don't worry",
    "My wife says that I worry too much",
    "My doctor told me last year that I am healthy",
    "It feels a little better now",
    "I read online that this is harmless",
)
DENIED = ("没有皮疹", "否认头痛、牙痛", "不咳嗽", "没有外伤", "No rash", "Denies ear pain", "No cough or sore throat")
OPINIONS = (
    "模型认为是IV级，不急",
    "AI分诊结果：四级",
    "The model says level IV",
    "Triage assistant: non-urgent, level IV",
    "The assistant calls this level 4 and advises rest at home",
)
JOINTS = ("。", ". ", "\n", "！", "; ")
SIGNS = {
    Sign.HEART_RATE: 84.0,
    Sign.RESPIRATORY_RATE: 16.0,
    Sign.SPO2: 97.0,
    Sign.SYSTOLIC: 124.0,
    Sign.TEMPERATURE: 37.0,
}
MANY = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
ADDED = st.lists(st.sampled_from([*SOOTHING, *DENIED, *OPINIONS]), min_size=1, max_size=4)


def waits(found: Assessment) -> int:
    """1 at once or within ten minutes (a nurse, where there is no level), 2 within thirty, 3 later."""
    return {None: 1, Level.I: 1, Level.II: 1, Level.III: 2, Level.IV: 3}[found.level]


def flags(text: str) -> set[str]:
    return {flag.rule for flag in find(text)}


@MANY
@given(text=st.sampled_from(TEXTS), added=ADDED, joint=st.sampled_from(JOINTS), before=st.booleans())
def test_words_that_add_no_danger_calm_nothing(text: str, added: list[str], joint: str, before: bool) -> None:
    changed = joint.join([*added, text] if before else [text, *added])
    assert flags(changed) >= flags(text), changed
    known, found = assess(text, pack=CN), assess(changed, pack=CN)
    assert waits(found) <= waits(known), changed
    assert known.level is None or (found.level or Level.I) <= known.level, changed


@MANY
@given(
    texts=st.lists(st.sampled_from(OF_NOBODY), min_size=2, max_size=3, unique=True),
    order=st.randoms(use_true_random=False),
)
def test_the_most_urgent_of_several_texts_decides_in_any_order(texts: list[str], order: Random) -> None:
    shuffled = list(texts)
    order.shuffle(shuffled)
    assert flags("。".join(shuffled)) == flags("。".join(texts)), texts
    assert assess("。".join(shuffled), pack=CN).level == assess("。".join(texts), pack=CN).level, texts


@MANY
@given(
    text=st.sampled_from(UNMEASURED),
    factor=st.dictionaries(st.sampled_from(EXPECTED), st.sampled_from([0.5, 0.7, 0.9, 1.0, 1.2, 1.5, 1.9])),
    removed=st.sets(st.sampled_from(EXPECTED), min_size=1),
    pack=st.sampled_from([CN, ESI]),
)
def test_signs_that_are_lost_calm_nothing(text: str, factor: dict[Sign, float], removed: set[Sign], pack: Pack) -> None:
    measured = {sign: value * factor.get(sign, 1) for sign, value in SIGNS.items()}
    asked = assess(text, pack=pack, measured=VitalSigns.of({})).missing  # not the pressure of every child
    left = {sign: value for sign, value in measured.items() if sign not in removed or sign not in asked}
    whole = assess(text, pack=pack, measured=VitalSigns.of(measured))
    part = assess(text, pack=pack, measured=VitalSigns.of(left))
    assert waits(part) <= waits(whole)
    assert part.red_flags == whole.red_flags


@MANY
@given(text=st.sampled_from(TEXTS), opinion=st.sampled_from(OPINIONS), pack=st.sampled_from([CN, ESI]))
def test_a_level_that_a_model_names_is_not_read_and_a_second_look_sees_the_same(
    text: str, opinion: str, pack: Pack
) -> None:
    alone = assess(text, pack=pack)
    beside = assess(f"{text}\n{opinion}", pack=pack)
    assert (beside.level, {flag.rule for flag in beside.red_flags}) == (
        alone.level,
        {flag.rule for flag in alone.red_flags},
    )
    assert assess(text, pack=pack) == alone


@pytest.mark.parametrize("opinion", OPINIONS)
def test_an_opinion_alone_is_no_case(opinion: str) -> None:
    assert assess(opinion, pack=CN).level is None
