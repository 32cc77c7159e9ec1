"""The same request as somebody else would type it. Written apart from the router's own tables, on purpose.

Traditional Chinese alone is not: OpenCC turns these texts by phrases, and made the router's table of characters.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from opencc import OpenCC

Chance = np.random.Generator
Variant = Callable[[str, Chance], str]
Places = Callable[[str], list[tuple[int, int]]]

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS = {
    key: [row[at] for at in (place - 1, place + 1) if 0 <= at < len(row)]
    for row in ROWS
    for place, key in enumerate(row)
}
ENGLISH_WORD = re.compile(r"[A-Za-z]{4,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_SHARE, CHINESE_SHARE = 0.05, 0.02
# What a pinyin input method offers in the right character's place.
SAME_SOUND: Mapping[str, str] = dict(
    zip(
        "在再的得做作是医生疼痛头发烧天吃药要有没办查血压高病人患治疗结果观组剂量用禁忌过合症证状多几时间院胸心气孩子宝肚腹炎热体检下列哪项错误主诉史临床方法目研究应服常",
        "再在得的作做事一声腾通投法稍添迟要药又每半茶雪鸭糕并仁换制辽节裹关阻计亮永近计锅和证症壮朵己十见愿凶新起还自保度复言惹提捡夏烈那向措物住述使林创芳发木言就映副长",
        strict=True,
    )
)
TRADITIONAL: Mapping[str, OpenCC] = {name: OpenCC(name) for name in ("s2t", "s2tw", "s2hk", "s2twp")}

ABBREVIATIONS: Mapping[str, str] = {
    "hypertension": "HTN", "high blood pressure": "HTN", "blood pressure": "BP", "heart rate": "HR", "pulse": "P",
    "respiratory rate": "RR", "respirations": "RR", "temperature": "T", "oxygen saturation": "SpO2",
    "diabetes mellitus": "DM", "type 2 diabetes": "T2DM", "type 1 diabetes": "T1DM", "shortness of breath": "SOB",
    "chest pain": "CP", "history of": "h/o", "past medical history": "PMH", "coronary artery disease": "CAD",
    "myocardial infarction": "MI", "atrial fibrillation": "AF", "congestive heart failure": "CHF",
    "heart failure": "HF", "chronic kidney disease": "CKD", "chronic obstructive pulmonary disease": "COPD",
    "urinary tract infection": "UTI", "deep vein thrombosis": "DVT", "pulmonary embolism": "PE",
    "electrocardiogram": "ECG", "magnetic resonance imaging": "MRI", "computed tomography": "CT",
    "emergency department": "ED", "intensive care unit": "ICU", "white blood cell count": "WBC",
    "hemoglobin": "Hb", "haemoglobin": "Hb", "creatinine": "Cr", "potassium": "K", "sodium": "Na",
    "rheumatoid arthritis": "RA", "systemic lupus erythematosus": "SLE", "tuberculosis": "TB",
    "acute respiratory distress syndrome": "ARDS", "nausea and vomiting": "N/V", "intravenous": "IV",
    "intramuscular": "IM", "twice daily": "BID", "three times daily": "TID", "as needed": "PRN",
    "within normal limits": "WNL", "year-old woman": "yo F", "year-old man": "yo M",
    "follow-up": "f/u", "treatment": "Tx", "diagnosis": "Dx",
    "symptoms": "Sx", "fracture": "Fx", "prescription": "Rx", "without": "w/o", "patient": "pt", "patients": "pts",
    "drug interaction": "DDI", "drug interactions": "DDIs",
}  # fmt: skip
CHINESE_ABBREVIATIONS: Mapping[str, str] = {
    "高血压": "HTN", "血压": "BP", "心率": "HR", "体温": "T", "脉搏": "P", "血氧饱和度": "SpO2", "2型糖尿病": "T2DM",
    "糖尿病": "DM", "冠心病": "CHD", "慢性阻塞性肺疾病": "慢阻肺", "心电图": "ECG", "磁共振": "MRI", "血红蛋白": "Hb",
    "白细胞": "WBC", "血小板": "PLT", "急性心肌梗死": "急性心梗", "心肌梗死": "心梗", "脑梗死": "脑梗",
    "心房颤动": "房颤", "慢性肾脏病": "CKD", "心力衰竭": "心衰", "呼吸衰竭": "呼衰", "肾功能衰竭": "肾衰",
    "肺栓塞": "PE",
    "类风湿关节炎": "RA", "系统性红斑狼疮": "SLE", "甲状腺功能亢进": "甲亢", "甲状腺功能减退": "甲减",
    "上呼吸道感染": "上感", "支气管哮喘": "哮喘", "肺结核": "TB", "静脉注射": "iv", "静脉滴注": "ivgtt",
    "肌肉注射": "im",
    "口服": "po", "一天三次": "tid", "每日三次": "tid", "每日两次": "bid", "血常规": "CBC", "丙氨酸氨基转移酶": "ALT",
    "肌酐": "Cr", "血钾": "K", "超声": "US", "重症监护病房": "ICU", "急诊科": "ED", "患者": "pt", "诊断": "Dx",
}  # fmt: skip

CHATTER = (
    "Looking forward to hearing from you.", "No rush at all, whenever you get a minute.",
    "I'm on my break for the next ten minutes.", "Hope the new system treats you better than the old one!",
    "By the way, the coffee machine on level two is working again.", "Greetings from the night shift.",
    "It's raining cats and dogs out here today.", "Say hi to the team from me.", "You people are lifesavers, honestly.",
    "That's everything from my side.", "Typing this on my phone, so please excuse any slips.",
    "Keep up the great work!",
    "Fingers crossed this is the right place to ask.", "Bye for now.", "Ok, over to you.", "Have a lovely weekend :)",
    "PS: I'll be back at my desk around four.", "This is my third message today, I promise it's the last.",
    "All the best,\nWard 5", "Much obliged.", "Happy Friday everyone!", "Let me grab a tea while you think.",
)  # fmt: skip
CHINESE_CHATTER = (
    "有空的时候回我就行。", "我先去吃个午饭，一会儿回来看。", "今天外面雨下得真大。", "您忙您的，不着急。",
    "祝您今天一切顺利！",
    "手机打字，有错别字请见谅。", "这个新系统比以前的好用多了。", "我就先说到这里。", "先这样，回头聊。",
    "代我向大家问好。",
    "终于快下班了，今天真累。", "希望没有问错地方。", "期待您的回复。", "感恩，比心。", "好啦，就这些，拜拜。",
    "周五了，大家都开心点。", "夜班的同事向您致意。", "我四点左右回到座位上。",
    "这是我今天第三次发消息了，保证是最后一次。",
    "二楼的咖啡机又修好了。", "笔芯，么么哒", "此致\n敬礼",
)  # fmt: skip


def is_chinese(text: str) -> bool:
    return len(CHINESE.findall(text)) > len(text) / 4


def _neighbour(word: str, chance: Chance) -> str:
    at = int(chance.integers(len(word)))
    near = NEIGHBOURS[word[at].lower()]
    return word[:at] + near[int(chance.integers(len(near)))] + word[at + 1 :]


def _swap(word: str, chance: Chance) -> str:
    at = int(chance.integers(len(word) - 1))
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _drop(word: str, chance: Chance) -> str:
    at = int(chance.integers(len(word)))
    return word[:at] + word[at + 1 :]


def _same_sound(character: str, _: Chance) -> str:
    return SAME_SOUND[character]


def _words(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in ENGLISH_WORD.finditer(text)]


def _pairs(text: str) -> list[tuple[int, int]]:
    return [(at, at + 2) for at in range(len(text) - 1) if all(CHINESE.match(one) for one in text[at : at + 2])]


def _known(text: str) -> list[tuple[int, int]]:
    return [(at, at + 1) for at, character in enumerate(text) if character in SAME_SOUND]


def _mistyped(english: Variant, chinese: Variant, *, places: Places) -> Variant:
    """At least one error, and one in twenty English words or one in fifty Chinese characters."""

    def typed(text: str, chance: Chance) -> str:
        in_chinese = is_chinese(text)
        spans = places(text) if in_chinese else _words(text)
        characters = len(CHINESE.findall(text))
        count = round(CHINESE_SHARE * characters if in_chinese else ENGLISH_SHARE * len(spans))
        chosen = chance.permutation(len(spans))[: max(1, count)].tolist()
        before = len(text)
        for start, end in sorted((spans[index] for index in chosen), reverse=True):
            if end <= before:
                wrong = (chinese if in_chinese else english)(text[start:end], chance)
                text, before = text[:start] + wrong + text[end:], start
        return text

    return typed


def _full_width(text: str, _: Chance) -> str:
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    return text.translate({**wide, ord(" "): 0x3000})


def _abbreviated(text: str, _: Chance) -> str:
    if is_chinese(text):
        for long in sorted(CHINESE_ABBREVIATIONS, key=len, reverse=True):
            text = text.replace(long, CHINESE_ABBREVIATIONS[long])
        return text
    return LONG_FORMS.sub(lambda found: ABBREVIATIONS[found.group(0).lower()], text)


LONG_FORMS = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, ABBREVIATIONS), key=len, reverse=True)) + r")\b", re.IGNORECASE
)


def _chattered(text: str, chance: Chance) -> str:
    phrases: Sequence[str] = CHINESE_CHATTER if is_chinese(text) else CHATTER
    phrase = phrases[int(chance.integers(len(phrases)))]
    return text + ("\n", " ")[int(chance.integers(2))] + phrase


def _traditional(name: str) -> Variant:
    return lambda text, _: str(TRADITIONAL[name].convert(text))


VARIANTS: Mapping[str, Variant] = {
    "typo: next key, wrong homophone": _mistyped(_neighbour, _same_sound, places=_known),
    "typo: two swapped": _mistyped(_swap, _swap, places=_pairs),
    "typo: one dropped": _mistyped(_drop, _drop, places=_pairs),
    "capitals": lambda text, _: text.upper(),
    "small letters": lambda text, _: text.lower(),
    "full width": _full_width,
    "abbreviations": _abbreviated,
    "chatter": _chattered,
    "traditional: OpenCC": _traditional("s2t"),
    "traditional: Taiwan": _traditional("s2tw"),
    "traditional: Hong Kong": _traditional("s2hk"),
    "traditional: Taiwan, with its words": _traditional("s2twp"),
}
