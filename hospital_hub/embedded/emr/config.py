"""Where the EMR, the FHIR server behind it and the hub are, and the URLs that follow from it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EmrConfig:
    """Origins and the private FHIR base without a trailing slash; `clock` gives seconds since 1970."""

    origin: str
    private_fhir: str
    hub: str
    data: Path
    clock: Callable[[], float]

    @property
    def fhir_base(self) -> str:
        return f"{self.origin}/fhir"

    @property
    def token_url(self) -> str:
        return f"{self.origin}/auth/token"

    @property
    def hub_jwks(self) -> str:
        return f"{self.hub}/.well-known/jwks.json"

    def now(self) -> int:
        return int(self.clock())
