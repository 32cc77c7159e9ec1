"""Identifiers: time-ordered for rows, unguessable for anything that travels in a link."""

import secrets
import uuid

_RANDOM_BITS_A = 12
_RANDOM_BITS_B = 62


def new_id(milliseconds: int) -> uuid.UUID:
    """A UUID version 7 (RFC 9562, section 5.7); `milliseconds` since 1970."""
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= secrets.randbits(_RANDOM_BITS_A) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(_RANDOM_BITS_B)
    return uuid.UUID(int=value)


def new_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)
