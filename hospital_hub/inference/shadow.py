"""A candidate policy beside the live one: it decides every question too, is kept to compare, and acts on nothing."""

from pathlib import Path
from typing import Any

import structlog

from hospital_hub.errors import WrongSetup
from routing import Decision, Policy, Refusal, load_policy
from routing.policy import PolicyError
from routing.replay import Case

log = structlog.get_logger()


def load_shadow(path: Path | None) -> Policy | None:
    """The policy that HUB_SHADOW_POLICY names.

    Raises:
        WrongSetup: one line with the place in the file that is wrong.
    """
    if path is None:
        return None
    try:
        return load_policy(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as unreadable:
        raise WrongSetup(f"HUB_SHADOW_POLICY={path} cannot be read: {unreadable}") from unreadable
    except PolicyError as wrong:
        raise WrongSetup(f"HUB_SHADOW_POLICY={path}: {wrong}") from wrong


def shadowed(case: Case, policy: Policy | None) -> dict[str, Any] | None:
    """What the shadow decides on the same request and fleet, for `model_call.shadow`; None without a shadow."""
    if policy is None:
        return None
    try:
        outcome = case.decide(policy)
    except Exception as failure:  # noqa: BLE001 - a candidate may be broken, the live answer must not be
        log.warning("shadow_failed", error=type(failure).__name__)
        return {"policy": policy.version, "failed": type(failure).__name__}
    decided = outcome if isinstance(outcome, Decision) else None
    return {
        "policy": policy.version,
        "tier": decided.tier.label if decided else None,
        "floor": outcome.trace.floor.label,
        "second_opinion": decided is not None and decided.second_opinion is not None,
        "refused": outcome.code if isinstance(outcome, Refusal) else None,
    }
