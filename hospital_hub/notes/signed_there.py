"""Rules for a note that is signed in GNU Health and not here. Pure.

Only the text that the hub wrote becomes final, and only by the hash of what the health professional signed there.
"""

import re
import uuid
from dataclasses import replace

from hospital_hub.clinical.grounding import Checker
from hospital_hub.clinical.levels import Level
from hospital_hub.errors import Conflict
from hospital_hub.notes.draft import Draft, Signing, State, filed, signed, taken, text_hash
from hospital_hub.notes.gnuhealth import URGENCIES
from hospital_hub.notes.store import Kept
from integrations.gnuhealth import evaluations
from integrations.gnuhealth.evaluations import Evaluation

PRACTITIONER = "Practitioner/"
_WRITTEN = re.compile(r"sha256 ([0-9a-f]{64})")


class SignedOtherwise(Conflict):
    """What stands in GNU Health under a signature is not what the hub wrote."""

    default_code = "other_text"


def code_of(note: uuid.UUID) -> str:
    return f"urn:uuid:{note}"


def name_of(there: Evaluation) -> str:
    return f"{evaluations.MODEL}/{there.id}"


def evaluation_of(kept: Kept, *, level: Level | None) -> evaluations.Draft:
    """What the hub writes there. A level that is not known stays empty: there is no default."""
    return evaluations.Draft(
        code=code_of(kept.row.id),
        patient=int(kept.about.patient),
        author=int(kept.about.practitioner.removeprefix(PRACTITIONER)),
        urgency=None if level is None else URGENCIES[level],
        text=kept.draft.text,
        origin=_origin(kept),
    )


def is_as_written(there: Evaluation) -> bool:
    """Whether the text is still the one that the hub put there, by the hash that it put beside it."""
    noted = _WRITTEN.search(there.origin)
    return noted is not None and noted[1] == text_hash(there.text)


def difference(kept: Kept, there: Evaluation) -> SignedOtherwise | None:
    """What is wrong with a signed evaluation, if anything."""
    if str(there.patient) != kept.about.patient:
        return SignedOtherwise(
            "The evaluation in GNU Health is another patient's.", "Tell operations at once.", code="other_patient"
        )
    if there.signed_by is None or there.ended_at is None:
        return SignedOtherwise(
            "The evaluation is signed in GNU Health, but by nobody.",
            "The note is not final here. Ask the health professional to end it and to sign.",
            code="signed_by_nobody",
        )
    if there.altered:
        return SignedOtherwise(
            "The evaluation was changed in GNU Health after it was signed.",
            "The note does not count as final. Ask who changed it.",
            code="altered_there",
        )
    if text_hash(there.text) != text_hash(kept.draft.text):
        return SignedOtherwise(
            "The text signed in GNU Health is not the text that the hub wrote.",
            "The record there counts. The note is not final here.",
        )
    return None


def finalised(kept: Kept, there: Evaluation) -> Draft:
    """The draft after a signature in which there is no `difference`; a note that is final already stays so."""
    if kept.draft.state is State.FILED:
        return replace(kept.draft, fault="")
    assert there.ended_at is not None  # noqa: S101 - `difference` lets nothing pass without one
    signing = Signing(
        by=f"{kept.row.issuer}|{PRACTITIONER}{there.signed_by}",
        name=there.signer,
        at=there.ended_at,
        shown_sha256=text_hash(there.text),
        unsupported=_unsupported(kept),
        confirmed=True,  # the line beside the text told the signer how many there are
    )
    return filed(taken(signed(kept.draft, signing)), name_of(there))


def _unsupported(kept: Kept) -> int:
    return len(Checker(kept.facts).check(kept.draft.text).unsupported)


def _origin(kept: Kept) -> str:
    """The line beside the text: that it is a draft, what an AI had to do with it, and its hash."""
    row = kept.row
    made = f"AI-assisted (AIAST): {row.weights} ({row.tier}), prompt {row.prompt_version}" if row.weights else "no AI"
    checked = f"sentences without a source: {_unsupported(kept)}"
    lines = ("Draft from the hospital hub; nobody answers for it until it is signed.", f"Made with: {made}; {checked}")
    return "\n".join((*lines, f"{code_of(row.id)} sha256 {text_hash(kept.draft.text)}"))
