"""What a talk says, against what a note makes of it: answers, what is left open, numbers that people round, sides."""

import pytest

from hospital_hub.clinical.draft_check import Source, check_draft
from hospital_hub.clinical.grounding_report import DoubtKind

N, D, S = DoubtKind.NUMBER, DoubtKind.NEGATION, DoubtKind.SIDE


def doubts(talk: str, note: str) -> set[DoubtKind]:
    report = check_draft(note, [Source("talk", talk)])
    return {doubt.kind for sentence in report.sentences for doubt in sentence.doubts}


def agrees(talk: str, note: str, *, kind: DoubtKind) -> bool:
    return kind not in doubts(talk, note)


@pytest.mark.parametrize(
    ("talk", "right", "wrong"),
    [
        ("Doctor: Any heartburn when you lie down?\nPatient: No.", "Denies heartburn.", "Reports heartburn."),
        ("Doctor: What about dizziness?\nPatient: No, never.", "Denies dizziness.", "Reports dizziness."),
        ("Doctor: Or ever had a seizure.\nPatient: Nope.", "Denies seizure.", "Reports seizure."),
        ("Doctor: Isn't this your second rash?\nPatient: Yes.", "Reports a rash.", "Denies any rash."),
        ("Doctor: any wheezing or hives\nPatient: n- uh , no .", "Denies hives.", "Reports hives."),
        ("Doctor: You do n't have any jaundice in your eyes .", "No jaundice.", "Jaundice is present."),
        ("Doctor: Any wheezing?\nPatient: I'm fine.", "Denies wheezing.", "Reports wheezing."),
        ("Patient: I don't think I have a fever.", "Denies fever.", "Reports fever."),
        (
            "Doctor: Do you drink or smoke?\nPatient: No.",
            "He does not drink alcohol, smoke tobacco, or use drugs.",
            "He drinks alcohol and smokes tobacco.",
        ),
        ("Doctor: Any vomiting?\nPatient: No.", "Negative vomiting.", "Positive for vomiting."),
        ("医生：有没有头晕\n患者：刚吃完饭\n医生：好的\n患者：没有", "无头晕。", "有头晕。"),
        ("患者：我看考虑肺炎，有没有皮疹\n医生：没有", "无皮疹。", "有皮疹。"),
        ("医生：从检查看考虑湿疹，请问有没有腹泻\n患者：没有", "无腹泻。", "有腹泻。"),
        ("患者：做了B超没事", "B超未见异常。", "B超可见异常。"),
        ("患者：吃了药没见好转", "服药后未见好转。", "服药后可见好转。"),
        ("患者：贴了退热贴，没用", "使用退热贴后未见好转。", "使用退热贴后可见好转。"),
    ],
)
def test_an_answer_counts_however_the_question_is_put(talk: str, right: str, wrong: str) -> None:
    assert agrees(talk, right, kind=D)
    assert not agrees(talk, wrong, kind=D)


@pytest.mark.parametrize(
    ("talk", "note"),
    [
        ("Doctor: Any other pain?\nPatient: No, only in the hip.", "Reports pain in the hip."),
        ("Doctor: Does your headache wake you?\nPatient: No.", "Reports a headache."),
        ("Doctor: Are you still having nausea?\nPatient: No.", "Had nausea."),
        ("Doctor: Any fever?\nPatient: I do have a cough.", "Denies fever."),
        ("Doctor: We want to rule out pneumonia.", "Possible pneumonia."),
        ("Doctor: The risks are not limited to infection.", "Risk of infection."),
        ("Doctor: The lymph nodes look fine.", "No lymphadenopathy."),
        ("医生：还发烧吗\n患者：不发烧了", "曾发热。"),
        ("医生：有没有皮疹\n患者：就是有痰", "无皮疹。"),
        ("医生：流黄鼻涕吗？\n患者：不是，清的", "流涕。"),
        ("医生：咳嗽厉害吗？\n患者：不厉害", "咳嗽。"),
        ("患者：咳完吐出一口痰", "无呕吐。"),
        ("医生：假如出现便血，马上去医院", "无便血。"),
        ("医生：查个胸片排除一下肺炎", "考虑肺炎。"),
        ("医生：去拍片看看是否有肺炎\n患者：没有时间", "肺炎待查。"),
        ("医生：这个药一般吃三天就会缓解", "服药后未见缓解。"),
        ("患者：嗓子没有哑", "咽炎。"),
    ],
)
def test_what_the_talk_leaves_open_is_no_contradiction(talk: str, note: str) -> None:
    assert agrees(talk, note, kind=D)


def test_a_no_to_everything_at_once_is_a_no_to_each() -> None:
    talk = "医生：有皮疹吗？有没有便血？\n患者：没有"
    assert agrees(talk, "无皮疹，无便血。", kind=D)
    assert not agrees(talk, "有皮疹。", kind=D)


def test_of_much_said_without_a_stop_only_the_end_was_asked() -> None:
    told = (
        "i looked at your chart and you have the asthma and the eczema and we talked about all of that the last time "
    )
    talk = f"Doctor: {told * 2} and now tell me do you have any vomiting\nPatient: no"
    assert agrees(talk, "History of eczema.", kind=D)
    assert not agrees(talk, "Reports vomiting.", kind=D)


@pytest.mark.parametrize(
    ("talk", "right", "wrong"),
    [
        ("患者：宝宝100天了", "3个多月患儿。", "2个多月患儿。"),
        ("患者：宝宝三个月二十二天", "4个月患儿。", "5个月患儿。"),
        ("患者：宝宝一周五个月了", "1岁5个月患儿。", "2岁5个月患儿。"),
        ("患者：烧到第五天了", "发热5天。", "发热6天。"),
        ("患者：拉了十多天", "腹泻2周。", "腹泻4周。"),
        ("患者：三次化验是118.126.131.", "化验118，126，131。", "化验118，127，131。"),
        ("Doctor: You came on 4/9.", "Seen on 04/09/2021.", "Seen on 04/10/2021."),
        ("Patient: It began in October.", "Began in 10/2018.", "Began in 11/2018."),
        ("Patient: May third nineteen ninety one.", "Seen on 05/03/1991.", "Seen on 05/03/1992."),
        ("Patient: That was back in seventy six.", "Surgery in 1976.", "Surgery in 1977."),
        ("Patient: Some time in the nineteen sixties.", "Surgery in the 1960s.", "Surgery in the 1970s."),
        ("Patient: I smoke a pack and a half.", "Smokes 1.5 packs.", "Smokes 2.5 packs."),
        (
            "Doctor: Date of birth 3/4/1950. Seen on 6/7/2015.",
            "A 65-year-old man.",
            "A 75-year-old man.",
        ),
    ],
)
def test_numbers_as_people_say_them(talk: str, right: str, wrong: str) -> None:
    assert agrees(talk, right, kind=N)
    assert not agrees(talk, wrong, kind=N)


@pytest.mark.parametrize(
    ("talk", "wrong"),
    [
        ("Patient: A six out of ten, ten being the worst.", "Pain for 10 weeks."),
        ("Patient: She goes to 6th grade.", "Rash for 6 years."),
        ("Patient: My seventh visit here.", "Rash for 7 days."),
        ("Doctor: Vaccinated for covid-19.", "Vaccinated for COVID-58."),
    ],
)
def test_a_scale_a_rank_and_a_name_are_no_measurements(talk: str, wrong: str) -> None:
    assert not agrees(talk, wrong, kind=N)


@pytest.mark.parametrize(
    ("talk", "right"),
    [
        ("Patient: A six out of ten, ten being the worst.", "Pain is 6/10."),
        ("Patient: It was on the ninth of May.", "Seen on 05/09/2020."),
        ("Patient: I also have a rash.", "The second problem is a rash."),
        ("Doctor: Vaccinated for covid-19.", "Vaccinated for COVID-19."),
    ],
)
def test_scales_and_ranks_still_are_numbers_of_their_own(talk: str, right: str) -> None:
    assert agrees(talk, right, kind=N)


def test_where_only_words_can_be_compared_more_of_them_must_be_held() -> None:
    talk = "Patient: I have a cough.\nPatient: It began 3 days ago."
    words = "Cough after a camping trip with lanterns."
    assert DoubtKind.NO_SOURCE in doubts(talk, words)
    assert DoubtKind.NO_SOURCE not in doubts(talk, f"{words[:-1]} 3 days ago.")


def test_an_impossible_year_is_not_filled_in() -> None:
    assert not agrees("Doctor: You came on 4/9.", "Seen on 04/09/4019.", kind=N)


def test_without_a_second_date_no_age_is_worked_out() -> None:
    assert not agrees("Doctor: Date of birth 3/4/1950.", "A 65-year-old man.", kind=N)


@pytest.mark.parametrize(
    ("talk", "right", "wrong"),
    [
        ("Patient: My knees hurt, my left more than before.", "Left knee pain.", "Right knee pain."),
        ("Doctor: Show me your left, your right elbow.", "Right elbow pain.", "Left elbow pain."),
        ("Doctor: You hurt your left or your right wrist.\nPatient: Right.", "Right wrist pain.", "Left wrist pain."),
    ],
)
def test_sides_as_people_say_them(talk: str, right: str, wrong: str) -> None:
    assert agrees(talk, right, kind=S)
    assert not agrees(talk, wrong, kind=S)


def test_a_side_by_itself_is_of_the_part_that_was_named_just_before() -> None:
    between = "Patient: I walk a lot.\nPatient: I eat well."
    talk = f"Patient: My elbow hurts on the left.\n{between}\nPatient: It is on the right."
    assert not agrees(talk, "Right elbow pain.", kind=S)
