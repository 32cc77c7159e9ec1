"""The interview as a QuestionnaireResponse. Pure.

Questions that a model worded carry the AI label each; the answers are the patient's.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from hospital_hub.triage import fhir_base as base
from hospital_hub.triage.fhir_codes import AI, BY_PATIENT, INLINE, INLINE_LABEL
from hospital_hub.triage.filed_case import Answer, FiledCase
from hospital_hub.triage.tables import Interview
from integrations.fhir.client import Resource

STATUS: Final = {
    Interview.NONE: "completed",
    Interview.DONE: "completed",
    Interview.ASKING: "in-progress",
    Interview.CUT: "stopped",
}
COMPLAINT: Final = {"en": "What is the matter?", "zh-CN": "哪里不舒服？"}
YES: Final = frozenset({"yes", "是", "有", "是的", "有的"})
NO: Final = frozenset({"no", "否", "没有", "不是", "无"})
NOTHING: Final = "–"  # R4 has no empty string
UNFIT: Final = frozenset({"Cc", "Cs"})
NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,5})")


def questionnaire_response(case: FiledCase) -> Resource:
    """Each question once, with its words, its topic as linkId, and the answer as it was given."""
    items = [_item(one, link) for one, link in zip(case.answers, _links(case.answers), strict=True)]
    items[0].setdefault("text", COMPLAINT[case.language])
    return {
        "resourceType": "QuestionnaireResponse",
        "meta": {"security": [AI, INLINE] if touched_by_ai(case) else [BY_PATIENT]},
        "language": case.language,
        "identifier": base.identifier_of(case, "answers"),
        "status": STATUS[case.interview],
        "subject": base.patient_of(case),
        "encounter": base.visit(case),
        "authored": base.moment(case.answers[-1].at),
        "source": base.patient_of(case),
        "item": items,
    }


def touched_by_ai(case: FiledCase) -> bool:
    return any(one.by_model for one in case.answers)


def _links(answers: Sequence[Answer]) -> list[str]:
    """The topics, each made unique by its number where it comes again."""
    seen: dict[str, int] = {}
    links = []
    for one in answers:
        topic = one.topic or "question"
        seen[topic] = seen.get(topic, 0) + 1
        links.append(topic if seen[topic] == 1 else f"{topic}.{seen[topic]}")
    return links


def _item(answer: Answer, link: str) -> Resource:
    item: Resource = {"linkId": link, "answer": [_value(answer)]}
    if question := clean(answer.question):
        item["text"] = question
    return {"extension": [label()], **item} if answer.by_model else item


def label() -> Resource:
    return {"url": INLINE_LABEL, "valueCoding": AI}


def _value(answer: Answer) -> Resource:
    """Typed only where the words leave no doubt; else as they were said."""
    words = answer.words.strip()
    plain = words.casefold().rstrip(".。!！")
    if answer.kind == "yes_no" and plain in YES | NO:
        return {"valueBoolean": plain in YES}
    if answer.kind == "number" and NUMBER.fullmatch(words):
        return {"valueInteger": int(words)}
    return {"valueString": clean(words) or NOTHING}


def clean(text: str) -> str:
    """Without control characters, which FHIR strings cannot hold (R4, 2.24.0.1)."""
    return "".join(sign for sign in text if sign in "\t\n\r" or unicodedata.category(sign) not in UNFIT).strip()
