"""`hospital-hub route`: one decision of the router, explained, with an assumed idle fleet. Asks no model."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hospital_hub.inference.question import estimate_tokens
from hospital_hub.registry import Registry
from hospital_hub.settings import load_settings
from routing import Decision, Fleet, Lane, Refusal, Replica, Request, Task, Tier, TierView, decide, load_policy

ANSWER_TOKENS = 512
DEADLINE_SECONDS = 120.0


def route(
    text: Annotated[str, typer.Argument(help="What somebody would ask.")],
    surface: Annotated[Task | None, typer.Option(help="The page it comes from, if it comes from one.")] = None,
    lane: Annotated[Lane, typer.Option(help="Who is waiting for the answer.")] = Lane.STAFF,
    red_flag: Annotated[list[str] | None, typer.Option(help="A red flag that the rules found.")] = None,
) -> None:
    """Show which model would answer, and each reason.

    Example: hospital-hub route "warfarin with clarithromycin: which dose?" --surface note
    """
    settings = load_settings()
    registry = Registry.parse(settings.models_document(), model_url=settings.model_url)
    request = Request(
        text=text,
        lane=lane,
        context_tokens=estimate_tokens(text),
        answer_tokens=ANSWER_TOKENS,
        deadline=DEADLINE_SECONDS,
        surface=surface,
        red_flags=tuple(red_flag or ()),
    )
    _show(decide(request, idle(registry), policy=load_policy()))


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
    console.print(f"[bold]{chosen}[/]  policy {outcome.trace.policy}, floor {outcome.trace.floor.label}")
    table = Table("Step", "Rule", "Because", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for reason in outcome.trace.reasons:
        table.add_row(reason.step, reason.rule, reason.detail)
    for tier, why in outcome.trace.ruled_out.items():
        table.add_row("filter", tier, why)
    console.print(table)
