"""`make bench-routers`: this router beside litellm's complexity router on the same published questions.

Ours is cross-validated: each question is decided by models that have not seen it. Litellm learns nothing from these
questions; its four tiers are mapped onto our three in every way that keeps their order, and the best for it is marked.
Each row can be read against a coin between the 32B and the 671B at the same cost.
"""

import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hospital_hub.inference.question import estimate_tokens
from routing import Decision, Lane, Request, Tier, decide, load_policy
from routing.models import Models
from routing.training.example import Example, fold_of
from routing.training.fit import FOLDS, fit
from routing.training.sets import SOURCES, examples_of
from routing.training.written import written
from tests.benchmarks.peers.replay import Choice, Earned, replay
from tests.routing.published import DEV, records, tier_records
from tests.routing.test_decide import fleet

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[2] / ".bench" / "routers"
SEED = 7
THRESHOLDS = (0.60, 0.65, 0.70, 0.80, 0.85, 0.90, 0.95)
HEURISTIC, SHIPPED = "litellm, heuristic", "litellm, heuristic v2"
ROUTERS: Mapping[str, Mapping[str, object]] = {
    HEURISTIC: {"classifier_type": "heuristic"},
    SHIPPED: {"classifier_type": "heuristic_v2"},
    **{
        f"{SHIPPED}, threshold {threshold:.2f}": {
            "classifier_type": "heuristic_v2",
            "heuristic_v2_success_threshold": threshold,
        }
        for threshold in THRESHOLDS
    },
}
Row = tuple[str, Earned, str]


def main() -> None:
    console = Console(width=150)
    if not DEV.is_dir():
        console.print(f"There are no published items at {DEV}; nothing to measure.")
        raise SystemExit(1)
    questions = tier_records()
    rows = [*_ours(questions), *_theirs(questions)]
    console.print(_table(rows, count=len(questions)))


def _ours(questions: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Each question decided by models fitted without its fold."""
    own = [one for name in SOURCES if (DEV / f"{name}.jsonl").exists() for one in examples_of(name, records(name))]
    folds = [_without(own, fold) for fold in range(FOLDS)]
    for name, both in (("this router, --single", False), ("this router, second opinion", True)):
        choices = {
            question["id"]: _choice(question["text"], both, models=folds[fold_of(_key(question), FOLDS)])
            for question in questions
        }
        yield name, replay(questions, choices), "cross-validated"


def _without(own: Sequence[Example], fold: int) -> Models:
    return fit([*(one for one in own if fold_of(one.key, FOLDS) != fold), *written(SEED)], f"without fold {fold}")


def _key(question: Mapping[str, Any]) -> str:
    return str(question["extra"].get("split_key", question["id"]))


def _choice(text: str, both: bool, *, models: Models) -> Choice:
    request = Request(
        text=text,
        lane=Lane.STAFF,
        context_tokens=estimate_tokens(text),
        answer_tokens=512,
        deadline=120.0,
        second_opinion=both,
    )
    outcome = decide(request, fleet(), policy=load_policy(), models=models)
    if not isinstance(outcome, Decision):
        raise TypeError(f"an idle fleet refused a question: {outcome.code}")
    return None if outcome.second_opinion else outcome.tier


def _theirs(questions: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Their two classifiers as shipped under every mapping, then the second with its best threshold and mapping."""
    found = _asked_litellm({question["id"]: question["text"] for question in questions})
    rows = {name: list(_mapped(questions, tiers)) for name, tiers in found.items()}
    for name in (HEURISTIC, SHIPPED):
        best = max(earned.over_chance for earned, _ in rows[name])
        for earned, mapping in rows[name]:
            yield f"{name}, best mapping" if earned.over_chance == best else name, earned, mapping
    tuned = [(name, *row) for name in rows if name not in {HEURISTIC, SHIPPED} for row in rows[name]]
    yield max(tuned, key=lambda row: row[1].over_chance)


def _mapped(questions: Sequence[Mapping[str, Any]], tiers: Mapping[str, str]) -> Iterator[tuple[Earned, str]]:
    """In order of size, with the 32B for SIMPLE, more than that for COMPLEX, the 671B for REASONING."""
    counts = Counter(tiers.values())
    for medium, complex_ in itertools.combinations_with_replacement(Tier, 2):
        if complex_ is Tier.R1_32B:
            continue
        mapping = {"SIMPLE": Tier.R1_32B, "MEDIUM": medium, "COMPLEX": complex_, "REASONING": Tier.R1_671B}
        said = ", ".join(f"{counts[name]} {name} {tier.label[3:]}" for name, tier in mapping.items())
        yield replay(questions, {identity: mapping[tier] for identity, tier in tiers.items()}), said


def _asked_litellm(items: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """No network: the price list is the packaged one, and every proxy is a closed port."""
    closed = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    answer = subprocess.run(
        [_environment(), HERE / "litellm_tiers.py"],
        input=json.dumps({"routers": ROUTERS, "items": items}),
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONUTF8": "1", **closed},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    tiers: dict[str, dict[str, str]] = json.loads(answer.stdout.splitlines()[-1])
    return tiers


def _environment() -> Path:
    """Python of an environment with litellm and nothing of ours; built once, every file checked by its hash."""
    python = ENVIRONMENT / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    lock = HERE / "routers.txt"
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, ENVIRONMENT], check=True)
    subprocess.run(
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock],
        check=True,
    )
    return python


def _table(rows: Sequence[Row], *, count: int) -> Table:
    table = Table(title=f"{count} questions with known answers of all three sizes", box=None, title_justify="left")
    for heading in ("router", "671B share", "GPU cost", "gap recovered", "over a coin at that cost", "tiers"):
        table.add_column(heading, justify="left" if heading in {"router", "tiers"} else "right")
    for name, earned, note in rows:
        share, gap, gain = earned.share[Tier.R1_671B], earned.recovered, earned.over_chance
        table.add_row(name, f"{share:.1%}", f"{earned.cost:.2f}", f"{gap:.1%}", f"{100 * gain:+.1f} points", note)
    return table


if __name__ == "__main__":
    main()
