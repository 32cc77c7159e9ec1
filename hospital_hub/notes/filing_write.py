"""What a filing says to the FHIR server: look at what is there, write what is missing, look again. Holds no database.

Everything that has an identifier goes in one transaction of conditional creates and guarded updates. A Provenance has
none, and what it is about gets its name only there: it follows as a conditional create of its own, so that of two tries
at once only one makes it. A try that died in between is completed by the next one.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hospital_hub.notes import marks
from hospital_hub.notes.ai_record import Model, device_identifier, input_prompt, model_card
from hospital_hub.notes.composition import composition
from hospital_hub.notes.document import (
    URN,
    AiParts,
    SignedNote,
    document_reference,
    is_about,
    provenance,
    same_document,
    text_hashes,
)
from hospital_hub.notes.draft import Withdrawal
from hospital_hub.notes.emr_profile import BASE, Profile
from hospital_hub.notes.filing_entries import creation, entry, named, of_model, reference_of, searched, update
from integrations.fhir.client import FhirClient, Resource
from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.paths import word
from integrations.fhir.validation import validate


@dataclass(frozen=True)
class Trouble:
    """`passing` when the same try may succeed later; `wait` in seconds if the server said how long."""

    code: str
    passing: bool
    wait: int = 0


OTHER_DOCUMENT: Final = Trouble("other_document", passing=False)
CHANGED_THERE: Final = Trouble("changed_in_emr", passing=False)
STRUCK_THERE: Final = Trouble("struck_in_emr", passing=False)
CANNOT_WITHDRAW: Final = Trouble("emr_takes_no_update", passing=False)


@dataclass(frozen=True)
class Target:
    """A server, how it differs from others, and the model whose note goes there."""

    client: FhirClient
    profile: Profile
    model: Model


@dataclass(frozen=True)
class Present:
    """What the server has of a note."""

    document: Resource | None = None
    composition: Resource | None = None
    before: Resource | None = None
    records: Sequence[Resource] = field(default_factory=tuple)

    @property
    def references(self) -> list[str]:
        return [reference_of(one) for one in (self.document, self.composition) if one is not None]

    def recorded(self, code: str) -> bool:
        """Whether a Provenance with this activity is there."""
        return any(word(one, "activity", "coding", 0, "code") == code for one in self.records)


async def write(target: Target, note: SignedNote) -> str | Trouble:
    """Make the server have the note as it was signed; the reference of its DocumentReference, or why there is none.

    Raises:
        FhirFault: the server refused, or its answer got lost; to be tried again if it is passing.
    """
    present = await _look(target, note)
    if trouble := _in_the_way(note, present):
        return trouble
    entries = _missing(target, note, present=present)
    if present.document is None or len(entries) > len(_shared(target, note)):
        await _send(target, entries)
        present = await _look(target, note)
    if present.document is None or not same_document(note, present.document):
        return OTHER_DOCUMENT
    reference = reference_of(present.document)
    if target.profile.takes("Provenance"):
        parts = await _parts(target, note)
        record = provenance(note, target=reference, also=present.references[1:], parts=parts)
        validate(record)
        await target.client.create(record, if_none_exist=f"target={reference}")
    return reference


async def strike(target: Target, note: SignedNote, *, withdrawal: Withdrawal) -> str | Trouble:
    """Mark a filed note as entered in error; an empty reference where the server never had it.

    Raises:
        FhirFault: as for `write`. A conflict means that somebody was faster; look again.
    """
    present = await _look(target, note)
    if present.document is None:
        return ""
    if not same_document(note, present.document):
        return CHANGED_THERE
    standing = [one for one in (present.document, present.composition) if one is not None and not marks.is_struck(one)]
    if standing and not target.profile.updates:
        return CANNOT_WITHDRAW
    entries = [update(target.client.base, marks.struck(one)) for one in standing]
    if target.profile.takes("Provenance") and not present.recorded(marks.NULLIFY["code"]):
        record = marks.nullification(note, targets=present.references, withdrawal=withdrawal)
        entries.append(entry(record, url=uuid.uuid5(note.id, "nullify").urn))
    if entries:
        await _send(target, entries)
    return reference_of(present.document)


async def _look(target: Target, note: SignedNote) -> Present:
    documents = await _identified(target.client, BASE, identifier=note.identifier)
    compositions: list[Resource] = []
    if target.profile.takes("Composition"):
        compositions = await _identified(target.client, "Composition", identifier=note.identifier)
    before = None
    if note.replaces is not None:
        before = await target.client.read(BASE, note.replaces.reference.rpartition("/")[2])
    records: list[Resource] = []
    if documents and target.profile.takes("Provenance"):
        query = {"target": reference_of(documents[0]), "_count": "20"}
        records = await target.client.search("Provenance", query, limit=20)
    return Present(next(iter(documents), None), next(iter(compositions), None), before, records)


async def _identified(client: FhirClient, kind: str, *, identifier: str) -> list[Resource]:
    found = await client.search(kind, {"identifier": f"{URN}|{identifier}", "_count": "2"}, limit=2)
    if len(found) > 1:
        raise FhirFault(Fault.AMBIGUOUS, kind)
    return found


def _in_the_way(note: SignedNote, present: Present) -> Trouble | None:
    """Nothing that somebody wrote there is written over, and nothing that was struck there comes back."""
    if present.document is not None:
        if not same_document(note, present.document):
            return OTHER_DOCUMENT
        if word(present.document, "status") != "current":
            return STRUCK_THERE
    if note.replaces is None or present.before is None:
        return None
    if not is_about(present.before, note.patient) or text_hashes(present.before) != [note.replaces.sha256]:
        return CHANGED_THERE
    allowed = {"current"} if present.document is None else {"current", marks.SUPERSEDED}
    return None if word(present.before, "status") in allowed else STRUCK_THERE


def _missing(target: Target, note: SignedNote, *, present: Present) -> list[Resource]:
    """Entries of the transaction: at most seven, as servers limit those with conditional creates (Medplum: eight)."""
    profile = target.profile
    entries = _shared(target, note)
    if present.document is None:
        document = document_reference(note, arrives=profile.arrives)
        # Not the note's own URN: servers put the new reference wherever they find the placeholder, so also there.
        url = uuid.uuid5(note.id, "document").urn
        entries.append(creation(document, url=url, identifier=f"{URN}|{note.identifier}"))
    if profile.takes("Composition") and present.composition is None:
        made = composition(note, arrives=profile.arrives)
        url = uuid.uuid5(note.id, "composition").urn
        entries.append(creation(made, url=url, identifier=f"{URN}|{note.identifier}"))
    if present.before is not None and word(present.before, "status") == "current" and profile.updates:
        entries.append(update(target.client.base, marks.superseded(present.before)))
    return entries


def _shared(target: Target, note: SignedNote) -> list[Resource]:
    if not note.made_by.by_ai:
        return []
    return of_model(target.model, prompt=note.made_by.prompt, with_device=target.profile.takes("Device"))


async def _parts(target: Target, note: SignedNote) -> AiParts:
    """References of what was created, now or long ago."""
    if not note.made_by.by_ai:
        return AiParts()
    names = {}
    for key, kind, own in (
        ("card", BASE, model_card(target.model)["masterIdentifier"]),
        ("prompt", BASE, input_prompt(note.made_by.prompt)["masterIdentifier"]),
        *([("device", "Device", device_identifier(target.model))] if target.profile.takes("Device") else []),
    ):
        query = {"identifier": searched(own), "_count": "1"}
        found = await target.client.search(kind, query, limit=1)
        names[key] = reference_of(found[0]) if found else ""
    return AiParts(names.get("device", ""), names["card"], names["prompt"])


async def _send(target: Target, entries: Sequence[Resource]) -> None:
    for one in entries:
        validate(one["resource"])
    if target.profile.transactions:
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
        await target.client.transaction(bundle)
        return
    names: dict[str, str] = {}
    for one in entries:
        resource, request = named(one["resource"], names), one["request"]
        if request["method"] == "PUT":
            await target.client.update(resource, version=word(resource, "meta", "versionId"))
        else:
            made = await target.client.create(resource, if_none_exist=request.get("ifNoneExist", ""))
            names[one["fullUrl"]] = reference_of(made)
