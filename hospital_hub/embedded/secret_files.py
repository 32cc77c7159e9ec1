"""Secrets of one installation, each made once and kept in a file that only its owner reads."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hospital_hub.settings import MASTER_KEY_BYTES


def master_key(folder: Path) -> Path:
    return _made_once(folder / "master.key", new_master_key)


def smart_key(folder: Path) -> Path:
    """EC P-384, the curve of ES384 (SMART App Launch 2.2, asymmetric client authentication)."""
    return _made_once(folder / "smart.pem", new_smart_key)


def password(folder: Path, name: str) -> str:
    return _made_once(folder / name, lambda: secrets.token_hex(24).encode()).read_text(encoding="ascii")


def new_master_key() -> bytes:
    """32 random bytes in base64, as HUB_SECRET_KEY_FILE wants them."""
    return base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)) + b"\n"


def new_smart_key(*, rs384: bool = False) -> bytes:
    """For ES384, or for an EMR that takes RS384 alone."""
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=3072)
        if rs384
        else ec.generate_private_key(ec.SECP384R1())
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _made_once(path: Path, content: Callable[[], bytes]) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        half_written = path.with_suffix(".new")
        half_written.unlink(missing_ok=True)
        descriptor = os.open(half_written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content())
            file.flush()
            # A lost master key makes every stored patient field unreadable.
            os.fsync(file.fileno())
        half_written.rename(path)
    return path


def keep_settings(path: Path, settings: Mapping[str, str]) -> None:
    """For commands beside a running hub (HUB_ENV_FILE); it names the queue's password, so only the owner reads it."""
    lines = "".join(f"{name}='{value}'\n" for name, value in settings.items())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(lines)
