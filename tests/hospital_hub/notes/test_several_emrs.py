"""Each note goes to the EMR in which it was drafted, by that EMR's own client, whatever the others do."""

import time

import pytest

from hospital_hub.errors import Unavailable
from hospital_hub.notes.emr import worker_client
from hospital_hub.notes.emr_profile import PLAIN
from hospital_hub.resources import Resources
from hospital_hub.storage.ids import new_token
from integrations.smart.backend import BackendTokens
from tests.hospital_hub.notes.several_emrs import TwoEmrs, emrs, settings, visitor
from tests.hospital_hub.notes.test_smart_requirements import part

__all__ = ["emrs", "settings", "visitor"]


async def test_the_worker_comes_to_each_emr_as_its_own_client(emrs: TwoEmrs, resources: Resources) -> None:
    emrs.clinic.client_jwks = emrs.ward.client_jwks
    tokens = BackendTokens(jti=new_token, clock=time.time)
    for emr, name in ((emrs.ward, "hub-backend"), (emrs.clinic, "clinic-worker")):
        for _ in range(2):
            client = await worker_client(resources, tokens, issuer=emr.base, scope=PLAIN.scope)
            await client.create(
                {"resourceType": "DocumentReference", "status": "current"}, if_none_exist="identifier=a"
            )
        (form,) = emr.forms  # the second time the token is still good
        assert form["grant_type"] == "client_credentials"
        assert part(form["client_assertion"], 1)["sub"] == name
        assert len(emr.stored) == 2
        assert set(emr.bearers) <= emr.living


async def test_an_emr_that_is_no_longer_registered_gets_nothing(emrs: TwoEmrs, resources: Resources) -> None:
    tokens = BackendTokens(jti=new_token, clock=time.time)
    with pytest.raises(Unavailable) as gone:
        await worker_client(resources, tokens, issuer="https://closed.example.org/fhir", scope="")
    assert gone.value.code == "emr_not_registered"
    assert emrs.ward.visits == emrs.clinic.visits == []
