"""Identifiers: UUIDv7 keys for rows, short references for people."""

import secrets
from uuid import UUID

import uuid_utils.compat as uuid_utils

# No 0/O, 1/I/L, U/V: what is read aloud or typed is not confused.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"


def new_id() -> UUID:
    """A time-ordered UUIDv7."""
    return uuid_utils.uuid7()


def reference(prefix: str, length: int = 7) -> str:
    """A short reference that a person can read or type, such as `L-7K3QFWX`."""
    return f"{prefix}-" + _random(length)


def checked_reference(prefix: str, length: int = 7) -> str:
    """The same with a check character at its end, for what strangers type."""
    code = _random(length)
    return f"{prefix}-{code}{check_character(code)}"


def check_character(code: str) -> str:
    """Changes with any one sign of the code, and when two that stand together are exchanged.

    A weighted sum modulo the size of the alphabet, which is a prime.
    """
    total = sum(place * ALPHABET.index(sign) for place, sign in enumerate(code, 1))
    return ALPHABET[total % len(ALPHABET)]


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
