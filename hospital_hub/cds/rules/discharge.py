"""Before a discharge: the summary's draft, results that are still to come, medicines to reconcile. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from hospital_hub.cds.chart import Medicine, day, key_of, medicines, moment_of, results
from hospital_hub.cds.finding import Finding, Line, Situation, about
from hospital_hub.cds.rules.patient_view import named_drafts
from integrations.fhir.client import Resource
from integrations.fhir.paths import concept, items, word

REPORT_OPEN: Final = frozenset({"registered", "partial", "preliminary"})
REPORT_DONE: Final = frozenset({"final", "amended", "corrected", "appended"})
NOT_TAKEN: Final = frozenset({"on-hold", "stopped", "cancelled"})
ORDERED: Final = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order", ""})


def summary(situation: Situation) -> list[Finding]:
    """Always one: the way to the draft, or to asking for one."""
    if situation.drafts:
        return [named_drafts("draft", situation.drafts)]
    return [Finding("none", situation.context.encounter)]


def pending(situation: Situation) -> list[Finding]:
    chart = situation.chart
    reports = chart.of("reports")
    found = [
        *_open_orders(chart.of("orders"), reports),
        *_open_reports(reports),
        *((one.key, Line("result", one.fields())) for one in results(chart.of("results")) if not one.final),
    ]
    if not found:
        return []
    names = tuple(dict.fromkeys(str(line.fields["name"]) for _key, line in found))
    lines = tuple(line for _key, line in found)
    return [Finding("found", about([key for key, _line in found]), {"count": str(len(found))}, names, lines)]


def _open_orders(orders: Sequence[Resource], reports: Sequence[Resource]) -> Iterator[tuple[str, Line]]:
    """Orders that no final report names."""
    answered = {
        "/".join(word(basis, "reference").split("/")[-2:])
        for one in reports
        if word(one, "status") in REPORT_DONE
        for basis in items(one, "basedOn")
    }
    for one in orders:
        name = concept(one, "code")
        asked = word(one, "status") == "active" and word(one, "intent") in ORDERED
        if name and asked and key_of(one) not in answered:
            yield key_of(one), Line("order", {"name": name, "date": day(word(one, "authoredOn"))})


def _open_reports(reports: Sequence[Resource]) -> Iterator[tuple[str, Line]]:
    for one in reports:
        name = concept(one, "code")
        if name and word(one, "status") in REPORT_OPEN:
            when = word(one, "effectiveDateTime") or word(one, "issued")
            yield key_of(one), Line("report", {"name": name, "date": day(when)})


def reconcile(situation: Situation) -> list[Finding]:
    """Medicines from before the stay and new ones that are active, and those that were held or stopped."""
    began = next((moment_of(word(one, "period", "start")) for one in situation.chart.of("encounter")), None)
    if began is None:
        return []
    groups: dict[str, list[Medicine]] = {"before": [], "new": [], "ended": []}
    for one in medicines(situation.chart.of("medicines")):
        ordered = moment_of(one.at)
        if one.status in NOT_TAKEN:
            groups["ended"].append(one)
        elif one.status == "active" and one.name:
            groups["before" if ordered is not None and ordered < began else "new"].append(one)
    found = [(kind, one) for kind, members in groups.items() for one in members]
    if not found:
        return []
    lines = tuple(Line(kind, {**one.fields(), **_state(kind, one)}) for kind, one in found)
    counts = {kind: str(len(members)) for kind, members in groups.items()}
    return [Finding("found", about([one.key for _kind, one in found]), counts, (), lines)]


def _state(kind: str, one: Medicine) -> dict[str, str]:
    return {"status": one.status} if kind == "ended" else {}
