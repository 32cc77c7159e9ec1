"""A small folder of labelled sets, in the form of the published ones, and decisions for them."""

import json
from pathlib import Path
from typing import Any

QUESTIONS = (
    "Which enzyme is absent in this disorder of the urea cycle?",
    "A 24-year-old woman has weight loss and a tremor. What is the most appropriate next step in management?",
    "A 67-year-old man with a bladder tumour hears ringing. Which drug acts how?",
    "Which vitamin is found in oranges?",
)
# By question: the right answer, and what each size said.
ANSWERS = (("A", "BCA"), ("B", "ABB"), ("C", "CCC"), ("D", "AAD"))
WARDS = ("How many patients were admitted to cardiology last month?", "How many beds are free on ward 3?")


def question(number: int) -> dict[str, Any]:
    truth, said = ANSWERS[number]
    predicted = dict(zip(("32B", "70B", "671B"), said, strict=True))
    runs = ("QwQ-32B-Preview", "Llama-3.3-70B-Instruct-Turbo", "gpt-4o-mini", "claude-3-5-haiku")
    runs += ("DeepSeek-R1", "o3-mini", "o1-mini")
    extra = {"predicted": predicted, "correct": dict.fromkeys(runs, True), "split_key": f"mcq:{number}"}
    return {"id": f"q{number}", "text": QUESTIONS[number], "label": {"answer": truth}, "extra": extra}


def folder_of_sets(folder: Path) -> Path:
    data = folder / "data"
    data.mkdir()
    write(data / "tier_medqa_en.jsonl", [question(number) for number in range(len(QUESTIONS))])
    wards = [{"id": f"w{number}", "text": text, "label": {}, "extra": {}} for number, text in enumerate(WARDS)]
    write(data / "ehrsql_staff_en.jsonl", wards)
    write(data / "not_a_known_set.jsonl", [{"anything": 1}])
    return data


def decisions(tier: str = "r1-32b", *, second_opinion: bool = False) -> list[dict[str, Any]]:
    ids = [*(f"q{number}" for number in range(len(QUESTIONS))), *(f"w{number}" for number in range(len(WARDS)))]
    return [{"id": one, "task": "operations", "tier": tier, "second_opinion": second_opinion} for one in ids]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path
