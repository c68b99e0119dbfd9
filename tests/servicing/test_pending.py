"""Money on its way is promised when the rail is asked, and posted or void when its end is known."""

import random

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import jobs
from kit.db import unit_of_work
from servicing import disbursements
from servicing.ledger import balances, invariants, pending
from servicing.ledger.balances import Cash
from servicing.ledger.chart import Account
from servicing.ledger.models import Pending, Resolution
from servicing.rails.base import Ack, AckStatus
from tests.servicing.lending import Lender, kes
from tests.servicing.test_tampering import changed, drop_triggers

WALLET = (Account.CASH_WALLET, "KES")
PAID = kes(29_200).minor


async def cash(lender: Lender) -> Cash:
    async with lender.sessions() as session:
        return (await balances.cash(session)).get(WALLET, Cash(0, 0))


class TestAPayout:
    async def test_is_promised_before_the_rail_is_asked(self, lender: Lender) -> None:
        lender.rail.acks = [Ack(AckStatus.UNKNOWN)] * 9
        loan = await lender.opens()
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)

        assert await cash(lender) == Cash(0, PAID)
        await lender.verifies()

    async def test_is_posted_when_it_arrives(self, lender: Lender) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)
        assert await cash(lender) == Cash(0, PAID)

        await lender.arrives(loan)

        assert await cash(lender) == Cash(-PAID, 0)
        await lender.verifies()

    async def test_is_void_when_it_fails(self, lender: Lender) -> None:
        lender.rail.acks = [Ack(AckStatus.REJECTED, code="unknown_account")]
        loan = await lender.opens()
        await lender.pays_out(loan)

        assert await cash(lender) == Cash(0, 0)
        await lender.verifies()

    async def test_that_never_left_is_still_promised(self, lender: Lender) -> None:
        """It goes again: nobody else may have its money meanwhile."""
        lender.rail.acks = [Ack(AckStatus.NOT_SENT)] * 9
        loan = await lender.opens()
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)

        assert await cash(lender) == Cash(0, PAID)
        async with unit_of_work(lender.sessions) as session:
            await disbursements.stop(session, loan.id, actor="system", now=lender.now)
        assert await cash(lender) == Cash(0, 0)
        await lender.verifies()


class TestTheBooks:
    async def test_miss_what_was_sent_and_is_not_on_its_way(self, lender: Lender) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)
        async with unit_of_work(lender.sessions) as session:
            held = (await pending.list_open(session))[0]
            await pending.resolve(session, held.reference, now=lender.now)

        async with lender.sessions() as session:
            found = await invariants.verify(session)
        assert [each.rule for each in found] == ["pending_is_sent"]

    async def test_find_any_bit_of_what_was_promised(self, lender: Lender) -> None:
        """By whoever could take the guards away; but for when it was promised, and for its own
        number, as long as nothing names that."""
        lender.rail.acks = [Ack(AckStatus.REJECTED, code="unknown_account")]
        await lender.pays_out(await lender.opens())
        lender.rail.acks = [Ack(AckStatus.ACCEPTED, "W2"), Ack(AckStatus.ACCEPTED, "W3")]
        await lender.lends()
        await lender.pays_out(await lender.opens())
        dice, unnoticed, found = random.Random(7), [], 0

        for table, key, column in PROMISED * 6:
            async with lender.sessions() as session:
                connection = await session.connection()
                await unguard(connection)
                rows = await connection.execute(
                    sa.text(f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL")
                )
                name, value = dice.choice(rows.all())
                new = changed(value, dice)
                await connection.execute(
                    sa.text(f"UPDATE {table} SET {column} = :new WHERE {key} = :key"),
                    {"new": new, "key": name},
                )
                found += 1
                if not await invariants.verify(session):
                    unnoticed.append(f"{table}.{column}: {value!r} became {new!r}")
                await session.rollback()

        assert unnoticed == []
        assert found == 6 * len(PROMISED)
        await lender.verifies()


PROMISED = [
    *(
        ("ledger_pendings", "id", column.key)
        for column in sa.inspect(Pending).columns
        if column.key not in {"id", "created_at"}
    ),
    *(
        ("ledger_resolutions", "pending_id", column.key)
        for column in sa.inspect(Resolution).columns
        if column.key != "created_at"
    ),
]
"""Table, its key, and what is changed."""


async def unguard(connection: AsyncConnection) -> None:
    """For this transaction."""
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        return
    await connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    await drop_triggers(connection)
