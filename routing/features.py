"""What the words of a request show, in Chinese and English: one readable table, no text length."""

import re
import unicodedata
from collections.abc import Mapping

FEATURES: Mapping[str, str] = {
    "contraindication": r"contraindicat|interaction|allerg(?:y|ic)|禁忌|相互作用|过敏|慎用",
    "comparison": r"\bcompar|\bversus\b|\bvs\b|difference between|比较|对比|相比|区别",
    "dose": r"\bdos(?:e|age|ing)\b|\bmg/kg\b|titrat|剂量|用量|加量|减量",
    "diagnosis": r"\bdiagnos|differential|likely cause|鉴别|诊断|病因|考虑什么病",
    "synthesis": r"systematic|evidence|literature|guideline|meta-?analysis|文献|指南|证据|综述|机制",
    "multi_problem": r"comorbid|multiple|history of .{1,60}\band\b|合并|伴有|既往.{1,40}(?:、|和|及)",
    "numbers": r"\d+(?:\.\d+)?\s?(?:mmol|mg|g/|mmhg|bpm|%|℃|°c|ml|次/分|u/l)",
}
CLINICAL = frozenset({"contraindication", "dose", "diagnosis"})
TASK_WORDS: Mapping[str, str] = {
    "triage": (
        r"\bi (?:have|feel|am)\b|\bmy (?:chest|head|stomach|child|baby)\b"
        r"|我(?:.{0,6})(?:疼|痛|不舒服|发烧|难受)|挂什么科|孩子(?:发烧|咳)"
    ),
    "note": (
        r"discharge summary|(?:progress|admission) note|draft (?:a|the) note"
        r"|病程|出院小结|入院记录|写.{0,4}病历|摘要"
    ),
    "research": r"cohort|dataset|extract|trial|systematic|文献|队列|课题|提取|随机对照|研究",
    "operations": (r"\bbeds?\b|roster|schedul|complain|waiting time|occupancy|床位|排班|投诉|候诊时间|运营|库存"),
}
_FEATURES = {name: re.compile(pattern) for name, pattern in FEATURES.items()}
_TASKS = {name: re.compile(pattern) for name, pattern in TASK_WORDS.items()}


def normalise(text: str) -> str:
    """Full width becomes half width, case is folded: the same request, typed differently, looks the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def found_in(text: str) -> Mapping[str, str]:
    """Each feature that occurs, with the words that showed it."""
    clean = normalise(text)
    hits = {name: pattern.search(clean) for name, pattern in _FEATURES.items()}
    return {name: hit.group(0) for name, hit in hits.items() if hit}


def task_scores(text: str) -> Mapping[str, int]:
    """How many words of each task occur."""
    clean = normalise(text)
    return {name: len(pattern.findall(clean)) for name, pattern in _TASKS.items()}
