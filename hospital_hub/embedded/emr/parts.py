"""What the EMR's handlers work with, opened once for the process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from hospital_hub.embedded.emr.assertions import ClientCheck
from hospital_hub.embedded.emr.clients import RegisteredClient
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.emr.grants import Grants
from hospital_hub.embedded.emr.hub_hooks import HubHooks
from hospital_hub.embedded.emr.once import Once
from hospital_hub.embedded.emr.shown_cards import ShownCards
from hospital_hub.embedded.emr.store import FhirStore
from hospital_hub.embedded.emr.tokens import Tokens


@dataclass(frozen=True)
class EmrParts:
    config: EmrConfig
    clients: Mapping[str, RegisteredClient]
    check: ClientCheck
    tokens: Tokens
    grants: Grants
    store: FhirStore
    hooks: HubHooks
    shown: Once[ShownCards]


def emr_parts(request: Request) -> EmrParts:
    return cast("EmrParts", request.app.state.parts)


Emr = Annotated[EmrParts, Depends(emr_parts)]
