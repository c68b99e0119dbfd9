"""Entries to seal, and checkpoints signed over them."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import Vault, vault_of
from kit.ids import new_id
from kit.money import Money
from servicing.ledger import posting, sealing
from servicing.ledger.models import Checkpoint, Entry, Seal
from servicing.ledger.rules import EntryKind, Event
from tests.servicing.lending import kes

ON = date(2026, 11, 20)


async def posts(session: AsyncSession, now: datetime, count: int, **changed: Any) -> list[Entry]:
    kind, *events = EntryKind.REPAYMENT, Event.PRINCIPAL_REPAID, Event.INTEREST_REPAID
    if "loan_id" not in changed:  # What is owed is of a loan, and nobody owes anything here.
        kind, *events = EntryKind.FUNDING, Event.CAPITAL_PAID_IN, Event.RETURN_EARNED
    parts = list(zip(events, (Money(100, "KES"), kes(1)), strict=True))
    posted = []
    for _ in range(count):
        given: dict[str, Any] = {"reference": f"repayment:{new_id()}", "on": ON, "now": now}
        posted.append(await posting.post(session, kind, *parts, **(given | changed)))
    return posted


async def signs(session: AsyncSession, now: datetime) -> Checkpoint:
    signer = vault_of(session).signer
    assert signer is not None
    made = await sealing.sign(session, signer, now=now)
    assert made is not None
    return made


async def seals(session: AsyncSession) -> list[Seal]:
    return list(await session.scalars(sa.select(Seal).order_by(Seal.seq)))


def key_of(vault: Vault) -> str:
    assert vault.signer is not None
    return vault.signer.public
