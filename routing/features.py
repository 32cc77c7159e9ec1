"""What the words of a request show, in Chinese and English: one readable table, no text length.

A term is looked for in the folded text (small letters, half width, simplified Chinese, every number is `0`), so
` dose` means a word that begins with "dose" and `0 mg` any number with that unit.
"""

from collections.abc import Mapping

from ahocorasick_rs import AhoCorasick

from routing.folding import Folded

FEATURES: Mapping[str, tuple[str, ...]] = {
    "contraindication": (
        "contraindicat", " interaction", " interacts", " allerg", "should not be given", "should be avoided",
        "禁忌", "相互作用", "过敏", "慎用", "合用", "同服", "能不能一起",
    ),
    "comparison": (
        " compar", " versus ", " vs", "difference between", " rather than ", "superior to", " better than ",
        "比较", "对比", "相比", "区别", "优于", "哪个更",
    ),
    "dose": (
        " dose ", " doses ", " dosage", " dosing", " titrat", " loading dose", "剂量", "用量", "加量", "减量",
        "怎么吃",
    ),
    "diagnosis": (
        " diagnos", " differential", "likely cause", "most consistent with", "underlying cause",
        "鉴别", "诊断", "病因", "考虑什么病", "什么病",
    ),
    "next_step": (
        "next step", "best initial", "most appropriate", " management", "first-line", "first line",
        "treatment of choice",
        "下一步", "首选", "处理原则", "治疗方案", "如何处理",
    ),
    "mechanism": (
        " mechanism", " pathway", " receptor", " enzyme", " mutation", " gene ", "机制", "受体", "通路",
        "基因",
    ),
    "synthesis": (
        " systematic", " evidence", " literature", " guideline", "meta-analy", " meta analy",
        "文献", "指南", "证据", "综述", "荟萃",
    ),
    "study": (
        " patients were ", " randomi", " cohort", " retrospective", " prospective", " statistically",
        "confidence interval",
        " p <", " conclusion", "随机", "对照组", "队列", "回顾性", "差异有统计学意义", "结论",
    ),
    "multi_problem": (
        " comorbid", " multiple", " history of ", " past medical history", " as well as ", " polypharm",
        "合并", "伴有", "既往", "多种", "基础疾病",
    ),
    "numbers": (
        "0 mg", "0mg", "0 mmol", "0mmol", "0 mmhg", "0mmhg", "0 g dl", "0g dl", "0 bpm", "0%", "0 ml", "0ml", "0℃",
        "0°c",
        "0次 分", "0 cm", "0cm", "0 u l", "0 mm", " meq", "毫克", "毫升",
    ),
    "negation": (
        " no ", " not ", " without ", " denies ", " denied ", " never ", " except", "没有", "无", "否认",
        "未见", "不伴",
        "除外",
    ),
    "question": (
        "?", " which of the following", " what ", " how ", " why ", " should i ", " can i ", "吗", "什么",
        "怎么", "如何",
        "是否",
        "为什么", "多少",
    ),
    "yes_or_no": (
        " is there ", " does ", " do ", " is it ", " are ", " can ", "是不是", "是否", "能不能", "可不可以",
        "要不要",
    ),
    "format": (
        " table", " json", " csv", "bullet", "in one sentence", " structured", " template", " headings",
        "表格", "列表", "一句话", "按格式", "模板", "分点",
    ),
    "first_person": (" i ", " i'm ", " my ", " me ", " we ", "我", "我家", "俺"),
    "third_person": (" he ", " she ", " his ", " her ", "year old", "year-old", " patient", "患者", "病人", "病员"),
    "reply": (
        ".ok", ".yeah", ".yes.", ".yes,", ".no.", ".no,", ".um", ".uh", ".mm", ".right", ".alright", " um,",
        " uh,", "sounds good",
        ".好的", ".嗯", ".没有", ".有.", ".是的", ".不是", ".对.", ".对,", ".哦", ".你好", ".您好", ".谢谢", ".恩",
    ),
    "asks_patient": (
        " do you ", " have you ", " any ", " are you ", " did you ", " let me ", "how long ", "i'm going to",
        "有没有", "多大", "多久", "几次", "几天了", "什么时候开始", "建议", "考虑", "可以吃", "吃过什么",
        "用过", "观察", "化验",
    ),
    "examination": (
        "physical examination", " on exam", " vital signs", " temperature is", " blood pressure is", " laboratory",
        " shows ",
        "体格检查", "查体", "生命体征", "辅助检查", "化验",
    ),
    "course": (
        " ago", " for the past ", " since ", " weeks", " days", " sudden", "天前", "周前", "近来", "最近",
        "突然", "加重",
    ),
    "calculation": (
        " calculate", " how many ", " ratio", " rate of ", " probability", " percent", "计算", "比例", "多少",
        "率",
    ),
    "administration": (
        " staff", " waiting", " appointment", " ward", " beds", " roster", " schedule", " complain", " cost",
        " invoice",
        "排班", "床位", "投诉", "候诊", "运营", "收费", "库存", "科室", "挂号",
    ),
}  # fmt: skip
NAMES = tuple(FEATURES)
# All terms are looked for in one pass.
MATCHER = AhoCorasick((term for terms in FEATURES.values() for term in terms), store_patterns=True)


def found_in(folded: Folded) -> Mapping[str, tuple[str, ...]]:
    """Each feature that occurs, with those of its terms that showed it."""
    held = set(MATCHER.find_matches_as_strings(folded.text, overlapping=True))
    shown = {name: terms for name, terms in FEATURES.items() if not held.isdisjoint(terms)}
    return {name: tuple([term for term in terms if term in held]) for name, terms in shown.items()}
