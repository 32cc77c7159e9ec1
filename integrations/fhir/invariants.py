"""Invariants of R4 that fhir.resources does not evaluate, by type, under their own keys; each looks at one element.

Of the types that the hub reads or writes; best practices and warnings are left out.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from integrations.fhir.paths import at, codes, items, word

Element = Mapping[str, Any]
Rule = tuple[str, Callable[[Element], bool]]
FULL_TIME = 19  # characters of a dateTime with seconds
HUNDRED = 100
_ABATED = frozenset({"inactive", "resolved", "remission"})


def broken(kind: str, element: Element) -> Iterator[str]:
    """The keys of the invariants that do not hold."""
    return (key for key, holds in RULES.get(kind, ()) if not holds(element))


def _has_value(element: Element) -> bool:
    return any(name.lstrip("_").startswith("value") for name in element)


def _ordered(first: object, second: object) -> bool:
    """Partial dates are not compared: which of them is later may be open."""
    if not isinstance(first, str) or not isinstance(second, str) or min(len(first), len(second)) < FULL_TIME:
        return True
    try:
        return datetime.fromisoformat(first) <= datetime.fromisoformat(second)
    except (ValueError, TypeError):
        return True


def _dates_ordered(first: object, second: object) -> bool:
    same_form = isinstance(first, str) and isinstance(second, str) and len(first) == len(second) < FULL_TIME
    return str(first) <= str(second) if same_form else _ordered(first, second)


def _numbers_ordered(low: object, high: object) -> bool:
    if not isinstance(low, int | float | Decimal) or not isinstance(high, int | float | Decimal):
        return True
    return Decimal(str(low)) <= Decimal(str(high))


def _concept(value: object) -> frozenset[tuple[str, str]]:
    return frozenset((word(one, "system"), word(one, "code")) for one in items(value, "coding"))


def _no_component_repeats_the_code(element: Element) -> bool:
    own = _concept(element.get("code"))
    return not _has_value(element) or not any(_concept(one.get("code")) & own for one in items(element, "component"))


def _abated_is_not_active(element: Element) -> bool:
    return not any(name.startswith("abatement") for name in element) or bool(
        codes(element, "clinicalStatus") & _ABATED or "clinicalStatus" not in element
    )


def _status_unless_wrong(element: Element) -> bool:
    wrong = "entered-in-error" in codes(element, "verificationStatus")
    return ("clinicalStatus" in element) is not wrong


def _no_status_if_wrong(element: Element) -> bool:
    return "entered-in-error" not in codes(element, "verificationStatus") or "clinicalStatus" not in element


def _one_place_for_more(element: Element) -> bool:
    return not (element.get("item") and any(one.get("item") for one in items(element, "answer")))


def _probability(element: Element) -> bool:
    return _numbers_ordered(element.get("probabilityDecimal"), HUNDRED)


def _entries(element: Element, name: str, *, kinds: frozenset[str], only: bool) -> bool:
    """Whether all entries have `name` where the type is one of `kinds` and, with `only`, none has it elsewhere."""
    needed = element.get("type") in kinds
    found = [name in one for one in items(element, "entry")]
    return all(found) if needed else not (only and any(found))


def _places_differ(element: Element) -> bool:
    """A version may be named twice in a history."""
    names = [(word(one, "fullUrl"), word(one, "resource", "meta", "versionId")) for one in items(element, "entry")]
    named = [one for one in names if one[0]]
    return len(named) == len(set(named)) or element.get("type") == "history"


REQUESTS: Final = frozenset({"batch", "transaction", "history"})
RESPONSES: Final = frozenset({"batch-response", "transaction-response", "history"})
_QUANTITY: Final[tuple[Rule, ...]] = (("qty-3", lambda one: "code" not in one or "system" in one),)
RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "Extension": (("ext-1", lambda one: bool(one.get("extension")) is not _has_value(one)),),
    "Quantity": _QUANTITY,
    "Age": _QUANTITY,
    "Duration": _QUANTITY,
    "Period": (("per-1", lambda one: _dates_ordered(one.get("start"), one.get("end"))),),
    "Range": (("rng-2", lambda one: _numbers_ordered(at(one, "low", "value"), at(one, "high", "value"))),),
    "Ratio": (("rat-1", lambda one: ("numerator" in one) is ("denominator" in one)),),
    "ContactPoint": (("cpt-2", lambda one: "value" not in one or "system" in one),),
    "Attachment": (("att-1", lambda one: "data" not in one or "contentType" in one),),
    "PatientContact": (("pat-1", lambda one: bool(one.keys() & {"name", "telecom", "address", "organization"})),),
    "Organization": (("org-1", lambda one: bool(one.keys() & {"name", "identifier"})),),
    "Observation": (
        ("obs-6", lambda one: "dataAbsentReason" not in one or not _has_value(one)),
        ("obs-7", _no_component_repeats_the_code),
    ),
    "ObservationReferenceRange": (("obs-3", lambda one: bool(one.keys() & {"low", "high", "text"})),),
    "Condition": (("con-4", _abated_is_not_active), ("con-5", _no_status_if_wrong)),
    "ConditionStage": (("con-1", lambda one: bool(one.keys() & {"summary", "assessment"})),),
    "ConditionEvidence": (("con-2", lambda one: bool(one.keys() & {"code", "detail"})),),
    "AllergyIntolerance": (("ait-1/ait-2", _status_unless_wrong),),
    "CompositionSection": (
        ("cmp-1", lambda one: bool(one.keys() & {"text", "entry", "section"})),
        ("cmp-2", lambda one: "emptyReason" not in one or "entry" not in one),
    ),
    "Task": (("inv-1", lambda one: _dates_ordered(one.get("authoredOn"), one.get("lastModified"))),),
    "QuestionnaireResponseItem": (("qrs-1", _one_place_for_more),),
    "RiskAssessmentPrediction": (("ras-2", _probability),),
    "CapabilityStatement": (("cpb-1", lambda one: bool(one.keys() & {"rest", "messaging", "document"})),),
    "Bundle": (
        ("bdl-1", lambda one: "total" not in one or one.get("type") in {"searchset", "history"}),
        ("bdl-2", lambda one: _entries(one, "search", kinds=frozenset(), only=one.get("type") != "searchset")),
        ("bdl-3", lambda one: _entries(one, "request", kinds=REQUESTS, only=True)),
        ("bdl-4", lambda one: _entries(one, "response", kinds=RESPONSES, only=True)),
        ("bdl-7", _places_differ),
        ("bdl-8", lambda one: not any("/_history/" in word(entry, "fullUrl") for entry in items(one, "entry"))),
    ),
}
