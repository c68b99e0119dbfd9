"""Every borrower's face in memory, for an exact search: sealed in the database, open only here.

A search looks at each template, one byte a number: a million of 512 numbers take 512 MB. What it
finds is compared again with the template in the database, so an erased borrower is never found.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import PersonKey, PersonKeyRow, Vault
from kyc.faces import Template
from kyc.models import Verification
from kyc.verifications import template_place

Sealed: TypeAlias = Row[UUID, UUID, bytes | None, bytes | None, datetime | None]

_ID_BYTES = 16
_SCALE = 254
"""No number of a template of length 1 was ever beyond 0.5, which is stored as 127."""
_AT_ONCE = 2000
_LATE = timedelta(minutes=5)
"""A transaction may commit so long after the moment that it writes down."""


class Gallery:
    """Templates of one engine and whose they are."""

    def __init__(self) -> None:
        self._index: Any = None
        self._ids = bytearray()
        """Of verification and borrower, row by row."""

    def __len__(self) -> int:
        return len(self._ids) // (2 * _ID_BYTES)

    def add(self, owners: Sequence[tuple[UUID, UUID]], templates: NDArray[np.float32]) -> None:
        """Templates of verifications and their borrowers."""
        # Not before it is needed: not every program searches.
        import faiss

        if self._index is None:
            kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
            self._index = faiss.IndexScalarQuantizer(
                templates.shape[1], kind, faiss.METRIC_INNER_PRODUCT
            )
        self._index.add(_whole(templates))
        for verification_id, borrower_id in owners:
            self._ids += verification_id.bytes + borrower_id.bytes

    def remove(self, borrower_id: UUID) -> None:
        ids = self._table()
        (rows,) = np.nonzero((ids[:, 1] == np.frombuffer(borrower_id.bytes, np.uint8)).all(axis=1))
        if len(rows):
            self._index.remove_ids(rows.astype(np.int64))
            self._ids = bytearray(np.delete(ids, rows, axis=0).tobytes())

    def nearest(self, probe: Template, count: int) -> list[UUID]:
        """The verifications whose faces are most like the probe, nearest first."""
        if not len(self):
            return []
        _, rows = self._index.search(_whole(probe[np.newaxis]), min(count, len(self)))
        ids = self._table()
        found = [UUID(bytes=ids[row, 0].tobytes()) for row in rows[0] if row >= 0]
        return list(dict.fromkeys(found))

    def _table(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._ids, dtype=np.uint8).reshape(-1, 2, _ID_BYTES)


class _Copy:
    """A gallery of one database, and until when it was filled."""

    def __init__(self) -> None:
        self.gallery = Gallery()
        self.until: datetime | None = None
        self.recent: dict[UUID, datetime] = {}
        self.lock = asyncio.Lock()


_COPIES: WeakKeyDictionary[Engine | Connection, dict[str, _Copy]] = WeakKeyDictionary()


async def current(session: AsyncSession, vault: Vault, engine: str, *, now: datetime) -> Gallery:
    """The engine's gallery of this database, with what was written and erased since last time."""
    copies = _COPIES.setdefault(session.get_bind(), {})
    copy = copies.setdefault(engine, _Copy())
    async with copy.lock:
        since = None if copy.until is None else copy.until - _LATE
        await _read(session, vault, engine, copy, since)
        if since is not None:
            await _forget_erased(session, copy.gallery, since)
        copy.until = max(now, copy.until or now)
        copy.recent = {n: at for n, at in copy.recent.items() if at >= copy.until - 2 * _LATE}
    return copy.gallery


def opened(vault: Vault, row: Sealed) -> Template:
    """The template of a row of `sealed_templates`."""
    verification_id, borrower_id, template, wrapped, _ = row
    assert template is not None
    assert wrapped is not None
    key = PersonKey(vault.unwrap(f"person_keys.wrapped.{borrower_id}", wrapped))
    return np.frombuffer(key.open(template_place(verification_id), template), dtype=np.float32)


def sealed_templates(engine: str) -> Any:
    """Templates by this engine of borrowers who were not erased, with what opens them."""
    return (
        select(
            Verification.id,
            Verification.borrower_id,
            Verification.template,
            PersonKeyRow.wrapped,
            Verification.template_at,
        )
        .join(PersonKeyRow, PersonKeyRow.person_id == Verification.borrower_id)
        .where(
            Verification.template_engine == engine,
            Verification.template.is_not(None),
            PersonKeyRow.wrapped.is_not(None),
        )
    )


async def _read(
    session: AsyncSession, vault: Vault, engine: str, copy: _Copy, since: datetime | None
) -> None:
    wanted = sealed_templates(engine)
    if since is not None:
        wanted = wanted.where(Verification.template_at >= since)
    answer = await session.stream(wanted)
    async for rows in answer.partitions(_AT_ONCE):
        new = [row for row in rows if copy.recent.get(row.id) != row.template_at]
        if new:
            # Opening thousands of them takes a while.
            templates = await asyncio.to_thread(_stacked, vault, new)
            copy.gallery.add([(row.id, row.borrower_id) for row in new], templates)
            copy.recent.update((row.id, row.template_at) for row in new)


def _stacked(vault: Vault, rows: Sequence[Sealed]) -> NDArray[np.float32]:
    return np.stack([opened(vault, row) for row in rows])


async def _forget_erased(session: AsyncSession, gallery: Gallery, since: datetime) -> None:
    erased = select(PersonKeyRow.person_id).where(PersonKeyRow.destroyed_at >= since)
    for person_id in await session.scalars(erased):
        gallery.remove(person_id)


def _whole(templates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of length 1, as whole numbers of one byte."""
    lengths = np.linalg.norm(templates, axis=1, keepdims=True)
    return np.asarray(np.clip(np.rint(templates / lengths * _SCALE), -127, 127), dtype=np.float32)
