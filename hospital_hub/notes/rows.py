"""Between the columns of a note and the values that rules work on. Pure; `store.py` opens and seals."""

import json

from hospital_hub.clinical.grounding import Fact, FactKind
from hospital_hub.notes.draft import Draft, Signature
from hospital_hub.notes.tables import NoteDraft


def fill(row: NoteDraft, draft: Draft) -> None:
    """All that stands unsealed."""
    row.state, row.revision, row.resource = draft.state, draft.revision, draft.resource
    row.edited_in, row.edited_since = draft.window, draft.since
    row.fault, row.attempts = draft.fault, draft.attempts
    if draft.signature is not None:
        signature = draft.signature
        row.signed_by, row.signed_name, row.signed_at = signature.by, signature.name, signature.at
        row.signed_sha256, row.confirmed_unsupported = signature.sha256, signature.confirmed
        row.rules_version = signature.rules


def draft_of(row: NoteDraft, text: str) -> Draft:
    signature = None
    if row.signed_at is not None:
        signature = Signature(
            row.signed_by,
            row.signed_name,
            row.signed_at,
            row.signed_sha256,
            row.confirmed_unsupported,
            row.rules_version,
        )
    return Draft(
        state=row.state,
        text=text,
        revision=row.revision,
        window=row.edited_in,
        since=row.edited_since,
        signature=signature,
        resource=row.resource,
        fault=row.fault,
        attempts=row.attempts,
        version=row.version,
        replaced_sha256=row.replaced_sha256,
    )


def facts_from(sealed: str) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            id=one["id"],
            source=one["source"],
            kind=FactKind(one["kind"]),
            text=one["text"],
            span=tuple(one["span"]) if one["span"] else None,
            terms=tuple(one["terms"]),
            abnormal=one["abnormal"],
        )
        for one in json.loads(sealed or "[]")
    )
