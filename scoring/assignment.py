"""Who falls into a share: the same key always draws the same number, in every process."""

import hashlib
from uuid import UUID

WHOLE_BPS = 10_000


def draw(key: UUID, salt: str) -> int:
    """From 0 to 9999. Another salt draws anew, so that one experiment says nothing of the next."""
    digest = hashlib.sha256(f"{salt}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) % WHOLE_BPS
