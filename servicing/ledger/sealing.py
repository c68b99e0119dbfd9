"""Seals what was posted: a chain, a tree, and from time to time a signature over all of it.

Posting knows nothing of it. One sealer at a time takes what is not sealed yet, in any order in
which transactions came to their end, and adds it.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import Sessions, lock_key, unit_of_work
from kit.notes import Signer
from servicing.ledger import leaves, merkle
from servicing.ledger.merkle import Node
from servicing.ledger.models import Checkpoint, Entry, Seal

BATCH = 200
"""So few that on SQLite nobody who posts has to wait for long."""
GENESIS = bytes(merkle.SIZE)
# A transaction may end long after it made its ids; what takes even longer is found at night.
_LOOK_BACK = timedelta(days=1)


class PastHasChanged(Exception):
    """The tree is not what was signed before: nothing more is signed."""


async def seal_all(sessions: Sessions, *, looks_at_all: bool = False) -> None:
    """What comes in meanwhile with an id before those sealed waits for the next time: looking at
    all of a day again for each batch would take longer with each."""
    after = None
    while True:
        async with unit_of_work(sessions) as session:
            ids = await _seal_next(session, looks_at_all=looks_at_all, after=after)
        if len(ids) < BATCH:
            return
        after = ids[-1]


async def seal(session: AsyncSession, *, looks_at_all: bool = False) -> int:
    """Add entries that are not sealed yet, at most BATCH of them; how many."""
    return len(await _seal_next(session, looks_at_all=looks_at_all, after=None))


async def _seal_next(
    session: AsyncSession, *, looks_at_all: bool, after: UUID | None
) -> list[UUID]:
    await lock_key(session, "ledger_seals")
    ids = await list_unsealed(session, looks_at_all=looks_at_all, after=after, limit=BATCH)
    found = await leaves.of_entries(session, ids)
    last = await newest(session)
    size, chain = (last.seq, last.chain) if last is not None else (0, GENESIS)
    peaks = await hashes_of(session, list(merkle.nodes((0, size))))
    rows = []
    for entry_id in ids:
        finished = merkle.add(peaks, size, merkle.leaf(found[entry_id]))
        size, chain = size + 1, linked(chain, finished[0])
        rows.append(
            {"seq": size, "entry_id": entry_id, "hashes": b"".join(finished), "chain": chain}
        )
    if rows:
        await session.execute(insert(Seal), rows)
    return ids


async def sign(session: AsyncSession, signer: Signer, *, now: datetime) -> Checkpoint | None:
    """The checkpoint of the tree as it is, made if it is not there. None while it is empty."""
    await lock_key(session, "ledger_seals")
    last = await newest(session)
    if last is None:
        return None
    before = await newest_checkpoint(session)
    if before is not None:
        await _refuse_another_past(session, before)
        if before.size == last.seq:
            return before
    text = statement(signer.name, last.seq, await root(session, last.seq))
    made = Checkpoint(size=last.seq, note=signer.sign(text), created_at=now)
    session.add(made)
    await session.flush()
    return made


async def newest(session: AsyncSession) -> Seal | None:
    return await session.scalar(select(Seal).order_by(Seal.seq.desc()).limit(1))


async def newest_checkpoint(session: AsyncSession) -> Checkpoint | None:
    return await session.scalar(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1))


async def list_checkpoints(
    session: AsyncSession, *, before: int | None, limit: int
) -> Sequence[Checkpoint]:
    """Newest first."""
    query = select(Checkpoint).order_by(Checkpoint.size.desc()).limit(limit)
    if before is not None:
        query = query.where(Checkpoint.size < before)
    return (await session.scalars(query)).all()


async def list_unsealed(
    session: AsyncSession, *, looks_at_all: bool, after: UUID | None, limit: int
) -> list[UUID]:
    query = (
        select(Entry.id)
        .where(~select(Seal.seq).where(Seal.entry_id == Entry.id).exists())
        .order_by(Entry.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Entry.id > after)
    elif not looks_at_all:
        last = await session.scalar(select(Seal.entry_id).order_by(Seal.entry_id.desc()).limit(1))
        if last is not None:
            query = query.where(Entry.id > _earlier(last))
    return list(await session.scalars(query))


async def root(session: AsyncSession, size: int) -> bytes:
    return merkle.root(await hashes_of(session, list(merkle.nodes((0, size)))))


async def hashes_of(session: AsyncSession, nodes: list[Node]) -> list[bytes]:
    """Each node stands in the seal of the leaf that finished it."""
    wanted = [merkle.finisher(node) for node in nodes]
    rows = await session.execute(select(Seal.seq, Seal.hashes).where(Seal.seq.in_(wanted)))
    found = {row.seq: row.hashes for row in rows}
    return [found[merkle.finisher(node)][node[0] * merkle.SIZE :][: merkle.SIZE] for node in nodes]


def linked(chain: bytes, leaf: bytes) -> bytes:
    return hashlib.sha256(chain + leaf).digest()


def statement(origin: str, size: int, root: bytes) -> str:
    """The text of a checkpoint (C2SP tlog-checkpoint)."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


async def _refuse_another_past(session: AsyncSession, before: Checkpoint) -> None:
    signed = base64.b64encode(await root(session, before.size)).decode()
    if before.note.split("\n")[1:3] != [str(before.size), signed]:
        raise PastHasChanged(f"the tree is not what was signed at {before.size}")


def _earlier(entry_id: UUID) -> UUID:
    """An id made _LOOK_BACK before: they begin with the milliseconds of their making."""
    milliseconds = _LOOK_BACK // timedelta(milliseconds=1)
    return UUID(int=max(entry_id.int - (milliseconds << 80), 0))
