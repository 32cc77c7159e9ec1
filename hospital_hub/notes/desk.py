"""Who sits before the panel, as one value: the clinician, the launch behind the log-in, the process's resources."""

from dataclasses import dataclass

from hospital_hub.emr import emr_of
from hospital_hub.emr_registry import Emr
from hospital_hub.errors import Conflict
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ask import Models
from hospital_hub.notes.emr import fhir_client
from hospital_hub.notes.launch_context import LaunchContext
from hospital_hub.notes.renewal import living_context
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from integrations.fhir.client import FhirClient


@dataclass(frozen=True)
class Desk:
    """`login` names the launch: each launch of the EMR is a log-in of its own, for one patient."""

    resources: Resources
    models: Models
    who: Principal
    context: LaunchContext
    request_id: str = ""

    @property
    def fhir(self) -> FhirClient:
        return fhir_client(self.resources, self.context.access_token, issuer=self.context.issuer)

    @property
    def emr(self) -> Emr:
        """Raises: Unavailable where it is no longer registered."""
        return emr_of(self.resources, self.context.issuer)

    @property
    def subject(self) -> bytes:
        """The patient for the audit."""
        return self.resources.vault.blind(self.context.subject)

    @property
    def login(self) -> str:
        return str(self.who.session_id)

    def require_login(self, shown: str) -> None:
        """The page must have been made for the launch that is in force: two patients may be open in two tabs."""
        if shown != self.login:
            raise Conflict(
                "Another patient was opened in the EMR since this panel was shown.",
                "Nothing was changed. Open the panel again from the right patient's page.",
                code="patient_switched",
            )


async def open_desk(resources: Resources, models: Models, *, who: Principal, request_id: str) -> Desk:
    """The desk of a logged-in clinician.

    Raises:
        LaunchEnded: the launch behind the log-in is over.
    """
    context = await living_context(resources, who=who, now=int(utc_now().timestamp()))
    return Desk(resources, models, who, context, request_id)
