"""The signed note as a FHIR R4 Composition, for an EMR that takes one beside the DocumentReference. Pure."""

import html
from typing import Final

from hospital_hub.notes.document import URN, SignedNote, clinician
from hospital_hub.notes.emr_profile import Arrives
from integrations.fhir.client import Resource

XHTML: Final = "http://www.w3.org/1999/xhtml"


def composition(note: SignedNote, *, arrives: Arrives = Arrives.FINAL) -> Resource:
    """The same text as a Composition, attested by who signed it."""
    paragraphs = "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in note.text.split("\n") if line.strip())
    title = note.type.title(note.language)
    narrative = {"status": "additional", "div": f'<div xmlns="{XHTML}">{paragraphs}</div>'}
    resource: Resource = {
        "resourceType": "Composition",
        **note.made_by.labels,
        "language": note.language,
        "identifier": {"system": URN, "value": note.identifier},
        "status": note.status if arrives is Arrives.FINAL else "preliminary",
        "type": note.type.concept(note.language),
        "subject": {"reference": f"Patient/{note.patient}"},
        "date": note.moment,
        "author": [clinician(note)],
        "title": title,
        "attester": [{"mode": "legal", "time": note.moment, "party": clinician(note)}],
        "section": [{"title": title, "text": narrative}],
    }
    if note.encounter:
        resource["encounter"] = {"reference": f"Encounter/{note.encounter}"}
    return resource
