"""The names by which a note may call a medicine: as ordered, and without salt and form. Pure."""

import re

_SALT = re.compile(r"^(?:注射用|盐酸|硫酸|马来酸|苯磺酸|枸橼酸|琥珀酸|富马酸|酒石酸|重组)+")
_FORM = re.compile(r"(?:缓释|控释|肠溶|分散|咀嚼|舌下)*(?:片|胶囊|注射液|颗粒|口服液|混悬液|吸入剂|气雾剂|贴|丸)$")
_NOTE = re.compile(r"[（(][^）)]*[）)]")
SHORTEST = 2


def names_of(ordered: str) -> tuple[str, ...]:
    """`盐酸二甲双胍缓释片` is also `二甲双胍`; `Ceftriaxone (Rocephin)` is also `Ceftriaxone`."""
    plain = _NOTE.sub("", ordered).strip()
    bare = _FORM.sub("", _SALT.sub("", plain))
    return tuple(dict.fromkeys(name for name in (ordered, plain, bare) if len(name) >= SHORTEST))
