"""Which substances a medicine or an allergen is: by code, by ATC group, and by name in English and Chinese. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pydantic import BaseModel, ConfigDict

from hospital_hub.cds.catalogue import Words, document
from integrations.fhir.client import Resource
from integrations.fhir.paths import at, items, word

WHOLE_ATC: Final = 7  # "A10BA02": the substance
SHORTEST: Final = 2
_BRACKETS: Final = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]")
_TOKEN: Final = re.compile(r"[a-z][a-z\-]*[a-z]|[a-z]")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_ALLERGY_TO: Final = re.compile(r"\b(?:allergy|allergic|hypersensitivity|intolerance)\b(?:\s+to\b)?|\bclass of drug\b")


class DrugClass(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    en: str
    zh: str
    atc: tuple[str, ...]
    names: tuple[str, ...]
    related: tuple[str, ...] = ()

    @property
    def words(self) -> Words:
        return Words(en=self.en, zh=self.zh)

    def has(self, substance: "Substance") -> bool:
        return substance.in_groups(self.atc) or substance.is_called(self.names)


@dataclass(frozen=True)
class Substance:
    """`name` as the chart says it; `phrases` are its single substances in plain words, `codes` as `system|code`."""

    name: str
    phrases: frozenset[str]
    codes: frozenset[str]
    atc: frozenset[str]

    def same_as(self, other: "Substance") -> bool:
        whole = {code for code in self.atc & other.atc if len(code) >= WHOLE_ATC}
        return bool(whole or self.codes & other.codes or self.phrases & other.phrases)

    def in_groups(self, prefixes: tuple[str, ...]) -> bool:
        return any(code.startswith(prefixes) for code in self.atc)

    def is_called(self, names: tuple[str, ...]) -> bool:
        pattern = _any_of(names)
        return any(pattern.search(phrase) for phrase in self.phrases)


def substance(concept: object, *, name: str = "") -> Substance:
    """From a CodeableConcept, or a name alone. An ATC code may be a group, so it is no code of a substance."""
    codings = items(concept, "coding")
    displays = [word(coding, "display") for coding in codings]
    names = [one for one in (word(concept, "text"), *displays, name) if one]
    groups = [one for one in codings if "atc" in word(one, "system").lower()]
    atc = {word(one, "code").upper() for one in groups}
    codes = {f"{word(one, 'system')}|{word(one, 'code')}" for one in codings if word(one, "code") and one not in groups}
    phrases = {phrase for one in names for phrase in _phrases(one)}
    shown = next(iter(names), next(iter(sorted(codes | atc)), ""))
    return Substance(shown, frozenset(phrases), frozenset(codes), frozenset(atc) - {""})


def of_order(order: Resource, *, beside: tuple[Resource, ...] = ()) -> Substance:
    """What a MedicationRequest or ServiceRequest orders; a Medication may be contained or stand beside it."""
    for path in ("medicationCodeableConcept", "code"):
        if at(order, path) is not None:
            return substance(at(order, path))
    reference = word(order, "medicationReference", "reference")
    shown = word(order, "medicationReference", "display")
    for one in (*items(order, "contained"), *beside):
        if reference and word(one, "id") == re.split(r"[/#]", reference)[-1] and at(one, "code") is not None:
            return substance(at(one, "code"), name=shown)
    return substance(None, name=shown)


@lru_cache(maxsize=1)
def drug_classes() -> tuple[DrugClass, ...]:
    return tuple(DrugClass.model_validate(one) for one in document("medicines.toml")["class"])


@lru_cache(maxsize=4096)  # the same few hundred medicines come again and again
def classes_of(one: Substance) -> tuple[DrugClass, ...]:
    return tuple(group for group in drug_classes() if group.has(one))


@dataclass(frozen=True)
class Renal:
    """Medicines for which the kidney values are shown, and the LOINC codes of these values."""

    atc: tuple[str, ...]
    names: tuple[str, ...]
    creatinine: frozenset[str]
    egfr: frozenset[str]

    def concerns(self, one: Substance) -> bool:
        return one.in_groups(self.atc) or one.is_called(self.names)


@lru_cache(maxsize=1)
def renal() -> Renal:
    found = document("medicines.toml")["renal"]
    codes = (frozenset(found[name]) for name in ("creatinine", "egfr"))
    return Renal(tuple(found["atc"]), tuple(found["names"]), *codes)


@dataclass(frozen=True)
class _NameWords:
    plain: frozenset[str]
    salts: frozenset[str]
    anions: frozenset[str]
    before: tuple[str, ...]
    after: tuple[str, ...]


@lru_cache(maxsize=1)
def _name_words() -> _NameWords:
    found = document("medicines.toml")
    english, chinese = found["english"], found["chinese"]
    return _NameWords(
        plain=frozenset(english["plain"]),
        salts=frozenset(english["salts"]),
        anions=frozenset(english["anions"]),
        before=tuple(chinese["before"]),
        after=tuple(chinese["after"]),
    )


def _phrases(name: str) -> Iterator[str]:
    """`Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet` is amoxicillin and clavulanate."""
    for part in re.split(r"\s*/\s*|\s+and\s+|、|\+", _BRACKETS.sub(" ", name.lower())):
        phrase = _chinese(part.strip()) if _HAN.search(part) else _english(part)
        if len(phrase) >= SHORTEST:
            yield phrase


def _english(part: str) -> str:
    """Without form and salt; a salt that is all there is of a substance, as in sodium chloride, stays."""
    words = _name_words()
    tokens = [one for one in _TOKEN.findall(_ALLERGY_TO.sub(" ", part)) if one not in words.plain]
    bare = [one for one in tokens if one not in words.salts]
    return " ".join(bare if set(bare) - words.anions else tokens)


def _chinese(part: str) -> str:
    words = _name_words()
    name = re.sub(r"[0-9.]+\s*(?:mg|g|ml|μg|u|%|毫克|克|毫升|单位)?", "", part).strip()
    for ends in (False, True):
        affixes = words.after if ends else words.before
        while (found := _affix(name, affixes, ends=ends)) is not None:
            name = found
    return name


def _affix(name: str, affixes: tuple[str, ...], *, ends: bool) -> str | None:
    """The name without one of them, if a name is left: 氯化钾 is a substance, 钾 in it no salt."""
    for one in affixes:
        bare = (name.removesuffix(one) if ends else name.removeprefix(one)).strip()
        if bare != name and len(bare) >= SHORTEST and not bare.endswith(("氯化", "碳酸", "碳酸氢", "葡萄糖酸")):
            return bare
    return None


@lru_cache(maxsize=256)
def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Chinese names anywhere, English ones as whole words."""
    chinese = [re.escape(one) for one in names if _HAN.search(one)]
    english = [re.escape(one) for one in names if not _HAN.search(one)]
    whole = [rf"(?<![a-z])(?:{'|'.join(english)})(?![a-z])"] if english else []
    return re.compile("|".join([*whole, *chinese]) or r"(?!)")
