"""How a client proves itself at the token endpoint: by a signed assertion, or, public, by its name and PKCE alone.

Source: SMART App Launch 2.2, "Client Authentication: Asymmetric (public key)".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.smart.discovery import Configuration
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.keys import ASSERTION_TYPE, ClientKey


@dataclass(frozen=True)
class Moment:
    """What one assertion is made with; `now` in seconds since 1970, `jti` never used before."""

    jti: str
    now: int


def proof(configuration: Configuration, client_id: str, *, key: ClientKey | None, moment: Moment) -> Mapping[str, str]:
    """The members of the form; without a key the client is a public one, and only such a one sends its name there.

    Raises:
        SmartFault: UNSUITED when the server takes no such proof.
    """
    if key is None:
        return {"client_id": client_id}
    if configuration.methods is not None and "private_key_jwt" not in configuration.methods:
        raise SmartFault(Fault.UNSUITED, "no private_key_jwt")
    if configuration.algorithms is not None and key.algorithm not in configuration.algorithms:
        raise SmartFault(Fault.UNSUITED, f"no {key.algorithm}")
    assertion = key.assertion(
        client_id=client_id, audience=configuration.token_endpoint, jti=moment.jti, now=moment.now
    )
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
