"""Names of drugs and diseases by their endings, for the many that no table holds. Pure.

English: the stems that WHO gives to drug names (INN), and endings of diseases. Chinese: what drug classes end in.
"""

import re
from typing import Final

_LATIN: Final = re.compile(
    r"\b[a-z]+(?:cillin|mycin|floxacin|cycline|azole|pril|sartan|olol|dipine|statin|formin|gliptin|gliflozin|glitazone"
    r"|parin|xaban|semide|thiazide|profen|oxetine|azepam|mab|vir|itis|emia|osis|oma|pathy|algia|pnea|uria|plegia)\b"
)
# Chinese has no spaces: the group is the part that must be in the chart, with one character more where it is an ending.
_DRUG: Final = re.compile(
    r"[\u4e00-\u9fff]{0,4}?([\u4e00-\u9fff](?:霉素|西林|沙星|洛尔|普利|沙坦|他汀|地平|双胍|拉唑|噻嗪|格列净|列汀|单抗))"
)
_DISEASE: Final = re.compile(
    r"(肺炎|肠炎|胃炎|肝炎|肾炎|胰腺炎|阑尾炎|胆囊炎|脑膜炎|心肌梗死|脑梗死|糖尿病|高血压|骨折|肿瘤|癌|衰竭|血栓|栓塞)"
)


def named_by_ending(clean: str) -> frozenset[str]:
    """Of a clean text (clinical/text.py)."""
    wide = {*_DRUG.findall(clean), *_DISEASE.findall(clean)}
    return frozenset(_LATIN.findall(clean)) | frozenset(wide)
