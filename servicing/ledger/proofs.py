"""Proofs for those who do not trust us: an entry is in the tree, and no past was changed.

They are checked with `deploy/verify_ledger.py` and our public key, and with nothing else of ours.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import vault_of
from kit.errors import DomainError, Kind
from servicing.ledger import leaves, merkle, sealing
from servicing.ledger.merkle import Span
from servicing.ledger.models import Checkpoint, Entry, Seal

Proof = dict[str, Any]
"""What is proven and by which hashes, as JSON."""
CODE = "KOPA1"


class EntryNotFound(DomainError):
    """The ledger has no entry with this id."""

    kind = Kind.NOT_FOUND
    code = "ledger_entry_not_found"


class NotSealedYet(DomainError):
    """The entry was posted a moment ago: it is proven when the next checkpoint is signed."""

    kind = Kind.CONFLICT
    code = "ledger_entry_not_sealed"


class CheckpointNotFound(DomainError):
    """No checkpoint was signed at this size."""

    kind = Kind.NOT_FOUND
    code = "ledger_checkpoint_not_found"


async def at_once(session: AsyncSession, entry_id: UUID, *, now: datetime) -> Proof | None:
    """The proof of an entry that may have been posted just now: a receipt does not wait.

    None where we cannot sign, or where so much waits to be sealed that it is the job's work.
    """
    signer = vault_of(session).signer
    found = await _find(session, entry_id)
    if found is None and signer is not None:
        await sealing.seal(session)
        await sealing.sign(session, signer, now=now)
        found = await _find(session, entry_id)
    return found


async def of_entry(session: AsyncSession, entry_id: UUID) -> Proof:
    """That the entry is in the tree, by the first checkpoint that holds it."""
    if (found := await _find(session, entry_id)) is not None:
        return found
    if await session.get(Entry, entry_id) is None:
        raise EntryNotFound(entry=entry_id)
    raise NotSealedYet(entry=entry_id)


async def between(session: AsyncSession, old: int, new: int) -> Proof:
    """That the tree of a newer checkpoint begins with that of an older one."""
    notes = []
    for size in (old, new):
        checkpoint = await session.get(Checkpoint, size)
        if checkpoint is None or old > new:
            raise CheckpointNotFound(size=size)
        notes.append(checkpoint.note)
    path = await _roots(session, merkle.consistency(old, new))
    return {"new": notes[1], "old": notes[0], "path": path}


def code(proof: Proof) -> str:
    """The proof in letters and digits that a QR code holds well."""
    packed = zlib.compress(json.dumps(proof, separators=(",", ":")).encode(), 9)
    return CODE + base64.b32encode(packed).decode().rstrip("=")


async def _find(session: AsyncSession, entry_id: UUID) -> Proof | None:
    seq = await session.scalar(select(Seal.seq).where(Seal.entry_id == entry_id))
    if seq is None:
        return None
    checkpoint = await session.scalar(
        select(Checkpoint).where(Checkpoint.size >= seq).order_by(Checkpoint.size).limit(1)
    )
    if checkpoint is None:
        return None
    leaf = (await leaves.of_entries(session, [entry_id]))[entry_id]
    return {
        "checkpoint": checkpoint.note,
        "entry": json.loads(leaf),
        "index": seq - 1,
        "path": await _roots(session, merkle.inclusion(seq - 1, checkpoint.size)),
    }


async def _roots(session: AsyncSession, spans: Sequence[Span]) -> list[str]:
    nodes = [list(merkle.nodes(span)) for span in spans]
    hashes = iter(await sealing.hashes_of(session, list(chain.from_iterable(nodes))))
    roots = [merkle.root([next(hashes) for _ in each]) for each in nodes]
    return [base64.b64encode(root).decode() for root in roots]
