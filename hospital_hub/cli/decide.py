"""`hospital-hub route`: decisions of the router, explained, with an assumed idle fleet. Asks no model."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hospital_hub.cli.lines import BadLine
from hospital_hub.cli.route_file import ANSWER_TOKENS, DEADLINE_SECONDS, decide_file
from hospital_hub.inference.question import estimate_tokens
from hospital_hub.registry import Registry
from hospital_hub.settings import load_settings
from routing import Decision, Fleet, Lane, Refusal, Replica, Request, Task, Tier, TierView, decide, load_policy

BAD_INPUT = 2


def route(
    text: Annotated[str | None, typer.Argument(help="What somebody would ask.")] = None,
    surface: Annotated[Task | None, typer.Option(help="The page it comes from, if it comes from one.")] = None,
    lane: Annotated[Lane, typer.Option(help="Who is waiting for the answer.")] = Lane.STAFF,
    red_flag: Annotated[list[str] | None, typer.Option(help="A red flag that the rules found.")] = None,
    source: Annotated[
        Path | None, typer.Option("--input", help="Items to decide, one a line.", exists=True, dir_okay=False)
    ] = None,
    target: Annotated[Path | None, typer.Option("--output", help="Where the decisions go.", dir_okay=False)] = None,
    single: Annotated[bool, typer.Option("--single", help="Never ask two models for one answer.")] = False,
) -> None:
    """Show which model would answer, and each reason; or decide a whole file.

    The red flag rules are not run here: name what they found with --red-flag.

    Example: hospital-hub route "warfarin with clarithromycin: which dose?" --surface note

    Example: hospital-hub route --input items.jsonl --output decisions.jsonl --single
    """
    settings = load_settings()
    fleet = idle(Registry.parse(settings.models_document(), model_url=settings.model_url))
    if text is not None and source is None and target is None:
        request = _request(text, surface=surface, lane=lane, red_flags=tuple(red_flag or ()), single=single)
        _show(decide(request, fleet, policy=load_policy()))
    elif text is None and source is not None and target is not None:
        _decide_file(source, target, single=single, fleet=fleet)
    else:
        typer.echo("Give either a text, or both --input and --output.", err=True)
        raise typer.Exit(BAD_INPUT)


def _decide_file(source: Path, target: Path, *, single: bool, fleet: Fleet) -> None:
    policy = load_policy()
    try:
        count = decide_file(
            source, target, second_opinion=not single, decided=lambda _, request: decide(request, fleet, policy=policy)
        )
    except BadLine as bad:
        typer.echo(f"{source}: {bad}. Nothing was written.", err=True)
        raise typer.Exit(BAD_INPUT) from None
    typer.echo(f"{count} decisions, policy {policy.version}", err=True)


def _request(text: str, *, surface: Task | None, lane: Lane, red_flags: tuple[str, ...], single: bool) -> Request:
    return Request(
        text=text,
        lane=lane,
        context_tokens=estimate_tokens(text),
        answer_tokens=ANSWER_TOKENS,
        deadline=DEADLINE_SECONDS,
        surface=surface,
        red_flags=red_flags,
        second_opinion=not single,
    )


def idle(registry: Registry) -> Fleet:
    """Every replica healthy and without work."""
    return Fleet(
        tuple(
            TierView(
                tier=Tier.of(label),
                context_tokens=entry.context_tokens,
                max_inflight=entry.max_inflight,
                replicas=tuple(
                    Replica(replica.name, healthy=True, running=0, waiting=0, kv_use=0.0, age=0.0)
                    for replica in entry.replicas
                ),
                patient_zone=any(replica.patient_zone for replica in entry.replicas),
                cost=entry.cost,
            )
            for label, entry in registry.tiers.items()
        )
    )


def _show(outcome: Decision | Refusal) -> None:
    console = Console()
    chosen = outcome.tier.label if isinstance(outcome, Decision) else f"refused ({outcome.code})"
    both = ", after a second opinion" if isinstance(outcome, Decision) and outcome.second_opinion else ""
    console.print(f"[bold]{chosen}[/]{both}  policy {outcome.trace.policy}, floor {outcome.trace.floor.label}")
    table = Table("Step", "Rule", "Because", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for reason in outcome.trace.reasons:
        table.add_row(reason.step, reason.rule, reason.detail)
    console.print(table)
