"""Which rule bears which name in services.toml."""

from collections.abc import Callable, Mapping
from typing import Final

from hospital_hub.cds.finding import Finding, Situation
from hospital_hub.cds.rules import discharge, orders, patient_view

Rule = Callable[[Situation], list[Finding]]
RULES: Final[Mapping[str, Rule]] = {
    "changes": patient_view.changes,
    "abnormal": patient_view.abnormal,
    "drafts": patient_view.drafts,
    "summary": discharge.summary,
    "pending": discharge.pending,
    "reconcile": discharge.reconcile,
    "allergy": orders.allergy,
    "duplicate": orders.duplicate,
    "kidney": orders.kidney,
}
