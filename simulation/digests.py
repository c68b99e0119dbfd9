"""One hash over all that a world has come to: the same seed gives the same."""

import hashlib

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.audit import AuditEvent
from kit.db import Base
from notifications.models import Notification
from servicing import models
from servicing.closing.models import DayClose
from servicing.ledger.models import Entry, Line
from simulation.world import World

_TABLES: tuple[type[Base], ...] = (
    models.Loan, models.LoanEvent, models.Amendment, models.Installment, models.Repayment,
    models.Payout, models.PaymentRequest, models.RailEventRow, models.SuspenseItem,
    models.Incident, models.ReconciliationRun, models.ReconciliationBreak,
    DayClose, Entry, Line, AuditEvent, Notification,
)  # fmt: skip
_SEALED = {"account", "params"}
"""Sealed with keys of the moment: never the same twice."""


async def of(session: AsyncSession, world: World) -> str:
    found = hashlib.sha256()
    for model in _TABLES:
        table = model.__table__
        assert isinstance(table, Table)
        kept = [column for column in table.columns if column.name not in _SEALED]
        for row in await session.execute(select(*kept).order_by(*table.primary_key.columns)):
            found.update(repr(tuple(row)).encode())
    for rail in world.rails:
        for transfer in rail.transfers.values():
            found.update(repr(transfer).encode())
    return found.hexdigest()[:16]
