"""Opening a chart: what is new since the last visit, abnormal results nobody wrote about, drafts that wait. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from hospital_hub.cds.chart import Result, day, key_of, medicines, moment_of, note_text, results
from hospital_hub.cds.finding import Draft, Finding, Line, Situation, about
from integrations.fhir.client import Resource
from integrations.fhir.paths import codes, concept, word

ENDED = frozenset({"finished", "completed", "discharged"})
GONE = frozenset({"entered-in-error", "refuted", "inactive", "resolved"})
OUTSIDE = frozenset({"cancelled", "entered-in-error", "planned"})


def changes(situation: Situation) -> list[Finding]:
    """New problems and medicines, and abnormal results, after the end of the visit before this one."""
    chart = situation.chart
    since = _last_visit(chart.of("encounters"), current=situation.context.encounter)
    if since is None:
        return []
    found = [
        *_new_problems(chart.of("problems"), since),
        *_new_medicines(chart.of("medicines"), since),
        *_abnormal(results(chart.of("results")), since),
    ]
    if not found:
        return []
    names = tuple(dict.fromkeys(str(line.fields["name"]) for _key, line in found))
    lines = tuple(line for _key, line in found)
    fields = {"since": since.date().isoformat()}
    return [Finding("found", about([key for key, _line in found]), fields, names, lines)]


def abnormal(situation: Situation) -> list[Finding]:
    """The latest value of each test, where it is abnormal and no note of that day or later mentions the test."""
    chart = situation.chart
    oldest = situation.now - timedelta(days=situation.parameters.abnormal_days)
    notes = [(word(one, "date"), note_text(one).casefold()) for one in chart.of("notes")]
    latest = _latest(results(chart.of("results")))
    found = [one for one in latest if one.flag and _after(one.at, oldest) and not _mentioned(one, notes)]
    if not found:
        return []
    lines = tuple(Line("result", one.fields()) for one in found)
    fields = {"count": str(len(found))}
    return [Finding("found", about([one.key for one in found]), fields, tuple(one.name for one in found), lines)]


def drafts(situation: Situation) -> list[Finding]:
    return [named_drafts("found", situation.drafts)] if situation.drafts else []


def named_drafts(text: str, found: Sequence[Draft]) -> Finding:
    lines = tuple(Line("draft", {"date": one.date}) for one in found)
    return Finding(text, about([one.id for one in found]), {"count": str(len(found))}, (), lines)


def _last_visit(encounters: Sequence[Resource], *, current: str) -> datetime | None:
    """The end of the newest visit that is over, and is not the one that is open now."""
    ends = [
        moment_of(word(one, "period", "end") or word(one, "period", "start"))
        for one in encounters
        if word(one, "status") in ENDED and word(one, "id") != current
    ]
    return max((end for end in ends if end is not None), default=None)


def _new_problems(found: Sequence[Resource], since: datetime) -> Iterator[tuple[str, Line]]:
    for one in found:
        when = word(one, "recordedDate") or word(one, "onsetDateTime")
        state = codes(one, "clinicalStatus") | codes(one, "verificationStatus")
        name = concept(one, "code")
        if name and not state & GONE and _after(when, since):
            yield key_of(one), Line("problem", {"name": name, "date": day(when)})


def _new_medicines(found: Sequence[Resource], since: datetime) -> Iterator[tuple[str, Line]]:
    for one in medicines(found):
        if one.name and one.status == "active" and _after(one.at, since):
            yield one.key, Line("medicine", one.fields())


def _abnormal(found: Sequence[Result], since: datetime) -> Iterator[tuple[str, Line]]:
    for one in _latest(found):
        if one.flag and _after(one.at, since):
            yield one.key, Line("result", one.fields())


def _latest(found: Sequence[Result]) -> list[Result]:
    """Of each test the newest; they come newest first."""
    latest: dict[str, Result] = {}
    for one in found:
        latest.setdefault(one.name, one)
    return list(latest.values())


def _mentioned(result: Result, notes: Sequence[tuple[str, str]]) -> bool:
    """Whether a note (its date and text) of that day or later names the test."""
    name = result.name.casefold()
    return any(date and day(date) >= result.date and name in text for date, text in notes)


def _after(moment: str, limit: datetime) -> bool:
    found = moment_of(moment)
    return found is not None and found > limit
