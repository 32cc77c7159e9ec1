"""Notes of nobody, made from templates of our own: surnames, titles and contexts that no rule was written after."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

WEIGHTS: Final[tuple[int, ...]] = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SURNAMES: Final = "韩秦尹黎覃常龚赖施陶洪邱江欧阳"
GIVEN: Final = ("雅琴", "国栋", "思敏", "浩然", "翠花", "俊", "秀英", "嘉怡", "永强", "彬", "若曦", "德福")
FIRST: Final = ("Hannah", "Pedro", "Fatima", "Andrew", "Yuki", "Siobhan")
LAST: Final = ("Murray", "Vasquez", "O'Connell", "Lindgren", "Achebe", "Smith-Jones")
CLINICAL: Final = (
    "血压138/86mmHg",
    "体温38.4℃",
    "心率 96次/分",
    "头孢呋辛1.5g q8h",
    "血钾3.9mmol/L",
    "PLT 213×10⁹/L",
    "青霉素4800000U",
    "SpO2 94%",
    "病程3个月",
    "BP 141/88 mmHg",
    "lisinopril 20 mg daily",
    "HbA1c 7.9%",
    "eGFR 58 mL/min/1.73m2",
    "potassium 4.1 mmol/L",
    "GCS 15",
    "67岁",
)
TEMPLATES: Final = (
    "{name}（{clinical}），由{name}护士送入。",
    "主刀：{name}，一助{name}。{clinical}。",
    "联系人{name}，电话{mobile}，{clinical}。",
    "身份证 {resident}，病案号：{record}。{clinical}。",
    "{date}由{plate}送来，{clinical}。",
    "现住{address}，{clinical}。",
    "微信:{wechat}；护照号 {passport}；卡号{bank}。",
    "{clinical}，{clinical}。",
    "固话{landline}，邮箱{email}。",
    "Reviewed by Dr. {english} on {day}. {clinical}. ",
    "Her husband, {english}, lives at {home}. {clinical}. ",
    "Phone {call}; chart no. {record}. {clinical}. ",
    "{clinical}; {clinical}. ",
)


@dataclass
class Made:
    """The text, the bounds of each identifier with its kind, and the bounds of what must stay."""

    text: str = ""
    planted: list[tuple[str, int, int]] = field(default_factory=list)
    stays: list[tuple[int, int]] = field(default_factory=list)

    def put(self, kind: str, piece: str) -> None:
        start = len(self.text)
        self.text += piece
        if kind == "clinical":
            self.stays.append((start, len(self.text)))
        else:
            self.planted.append((kind, start, len(self.text)))


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def resident(rng: random.Random) -> str:
    body = f"{rng.choice(('330106', '510104'))}{rng.randint(1936, 2018)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body += digits(rng, 3)
    check = sum(w * int(d) for w, d in zip(WEIGHTS, body, strict=True)) % 11
    return f"{body}{'10X98765432'[check]}"


def mobile(rng: random.Random) -> str:
    number = f"1{rng.choice('3578')}{digits(rng, 9)}"
    wide = number.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"})
    return rng.choice((number, f"{number[:3]} {number[3:7]} {number[7:]}", f"+86-{number}", wide))


def chinese_name(rng: random.Random) -> str:
    return rng.choice((*SURNAMES[:-2], "欧阳", "慕容")) + rng.choice(GIVEN)


KINDS: Final[dict[str, Callable[[random.Random], str]]] = {
    "name": chinese_name,
    "english": lambda rng: f"{rng.choice(FIRST)} {rng.choice(LAST)}",
    "clinical": lambda rng: rng.choice(CLINICAL),
    "mobile": mobile,
    "resident": resident,
    "record": lambda rng: rng.choice(("", "BA", "H")) + digits(rng, 8),
    "date": lambda rng: rng.choice(("2024年3月9日", "2025-11-02", "2025/1/7", "7月21日", "二〇二四年五月六日")),
    "day": lambda rng: rng.choice(("June 4, 2024", "04/17/2025", "9 Oct 2023", "2024-02-29")),
    "plate": lambda rng: rng.choice(("浙A·8K", "川B7")) + digits(rng, 3) + rng.choice(("", "9")),
    "address": lambda rng: (
        f"浙江省杭州市西湖区文三路{rng.randint(1, 400)}号{rng.randint(1, 9)}幢{rng.randint(101, 909)}室"
    ),
    "home": lambda rng: f"{rng.randint(2, 980)} Old Mill Lane, Apt {rng.randint(1, 40)}",
    "wechat": lambda rng: "tea_house" + digits(rng, 3),
    "passport": lambda rng: "EJ" + digits(rng, 7),
    "bank": lambda rng: "6217" + digits(rng, 15),
    "landline": lambda rng: rng.choice(("0571-", "（028）")) + digits(rng, 8),
    "call": lambda rng: f"({rng.randint(212, 940)}) 555-{digits(rng, 4)}",
    "email": lambda rng: f"q.{digits(rng, 3)}@clinic.example.org",
}


def note(rng: random.Random) -> Made:
    made = Made()
    for template in rng.sample(TEMPLATES, 4):
        for piece in template.replace("}", "{").split("{"):
            if piece in KINDS:
                made.put(piece, KINDS[piece](rng))
            else:
                made.text += piece
    return made
