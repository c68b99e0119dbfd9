"""Identifiers: UUIDv7 keys for rows, short references for people."""

import secrets
from uuid import UUID

import uuid_utils.compat as uuid_utils

# No 0/O, 1/I/L, U/V: what is read aloud or typed is not confused.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"


def new_id() -> UUID:
    """A time-ordered UUIDv7."""
    return uuid_utils.uuid7()


def reference(prefix: str, length: int = 7) -> str:
    """A short reference that a person can read or type, such as `L-7K3QFWX`."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(length))
