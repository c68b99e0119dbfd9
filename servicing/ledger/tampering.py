"""Finds the first place where ledger, chain, tree or checkpoints are not what was sealed."""

import heapq
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import notes
from kit.db import Sessions
from servicing.ledger import leaves, merkle, sealing
from servicing.ledger.invariants import Violation
from servicing.ledger.models import Checkpoint, Entry, Seal

RULE = "seals_hold"
_BATCH = 500


class _Broken(Exception):
    def __init__(self, subject: str, detail: str) -> None:
        super().__init__(detail)
        self.violation = Violation(RULE, subject, detail)


@dataclass(slots=True)
class _Told:
    """The chain and the tree, reckoned again from the entries."""

    keys: Sequence[str]
    size: int = 0
    chain: bytes = sealing.GENESIS
    peaks: list[bytes] = field(default_factory=list)

    def add(self, row: Any, leaf: bytes | None) -> None:
        number = self.size + 1
        if row.seq != number:
            raise _Broken(f"seal {number}", "the seal is missing")
        if leaf is None:
            raise _Broken(f"seal {number}", "the entry that was sealed here is missing")
        finished = merkle.add(self.peaks, self.size, merkle.leaf(leaf))
        self.size, self.chain = number, sealing.linked(self.chain, finished[0])
        if row.hashes[: merkle.SIZE] != finished[0]:
            name = leaves.text(row.reference)
            raise _Broken(f"entry {name}", f"the entry is not what was sealed as number {number}")
        if row.hashes != b"".join(finished):
            raise _Broken(f"seal {number}", "the tree is not what its entries come to")
        if row.chain != self.chain:
            raise _Broken(f"seal {number}", "the chain is not what its entries come to")

    def holds(self, size: int, note: str) -> None:
        """What was signed at this size is what there is."""
        subject = f"checkpoint {size}"
        try:
            signed = notes.read(note, self.keys)
        except notes.BadNote as why:
            raise _Broken(subject, f"the checkpoint cannot be trusted: {why}") from None
        root = merkle.root(self.peaks)
        if signed.text != sealing.statement(signed.signed_by, size, root):
            raise _Broken(subject, "the entries before it are not those that were signed")


async def first(
    sessions: Sessions, keys: Sequence[str], outside: Sequence[str] = ()
) -> Violation | None:
    """The first broken place, if any. `outside`: checkpoints that were kept elsewhere."""
    told = _Told(keys)
    try:
        waiting = [*(await _checkpoints(sessions)), *map(_sized, outside)]
        heapq.heapify(waiting)
        _due(told, waiting)
        async for row, leaf in _sealed(sessions):
            told.add(row, leaf)
            _due(told, waiting)
        if waiting:
            size = waiting[0][0]
            raise _Broken(f"checkpoint {size}", f"only {told.size} entries are sealed")
    except _Broken as broken:
        return broken.violation
    return None


def _due(told: _Told, waiting: list[tuple[int, str]]) -> None:
    while waiting and waiting[0][0] <= told.size:
        size, note = heapq.heappop(waiting)
        told.holds(size, note)


def _sized(note: str) -> tuple[int, str]:
    try:
        return int(note.split("\n")[1]), note
    except (IndexError, ValueError):
        raise _Broken("checkpoint", "what was given as a checkpoint is none") from None


async def _checkpoints(sessions: Sessions) -> list[tuple[int, str]]:
    async with sessions() as session:
        columns = leaves.raw((Checkpoint.note,), session.get_bind().dialect)
        rows = (await session.execute(select(Checkpoint.size, *columns))).all()
    return [(size, leaves.text(note) or "") for size, note in rows]


async def _sealed(sessions: Sessions) -> AsyncIterator[tuple[Any, bytes | None]]:
    """Each seal, and the leaf that its entry makes now. A page a transaction: nobody waits."""
    after: int | None = None
    while True:
        async with sessions() as session:
            rows = await _page(session, after)
            if not rows:
                return
            lines = await leaves.lines_of_seals(session, rows[0].seq, rows[-1].seq)
        for row in rows:
            yield row, _leaf(row, lines.get(row.key, []))
        after = rows[-1].seq


async def _page(session: AsyncSession, after: int | None) -> Sequence[Row[Any]]:
    key, *entry = leaves.raw((Seal.entry_id, *leaves.ENTRY), session.get_bind().dialect)
    named = [column.label(each.key) for column, each in zip(entry, leaves.ENTRY, strict=True)]
    query = (
        select(Seal.seq, Seal.hashes, Seal.chain, key.label("key"), *named)
        .outerjoin(Entry, Entry.id == Seal.entry_id)
        .order_by(Seal.seq)
        .limit(_BATCH)
    )
    if after is not None:
        query = query.where(Seal.seq > after)
    return (await session.execute(query)).all()


def _leaf(row: Any, lines: Sequence[dict[str, str | None]]) -> bytes | None:
    if row.id is None:
        return None
    return leaves.written(leaves.values(leaves.ENTRY, row[4:]), lines)
