"""Kinds, dictation, work by sentence, and the tools beside the draft, over the wire."""

import html
import json
import re

import pytest

from hospital_hub.settings import Settings
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import rows
from tests.hospital_hub.notes.charts import chinese
from tests.hospital_hub.notes.conftest import Browser
from tests.hospital_hub.notes.test_notes import WINDOW, sign

ENGLISH = {"Accept-Language": "en"}
ANSWER = {
    "subjective": "Reports chest pain. The patient slept well. Likes gardening.",
    "objective": "Heart rate 99 bpm.",
    "assessment": "Pneumonia.",
    "medicines": "",
    "plan": "Start metformin 500 mg.",
}


@pytest.fixture(autouse=True)
def _answer(fake_vllm: FakeVllm) -> None:
    fake_vllm.tokens = re.findall(r".{1,9}", json.dumps(ANSWER))


async def ask(browser: Browser, **form: str) -> tuple[str, str]:
    """The id of a new draft, and its stream."""
    asked = await browser.client.post("/notes/drafts", data={"login": await browser.login_id(), **form})
    assert asked.status_code == 200, asked.text
    note = asked.text.split("/notes/drafts/")[1].split("/")[0]
    return note, (await browser.client.get(f"/notes/drafts/{note}/events", headers=ENGLISH)).text


async def text_of(browser: Browser, note: str) -> str:
    page = await browser.client.get(f"/notes/drafts/{note}", headers=ENGLISH)
    return html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.DOTALL)[1])  # type: ignore[index]


async def test_the_model_answers_by_section_and_the_draft_is_put_together(
    launched: Browser, fake_vllm: FakeVllm
) -> None:
    note, stream = await ask(launched)
    asked = fake_vllm.asked[-1]
    assert asked["response_format"]["json_schema"]["schema"]["required"] == list(ANSWER)
    assert stream.index("Subjective:") < stream.index("Heart rate 99 bpm.") < stream.index("Plan:")
    text = await text_of(launched, note)
    assert text == (
        "Subjective:\nThe patient slept well. Likes gardening.\nObjective:\nHeart rate 99 bpm.\n"
        "Assessment:\nPneumonia.\nPlan:"
    )
    page = (await launched.client.get(f"/notes/drafts/{note}", headers=ENGLISH)).text
    outside = page[page.index("Not in the text") :]
    assert "Reports chest pain." in outside
    assert "metformin" in outside


async def test_each_kind_is_asked_for_with_its_own_sections(launched: Browser, fake_vllm: FakeVllm) -> None:
    launched.emr.put(*chinese())
    await ask(launched, kind="outpatient", language="zh-CN")
    prompt = str(fake_vllm.asked[-1]["messages"])
    for title in ("门诊病历", "主诉", "现病史", "既往史", "体格检查", "辅助检查", "诊断", "处理"):
        assert title in prompt
    assert "门诊病历" in (await launched.client.get("/notes/panel", headers={"Accept-Language": "zh-CN"})).text


async def test_an_unknown_kind_is_refused(launched: Browser) -> None:
    form = {"login": await launched.login_id(), "kind": "poem"}
    refused = await launched.client.post("/notes/drafts", data=form)
    assert refused.json()["code"] == "unknown_kind"


async def test_what_was_dictated_is_a_source_sealed_and_without_the_name(
    launched: Browser, fake_vllm: FakeVllm, settings: Settings
) -> None:
    fake_vllm.tokens = [json.dumps({**ANSWER, "subjective": "Cough for five days."})]
    said = "Alder has had a cough for five days.\r\nNo fever at home."
    note, stream = await ask(launched, said=said)
    prompt = str(fake_vllm.asked[-1]["messages"])
    assert "the patient has had a cough" in prompt
    assert "Alder" not in prompt
    assert "Cough for five days." in await text_of(launched, note)
    assert "Consultation" in stream
    ((sealed,),) = rows(settings.database_url, "SELECT said FROM note_draft")
    assert b"cough" not in bytes(sealed)  # type: ignore[call-overload]


async def test_a_chinese_dictation_makes_a_chinese_note(launched: Browser, fake_vllm: FakeVllm) -> None:
    await ask(launched, said="患者咳嗽五天，无胸痛。")
    assert "病程记录" in str(fake_vllm.asked[-1]["messages"])


async def test_without_a_model_the_facts_make_the_draft(launched: Browser, fake_vllm: FakeVllm) -> None:
    fake_vllm.mode = Mode.ERROR
    note, stream = await ask(launched, kind="discharge")
    assert "No model can answer now." in stream
    text = await text_of(launched, note)
    assert "Discharge diagnoses:\nPneumonia" in text
    assert text.endswith("Follow-up and advice:")
    page = (await launched.client.get(f"/notes/drafts/{note}", headers=ENGLISH)).text
    assert "Made of the facts alone, without a model" in page
    assert 'class="ai-label"' not in page
    assert await sign(launched, note, confirmed=False) == 200


async def settle(browser: Browser, note: str, sentence: str, *, settled: bool = True) -> str:
    form = {"login": await browser.login_id(), "sentence": sentence, "settled": str(settled).lower()}
    answer = await browser.client.post(f"/notes/drafts/{note}/sentence", data=form, headers=ENGLISH)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_sentence_is_kept_and_that_is_taken_back(launched: Browser) -> None:
    note, _ = await ask(launched)
    page = (await launched.client.get(f"/notes/drafts/{note}", headers=ENGLISH)).text
    assert "1 sentence to keep or drop:" in page
    assert "to keep or drop:" not in await settle(launched, note, "Likes gardening.")
    assert "1 sentence to keep or drop:" in await settle(launched, note, "Likes gardening.", settled=False)


async def test_what_contradicts_the_chart_is_not_signed_by_one_tick_for_all(launched: Browser) -> None:
    note, _ = await ask(launched)
    wrong = "Reports chest pain."
    assert await sign(launched, note, text=f"Pneumonia. {wrong}") == 422
    await settle(launched, note, wrong)
    assert await sign(launched, note, text=f"Pneumonia. {wrong}") == 200


async def test_a_clinicians_own_words_need_no_keeping(launched: Browser) -> None:
    note, _ = await ask(launched)
    form = {"login": await launched.login_id(), "text": "Seen on the ward.", "revision": "1", "window": WINDOW}
    saved = (await launched.client.post(f"/notes/drafts/{note}/text", data=form, headers=ENGLISH)).text
    assert "your own words" in saved
    assert "to keep or drop:" not in saved


async def test_what_the_model_wrote_comes_back_without_what_contradicts(launched: Browser) -> None:
    note, _ = await ask(launched)
    before = await text_of(launched, note)
    login = await launched.login_id()
    form = {"login": login, "text": "mine", "revision": "1", "window": WINDOW}
    await launched.client.post(f"/notes/drafts/{note}/text", data=form)
    await launched.client.post(f"/notes/drafts/{note}/restore", data={**form, "revision": "2", "origin": "model"})
    assert await text_of(launched, note) == before


@pytest.mark.parametrize(
    ("said", "shown", "hidden"),
    [
        ("The heart rate was 99 /min. The patient takes warfarin 5 mg.", "heart rate was 99", "warfarin"),
        ("The moon is full tonight.", "Not found in the chart.", "moon"),
    ],
)
async def test_a_question_is_answered_from_the_chart_or_not_at_all(
    launched: Browser, fake_vllm: FakeVllm, said: str, shown: str, hidden: str
) -> None:
    fake_vllm.tokens = [said]
    form = {"login": await launched.login_id(), "question": "What was the heart rate?"}
    reply = (await launched.client.post("/notes/questions", data=form, headers=ENGLISH)).text
    assert shown in reply
    assert hidden not in reply
    assert "1 sentence of the model is not shown" in reply
    assert "What was the heart rate?" in str(fake_vllm.asked[-1]["messages"])


async def test_a_typed_note_is_proofread_without_a_model(launched: Browser, fake_vllm: FakeVllm) -> None:
    typed = "Subjective: Reports chest pain.\r\nObjective: Body temperature 38.0 °C."
    form = {"login": await launched.login_id(), "typed": typed}
    proof = (await launched.client.post("/notes/proofreading", data=form, headers=ENGLISH)).text
    assert "Assessment, Plan" in proof
    assert "Reports chest pain." in proof[proof.index("The chart says otherwise") :]
    assert "Sulfonamide antibiotic" in proof
    assert fake_vllm.asked == []


async def test_a_panel_of_the_patient_before_asks_nothing(launched: Browser, fake_vllm: FakeVllm) -> None:
    old = await launched.login_id()
    await launched.launch()
    for path, form in (("questions", {"question": "Fever?"}), ("proofreading", {"typed": "x"})):
        refused = await launched.client.post(f"/notes/{path}", data={"login": old, **form})
        assert refused.json()["code"] == "patient_switched"
    assert fake_vllm.asked == []
