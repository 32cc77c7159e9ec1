"""`hospital-hub routing evaluate`: what policies are worth, on labelled sets or on the traffic that was stored."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import orjson
import typer

from hospital_hub.cli.decide import BAD_INPUT
from hospital_hub.cli.evaluated_traffic import Policies, Source, evaluated
from hospital_hub.cli.evaluation_report import report
from hospital_hub.cli.evaluation_tables import show
from hospital_hub.cli.lines import BadLine
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.storage.clock import utc_now
from routing import Policy, load_policy
from routing.evaluation.evaluation import Evaluation
from routing.policy import PolicyError

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of the stored traffic (UTC).")]


def evaluate(
    data: Annotated[
        Path | None, typer.Option(help="Folder with labelled sets, one .jsonl each.", exists=True, file_okay=False)
    ] = None,
    crossvalidated: Annotated[
        bool, typer.Option("--crossvalidated", help="Read each item by models fitted without its fold; takes minutes.")
    ] = False,
    decisions: Annotated[
        Path | None, typer.Option(help="Decisions that `route` made for the sets.", exists=True, dir_okay=False)
    ] = None,
    stored: Annotated[bool, typer.Option("--stored", help="The traffic in the hub's database instead.")] = False,
    since: Day = None,
    policy: Annotated[
        Path | None, typer.Option(help="Policy to evaluate; the packaged one if unset.", exists=True, dir_okay=False)
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A second policy beside it.", exists=True, dir_okay=False)
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Where the HTML report goes.", dir_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON instead of tables.")] = False,
    seed: Annotated[int, typer.Option(help="As for train, with --crossvalidated.")] = 7,
) -> None:
    """Quality, cost, shares, calibration and drift of a policy, its whole curve, and a second policy beside it.

    Example: hospital-hub routing evaluate --data data/dev --crossvalidated --output report.html

    Example: hospital-hub routing evaluate --stored --since 2026-11-01 --policy candidate.toml
    """
    source = Source(data, crossvalidated, decisions, stored, since)
    if fault := source.fault(policies=bool(policy or against)):
        _stop(fault)
    if output and not output.parent.is_dir():
        _stop(f"{output}: the folder does not exist. Nothing was written.")
    try:
        found = evaluated(source, _policies(policy, against), seed=seed)
    except (BadLine, PolicyError) as wrong:
        _stop(f"{wrong}. Nothing was written.")
    if output:
        written_whole(output, [report(found, made=utc_now()).encode()])
    _print(found, as_json=as_json, output=output)


def _stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(BAD_INPUT)


def _policies(one: Path | None, other: Path | None) -> Policies:
    """By version, with the place where both have the same."""
    found = [_policy(one)] if other is None else [_policy(one), _policy(other)]
    if len({policy.version for policy in found}) == len(found):
        return {policy.version: policy for policy in found}
    return dict(zip((f"{found[0].version} (first)", f"{found[1].version} (against)"), found, strict=True))


def _policy(path: Path | None) -> Policy:
    try:
        return load_policy(path.read_text("utf-8") if path else None)
    except UnicodeDecodeError:
        raise PolicyError(f"{path}: not UTF-8 text") from None
    except PolicyError as wrong:
        raise PolicyError(f"{path or 'the packaged policy'}: {wrong}") from None


def _print(found: Evaluation, *, as_json: bool, output: Path | None) -> None:
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())
    else:
        show(found)
    if output:
        typer.echo(f"The report with its plots is {output}.", err=True)
