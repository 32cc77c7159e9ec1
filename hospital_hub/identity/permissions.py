"""The one table of who may do what. What is not in it is forbidden."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    KIOSK = "kiosk"  # a device, or a patient in front of it
    NURSE = "nurse"
    CLINICIAN = "clinician"  # a doctor, known through the EMR's launch
    RESEARCHER = "researcher"
    OPERATIONS = "operations"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    EMR = "emr"  # a registered EMR, known by its signed tokens (CDS Hooks)
    SERVICE = "service"  # workers, and programs of departments


class Action(StrEnum):
    TRIAGE_TELL = "triage.tell"  # describe a complaint at the kiosk
    TRIAGE_BOARD = "triage.board"  # see the cases
    TRIAGE_DECIDE = "triage.decide"  # set the final level
    TRIAGE_FILE = "triage.file"  # carry a case that is bound to a patient to the FHIR server
    NOTE_DRAFT = "note.draft"
    NOTE_SIGN = "note.sign"
    NOTE_FILE = "note.file"  # carry a signed note to the FHIR server
    BATCH_SUBMIT = "batch.submit"
    BATCH_READ = "batch.read"
    BATCH_RUN = "batch.run"
    MODEL_ASK = "model.ask"  # the OpenAI-compatible API
    ANSWER_RATE = "answer.rate"  # say whether an answer that one may see has helped
    OPERATIONS_READ = "operations.read"
    FLEET_MANAGE = "fleet.manage"  # read models.toml again; drain a model server
    AUDIT_READ = "audit.read"
    USERS_MANAGE = "users.manage"
    CDS_CALL = "cds.call"  # call the CDS Hooks services and tell what became of their cards


MAY: Mapping[Role, frozenset[Action]] = {
    Role.KIOSK: frozenset({Action.TRIAGE_TELL}),
    Role.NURSE: frozenset({Action.TRIAGE_BOARD, Action.TRIAGE_DECIDE, Action.ANSWER_RATE}),
    Role.CLINICIAN: frozenset({Action.NOTE_DRAFT, Action.NOTE_SIGN, Action.ANSWER_RATE}),
    Role.RESEARCHER: frozenset({Action.BATCH_SUBMIT, Action.BATCH_READ, Action.MODEL_ASK, Action.ANSWER_RATE}),
    Role.OPERATIONS: frozenset({Action.OPERATIONS_READ}),
    Role.AUDITOR: frozenset({Action.AUDIT_READ}),
    Role.ADMINISTRATOR: frozenset({Action.USERS_MANAGE, Action.OPERATIONS_READ, Action.FLEET_MANAGE}),
    Role.EMR: frozenset({Action.CDS_CALL}),
    Role.SERVICE: frozenset({Action.TRIAGE_FILE, Action.NOTE_FILE, Action.BATCH_RUN, Action.MODEL_ASK}),
}


def may(role: Role, action: Action) -> bool:
    return action in MAY.get(role, frozenset())
