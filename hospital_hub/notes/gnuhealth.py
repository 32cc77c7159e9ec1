"""GNU Health as notes meet it: the hub's account there, and its failures in the hub's own words. Off by default."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from hospital_hub.clinical.levels import Level
from hospital_hub.errors import Conflict, HubError, NotAllowed, NotFound, Unavailable, UpstreamFailed, WrongSetup
from hospital_hub.resources import Resources
from integrations.gnuhealth.client import Account, Server, Session, logged_in
from integrations.gnuhealth.errors import Fault, GnuHealthFault
from integrations.gnuhealth.evaluations import Urgency

# GNU Health knows three urgencies. A level that is not known stays unknown there too.
URGENCIES: Mapping[Level, Urgency] = {
    Level.I: Urgency.EMERGENCY,
    Level.II: Urgency.EMERGENCY,
    Level.III: Urgency.URGENT,
    Level.IV: Urgency.NORMAL,
}
_FAULTS: Mapping[Fault, HubError] = {
    Fault.LOGIN: NotAllowed(
        "GNU Health does not accept the hub's account.",
        "Ask operations to correct its name and password.",
        code="gnuhealth_log_in",
    ),
    Fault.NO_DATABASE: Unavailable(
        "GNU Health has no database of the name that the hub was given.",
        "Ask operations to correct the address.",
        code="gnuhealth_no_database",
    ),
    Fault.NO_PATIENT: NotFound(
        "GNU Health has no such patient.", "Check the number on the card or wristband.", code="gnuhealth_no_patient"
    ),
    Fault.NO_EVALUATION: NotFound(
        "GNU Health has no evaluation of this note.", "Send the note again.", code="gnuhealth_no_evaluation"
    ),
    Fault.CLOSED: Conflict(
        "The evaluation is already closed or signed in GNU Health.",
        "Nothing was changed. Write a new note.",
        code="gnuhealth_closed",
    ),
    Fault.CHANGED: Conflict(
        "Somebody has changed the evaluation in GNU Health.",
        "Nothing was overwritten. Go on with it there, or write a new note.",
        code="gnuhealth_changed",
    ),
    Fault.FORBIDDEN: NotAllowed(
        "GNU Health does not let the hub do this.", "Ask its administrator.", code="gnuhealth_forbids"
    ),
    Fault.REFUSED: NotAllowed(
        "GNU Health refused what the hub wrote.",
        "Ask its administrator for the rights of the hub's account, and check the health professional's number.",
        code="gnuhealth_refused",
    ),
    Fault.MALFORMED: UpstreamFailed(
        "GNU Health answered in a way the hub does not understand.",
        "Tell the hospital's IT: it must be version 5 with the module health_crypto.",
        code="gnuhealth_unusable",
    ),
}


def issuer_of(resources: Resources) -> str:
    """Under this name vault, audit and drafts know whose patient it is.

    Raises:
        Unavailable: no GNU Health is connected.
    """
    if not resources.settings.gnuhealth_url:
        raise Unavailable(
            "No GNU Health server is connected to this hub.", "Ask operations to name it.", code="no_gnuhealth"
        )
    return resources.settings.gnuhealth_url


@asynccontextmanager
async def gnuhealth(resources: Resources) -> AsyncIterator[Session]:
    """The hub's log-in there for the length of a block; what goes wrong in it is told in the hub's words."""
    server = Server(issuer_of(resources))
    try:
        account = Account(resources.settings.gnuhealth_login, resources.settings.gnuhealth_password())
    except WrongSetup as missing:
        raise Unavailable(
            "The hub has no password for GNU Health.", "Ask operations to set one.", code="no_gnuhealth_password"
        ) from missing
    try:
        async with logged_in(resources.http, server, account=account) as session:
            yield session
    except GnuHealthFault as fault:
        raise from_gnuhealth(fault) from fault


def from_gnuhealth(fault: GnuHealthFault) -> HubError:
    """A new error each time: exceptions carry their traceback."""
    if fault.fault in _FAULTS:
        known = _FAULTS[fault.fault]
        return type(known)(known.message, known.next_step, code=known.code)
    return UpstreamFailed("GNU Health does not answer now.", "Try again in a minute.", code="gnuhealth_away")
