"""What of a model's answer becomes the draft, by rules alone."""

from datetime import date

import pytest

from hospital_hub.clinical.grounding import FactKind, Verdict
from hospital_hub.clinical.sentences import split
from hospital_hub.notes.chart import Chart
from hospital_hub.notes.checking import NoteChecker, outside
from hospital_hub.notes.composing import Composer
from hospital_hub.notes.facts import facts_of
from hospital_hub.notes.kinds import kind_of
from hospital_hub.notes.proofreading import missing_sections, proofread
from hospital_hub.notes.said import facts_of_said
from hospital_hub.notes.sections import headings_of
from hospital_hub.notes.since import since_last_visit
from tests.hospital_hub.notes.charts import Json, chinese, english

TODAY = date(2026, 11, 2)
TALK = (
    "Doctor: Any chest pain?\nPatient: No.\nDoctor: How long have you had the cough?\nPatient: For five days, and it "
    "hurts in my left side.\nDoctor: We stop the ceftriaxone tomorrow."
)


def chart(resources: list[Json]) -> Chart:
    kinds = ("Condition", "AllergyIntolerance", "MedicationRequest", "Observation", "DocumentReference")
    of_kind = {kind: [one for one in resources if one["resourceType"] == kind] for kind in kinds}
    encounter = next(one for one in resources if one["resourceType"] == "Encounter")
    return Chart(resources[0], encounter, of_kind)


def composer(kind: str = "progress", *, resources: list[Json] | None = None, said: str = "") -> Composer:
    language, of_chart = facts_of(chart(resources or english()), today=TODAY)
    facts = (*facts_of_said(said, hidden=("Alder",), instead="the patient"), *of_chart)
    chosen = kind_of(kind)
    return Composer(chosen, language, facts, NoteChecker(facts, said, headings_of(chosen)))


def test_what_contradicts_its_source_is_out_and_what_is_not_found_stays() -> None:
    made = composer().from_sections(
        {
            "subjective": "Reports chest pain. The patient slept well. Likes gardening.",
            "objective": "Heart rate 118 /min. Body temperature 38.0 °C.",
        }
    )
    assert "chest pain" not in made.text
    assert "118" not in made.text
    assert "Likes gardening." in made.text
    assert "Body temperature 38.0 °C." in made.text
    assert "Reports chest pain." in made.ai_text


@pytest.mark.parametrize(
    ("plan", "kept"),
    [
        ("Start metformin 500 mg.", ""),
        ("Continue ceftriaxone 1 g IV daily.", "Continue ceftriaxone 1 g IV daily."),
        ("Ceftriaxone 2 g IV daily.", ""),
        ("", ""),
    ],
)
def test_a_plan_holds_only_what_a_source_says(plan: str, kept: str) -> None:
    made = composer().from_sections({"plan": plan})
    assert made.text.split("Plan:")[1].strip() == kept
    assert "plan" not in made.extracted


def test_no_prescription_is_invented_in_chinese() -> None:
    made = composer("outpatient", resources=chinese()).from_sections(
        {"complaint": "口干、多饮8年。", "treatment": "加用阿托伐他汀20 mg 口服。", "diagnosis": "2型糖尿病。冠心病。"}
    )
    assert made.text.endswith("诊断：\n2型糖尿病。\n处理：")


def test_a_section_that_failed_is_made_of_the_facts() -> None:
    made = composer().from_sections(
        {"subjective": "Went skiing in Norway.", "objective": "", "assessment": "Pneumonia."}
    )
    assert set(made.extracted) == {"subjective", "objective"}
    assert "the patient slept well" in made.text
    assert "Norway" not in made.text
    assert "Body temperature: 38.0 °C high" in made.text


def test_a_whole_answer_that_fails_is_made_of_the_facts() -> None:
    made = composer().from_text("Bananas grow on Mars. Call 555.")
    assert len(made.extracted) == len(kind_of("progress").sections)
    assert made.ai_text == "Bananas grow on Mars. Call 555."


def test_the_text_of_facts_passes_its_own_check() -> None:
    for resources in (english(), chinese()):
        for kind in ("progress", "admission", "discharge", "referral", "outpatient"):
            one = composer(kind, resources=resources)
            assert one.checker.check(one.from_facts().text).unsupported == ()


@pytest.mark.parametrize(
    ("sentence", "supported"),
    [
        ("Denies chest pain.", True),
        ("Has chest pain.", False),
        ("Cough for five days.", True),
        ("Cough for nine days.", False),
        ("Pain in the left side.", True),
        ("Pain in the right side.", False),
        ("Cough for five days with body temperature 38.0 °C.", True),
    ],
)
def test_a_talk_is_a_source_with_its_questions_and_answers(sentence: str, supported: bool) -> None:
    (checked,) = composer(said=TALK).checker.check(sentence).sentences
    assert (checked.verdict is Verdict.SUPPORTED) is supported


def test_an_older_note_does_not_outweigh_what_is_said_today() -> None:
    one = composer(said="Doctor: Any chest pain?\nPatient: Yes, since this morning.")
    (checked,) = one.checker.check("Denies chest pain.").sentences
    assert one.checker.contradicts(checked)
    (now,) = one.checker.check("Chest pain since this morning.").sentences
    assert now.sources[0].startswith("s")


def test_names_are_taken_out_of_what_was_said() -> None:
    facts = composer(said="Alder coughs. It began on Monday.").facts
    said = [fact for fact in facts if fact.kind is FactKind.SAID]
    assert [fact.text for fact in said] == ["the patient coughs.", "It began on Monday."]
    assert said[1].span == (14, 33)


def test_what_the_model_wrote_and_the_text_lacks_is_listed() -> None:
    one = composer()
    made = one.from_sections({"subjective": "Reports chest pain. The patient slept well."})
    assert [s.text for s in outside(one.checker, ai_text=made.ai_text, text=made.text)] == ["Reports chest pain."]
    back = made.text + "\nReports chest pain."
    assert outside(one.checker, ai_text=made.ai_text, text=back) == ()


def test_proofreading_names_empty_sections_and_contradictions() -> None:
    one = composer()
    text = "Subjective: Reports chest pain. Saw the sea.\nObjective:\nBody temperature 38.0 °C\nPlan:\n"
    found = proofread(text, kind=one.kind, language="en", checker=one.checker)
    assert [section.id for section in found.missing] == ["assessment", "plan"]
    assert ["chest pain" in sentence.text for sentence in found.against] == [True]
    assert any("Sulfonamide" in fact.text for fact in found.report.not_mentioned)
    assert missing_sections("", one.kind, language="en") == tuple(s for s in one.kind.sections if s.required)


def test_what_is_new_since_the_last_note() -> None:
    resources = english()
    resources[-2]["effectiveDateTime"] = "2026-11-01T16:00:00+08:00"  # an hour after the note
    resources[4]["authoredOn"] = "2026-11-02"
    found = chart(resources)
    new = since_last_visit(found, facts_of(found, today=TODAY)[1])
    assert new is not None
    assert [fact.source for fact in new.facts] == ["MedicationRequest/m1", "Observation/o2"]
    assert since_last_visit(chart(resources[:-1]), ()) is None


def test_a_text_without_headings_stays_as_far_as_it_holds() -> None:
    made = composer().from_text("Pneumonia. Reports chest pain. Heart rate 99 bpm.")
    assert made.text == "Pneumonia. Heart rate 99 bpm."
    assert [span.text for span in split(made.ai_text)][1] == "Reports chest pain."
