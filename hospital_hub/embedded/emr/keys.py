"""The EMR's own signing key, made at the first start and found again at the next."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

ALGORITHM = "ES384"


@dataclass(frozen=True)
class SigningKey:
    key: ECKey

    @property
    def kid(self) -> str:
        return self.key.thumbprint()

    def public_jwks(self) -> dict[str, Any]:
        return {"keys": [{**self.key.as_dict(private=False), "kid": self.kid, "alg": ALGORITHM, "use": "sig"}]}


def signing_key(data: Path) -> SigningKey:
    file = data / "emr" / "signing-key.pem"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
            target.write(ECKey.generate_key("P-384").as_pem(private=True))
        fresh.replace(file)
    return SigningKey(ECKey.import_key(file.read_bytes()))
