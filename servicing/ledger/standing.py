"""Whether a checkpoint still stands: signed by us, and the tree of today begins with its root."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from kit import notes
from servicing.ledger import sealing
from servicing.ledger.models import Checkpoint
from servicing.ledger.proofs import CheckpointNotFound


class Standing(StrEnum):
    HOLDS = "holds"
    NOT_OURS = "not_signed_by_our_key"
    CHANGED = "past_was_changed"


async def get(session: AsyncSession, size: int) -> Checkpoint:
    checkpoint = await session.get(Checkpoint, size)
    if checkpoint is None:
        raise CheckpointNotFound(size=size)
    return checkpoint


async def of(session: AsyncSession, checkpoint: Checkpoint, keys: Sequence[str]) -> Standing:
    """By the tree as it was kept. `kopa ledger verify` also reckons it anew from the entries."""
    try:
        signed = notes.read(checkpoint.note, keys)
    except notes.BadNote:
        return Standing.NOT_OURS
    size = checkpoint.size
    text = sealing.statement(signed.signed_by, size, await sealing.root(session, size))
    return Standing.HOLDS if signed.text == text else Standing.CHANGED
