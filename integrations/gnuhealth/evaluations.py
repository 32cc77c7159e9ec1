"""Patient evaluations of GNU Health: written while in progress, read back when a health professional has signed there.

Nothing here ends or signs one. The note stands in `evaluation_summary`, which the digest of GNU Health's own signature
covers (module health_crypto, which must be active); `notes`, which it leaves out, says where the text comes from.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from integrations.gnuhealth.client import Session
from integrations.gnuhealth.errors import Fault, GnuHealthFault
from integrations.gnuhealth.patients import patient_by_id
from integrations.gnuhealth.wire import Values

MODEL = "gnuhealth.patient.evaluation"
_FIELDS = (
    *("id", "code", "patient", "state", "urgency", "evaluation_summary", "notes", "_timestamp"),
    *("signed_by", "signed_by.rec_name", "evaluation_endtime", "digest_status"),
)


class Urgency(StrEnum):
    NORMAL = "a"
    URGENT = "b"
    EMERGENCY = "c"


class State(StrEnum):
    IN_PROGRESS = "in_progress"
    DONE = "done"  # discharged by a health professional, who stands in signed_by
    SIGNED = "signed"  # and the digest of the record kept beside it


@dataclass(frozen=True)
class Draft:
    """`code` is unique there: written twice, it stands there once. `author` is a health professional's id."""

    code: str
    patient: int
    author: int
    urgency: Urgency | None
    text: str
    origin: str


@dataclass(frozen=True)
class Evaluation:
    """As read. `altered` is GNU Health's own finding that a signed record was changed; `version` guards a write."""

    id: int
    code: str
    patient: int
    state: State
    urgency: Urgency | None
    text: str
    origin: str
    version: str
    signed_by: int | None
    signer: str
    ended_at: datetime | None
    altered: bool

    @classmethod
    def of(cls, record: Values) -> Self:
        try:
            return cls(
                id=record["id"],
                code=record["code"] or "",
                patient=record["patient"],
                state=State(record["state"]),
                urgency=Urgency(record["urgency"]) if record["urgency"] else None,
                text=record["evaluation_summary"] or "",
                origin=record["notes"] or "",
                version=record["_timestamp"],
                signed_by=record["signed_by"],
                signer=(record["signed_by."] or {}).get("rec_name") or "",
                ended_at=record["evaluation_endtime"],
                altered=bool(record["digest_status"]),
            )
        except (KeyError, ValueError, AttributeError) as wrong:
            raise GnuHealthFault(Fault.MALFORMED, "evaluation") from wrong


async def find(session: Session, code: str) -> Evaluation | None:
    found = await session.records(MODEL, [["code", "=", code]], fields=_FIELDS)
    return Evaluation.of(found[0]) if found else None


async def read(session: Session, identifier: int) -> Evaluation:
    found = await session.records(MODEL, [["id", "=", identifier]], fields=_FIELDS)
    if not found:
        raise GnuHealthFault(Fault.NO_EVALUATION)
    return Evaluation.of(found[0])


async def create(session: Session, draft: Draft) -> Evaluation:
    """The evaluation of this code, made now or by an earlier try; what stands there already is left as it is.

    Raises:
        GnuHealthFault: NO_PATIENT; REFUSED by a rule of GNU Health.
    """
    there = await find(session, draft.code)
    if there is not None:
        return there
    values = {"code": draft.code, "patient": draft.patient, "healthprof": draft.author, **_written(draft)}
    try:
        await session.call(MODEL, "create", [values])
    except GnuHealthFault as refused:
        if refused.fault is not Fault.REFUSED:
            raise
        await patient_by_id(session, draft.patient)  # the usual reason, which Tryton does not name
        there = await find(session, draft.code)
        if there is None:
            raise
        return there  # another worker was faster
    made = await find(session, draft.code)
    if made is None:
        raise GnuHealthFault(Fault.NO_EVALUATION, "made and gone")
    return made


async def rewrite(session: Session, there: Evaluation, *, draft: Draft) -> Evaluation:
    """Put another text and urgency in the place of `there`, if nobody has written to it since it was read.

    GNU Health shows a closed evaluation as read-only but takes writes to it; the hub makes none.

    Raises:
        GnuHealthFault: CLOSED, or CHANGED.
    """
    if there.state is not State.IN_PROGRESS:
        raise GnuHealthFault(Fault.CLOSED)
    # modelsql.py, __check_timestamp: a record that is newer than this is not written.
    context = {"_timestamp": {f"{MODEL},{there.id}": there.version}}
    await session.call(MODEL, "write", [there.id], _written(draft), context=context)
    return await read(session, there.id)


def _written(draft: Draft) -> Values:
    return {"urgency": draft.urgency, "evaluation_summary": draft.text, "notes": draft.origin}
