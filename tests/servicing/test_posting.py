"""Entries are whole, written once under their reference, and never changed, on both databases."""

from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from kit.db import sessions_of, unit_of_work
from kit.ids import new_id
from kit.money import Money
from servicing.ledger import balances, posting
from servicing.ledger.chart import Account
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import RULES, EntryKind, Event

ON = date(2026, 11, 20)
LOAN = new_id()


def kes(major: int) -> Money:
    return Money(major * 100, "KES")


async def paid(session: AsyncSession, now: datetime, amount: int = 100, **changed: Any) -> Entry:
    parts = [(Event.PRINCIPAL_REPAID, kes(amount)), (Event.INTEREST_REPAID, kes(7))]
    given: dict[str, Any] = {"reference": "repayment:1", "on": ON, "now": now, "loan_id": LOAN}
    return await posting.post(session, EntryKind.REPAYMENT, *parts, **(given | changed))


async def owed(session: AsyncSession, now: datetime) -> None:
    """The debt that `paid` repays: nobody may repay what nobody owes."""
    for event, major in ((Event.DEBT_TAKEN_OVER, 100), (Event.INTEREST_ACCRUED, 7)):
        await posting.post(
            session, RULES[event].kind, (event, kes(major)),
            reference=f"{event}:1", on=ON, now=now, loan_id=LOAN,
        )  # fmt: skip


class TestPost:
    async def test_moves_money_by_the_rules(self, session: AsyncSession, now: datetime) -> None:
        await paid(session, now)

        stands = await balances.of_loan(session, LOAN)
        assert stands[Account.CASH_WALLET] == 107_00
        assert stands[Account.PRINCIPAL] == -100_00
        assert stands[Account.INTEREST] == -7_00

    async def test_twice_is_once(self, session: AsyncSession, now: datetime) -> None:
        first = await paid(session, now)

        assert await paid(session, now) is first
        assert len(await posting.lines_of(session, first)) == 2

    @pytest.mark.parametrize(
        "changed", [{"amount": 101}, {"on": date(2026, 11, 21)}, {"loan_id": None}]
    )
    async def test_refuses_the_reference_with_another_body(
        self, session: AsyncSession, now: datetime, changed: dict[str, Any]
    ) -> None:
        await paid(session, now)

        with pytest.raises(posting.ReferenceReused):
            await paid(session, now, **changed)

    async def test_leaves_out_what_is_zero(self, session: AsyncSession, now: datetime) -> None:
        entry = await paid(session, now, amount=0)

        (line,) = await posting.lines_of(session, entry)
        assert line.event is Event.INTEREST_REPAID

    async def test_refuses_to_move_nothing(self, session: AsyncSession, now: datetime) -> None:
        with pytest.raises(AssertionError, match="moves nothing"):
            await posting.post(
                session, EntryKind.REPAYMENT, (Event.FEE_REPAID, kes(0)),
                reference="x", on=ON, now=now,
            )  # fmt: skip


class TestReverse:
    async def test_brings_every_balance_back(self, session: AsyncSession, now: datetime) -> None:
        entry = await paid(session, now)
        undone = await posting.reverse(session, entry, on=ON, now=now)

        assert not any((await balances.of_loan(session, LOAN)).values())
        assert undone.reverses_id == entry.id

    async def test_twice_is_once(self, session: AsyncSession, now: datetime) -> None:
        entry = await paid(session, now)
        undone = await posting.reverse(session, entry, on=ON, now=now)

        assert await posting.reverse(session, entry, on=ON, now=now) is undone

    async def test_of_a_reversal_is_refused(self, session: AsyncSession, now: datetime) -> None:
        undone = await posting.reverse(session, await paid(session, now), on=ON, now=now)

        with pytest.raises(posting.AlreadyReversed):
            await posting.reverse(session, undone, on=ON, now=now)


class TestTrialBalance:
    async def test_has_equal_sides(self, session: AsyncSession, now: datetime) -> None:
        await paid(session, now)

        rows = await balances.trial_balance(session)
        assert sum(row.debit_minor for row in rows) == sum(row.credit_minor for row in rows) > 0

    async def test_leaves_out_what_was_posted_later(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await paid(session, now)

        assert await balances.trial_balance(session, until=date(2026, 11, 19)) == []


def _copy_of(table: str, **changed: str) -> str:
    columns = {
        "ledger_entries": "reference, body_sha256, kind, posted_on, created_at, id",
        "ledger_lines": "entry_id, event, debit, credit, amount_minor, currency, loan_id, id",
    }[table]
    values = ", ".join(changed.get(name, name) for name in columns.split(", "))
    return f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}"


NEW = "'ffffffffffffffffffffffffffffffff'"
REFUSED = {
    "changed entry": ("UPDATE ledger_entries SET posted_on = '2020-01-01'", "never changed"),
    "changed line": ("UPDATE ledger_lines SET amount_minor = 1", "never changed"),
    "deleted entry": ("DELETE FROM ledger_entries", "never changed"),
    "deleted line": ("DELETE FROM ledger_lines", "never changed"),
    "line added later": (_copy_of("ledger_lines", id=NEW), "already written"),
    "entry without lines": (
        _copy_of("ledger_entries", id=NEW, reference="'other'"),
        "needs its lines",
    ),
    "lower floor": ("INSERT INTO ledger_floors (holds) VALUES (0)", "the floor is nothing"),
    "changed floor": ("UPDATE ledger_floors SET holds = 0", "never changed"),
    "deleted floor": ("DELETE FROM ledger_floors", "never changed"),
    "changed chart": ("UPDATE ledger_accounts SET type = 'income'", "never changed"),
    "shorter chart": (
        "DELETE FROM ledger_accounts WHERE code = 'goodwill_expense'",
        "never changed",
    ),
}


@pytest.fixture
async def written(engine: AsyncEngine, now: datetime) -> AsyncEngine:
    async with unit_of_work(sessions_of(engine)) as session:
        await owed(session, now)
        await paid(session, now)
    return engine


class TestTheDatabase:
    @pytest.mark.parametrize(("statement", "why"), REFUSED.values(), ids=REFUSED.keys())
    async def test_refuses(self, written: AsyncEngine, statement: str, why: str) -> None:
        with pytest.raises(IntegrityError, match=why):
            async with written.begin() as connection:
                await connection.execute(sa.text(statement))

        async with sessions_of(written)() as session:
            assert (await balances.of_loan(session, LOAN))[Account.CASH_WALLET] == 107_00

    @pytest.mark.parametrize("table", ["ledger_entries", "ledger_lines"])
    async def test_refuses_its_own_way_around(self, written: AsyncEngine, table: str) -> None:
        """TRUNCATE fires no delete trigger for rows, nor does INSERT OR REPLACE."""
        statement = f"TRUNCATE {table} CASCADE"
        if written.dialect.name == "sqlite":
            statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"

        with pytest.raises(IntegrityError, match="never changed"):
            async with written.begin() as connection:
                await connection.execute(sa.text(statement))

    async def test_takes_no_balance_from_a_hand(self, written: AsyncEngine) -> None:
        """Not even while an entry is being written, by the very line that has moved it."""
        line = (
            "INSERT INTO ledger_lines (id, entry_id, event, debit, credit, amount_minor, currency,"
            f" loan_id) VALUES ({NEW}, {NEW}, 'interest_accrued', 'interest_receivable',"
            " 'interest_income', 5, 'KES', (SELECT max(loan_id) FROM ledger_loan_balances))"
        )
        columns = "loan_id, account, currency, net_minor, line_id"
        by_hand = [
            f"UPDATE ledger_loan_balances SET net_minor = net_minor + 5, line_id = {NEW}"
            " WHERE account = 'interest_receivable'",
            f"INSERT OR REPLACE INTO ledger_loan_balances ({columns}) SELECT loan_id, account,"
            f" currency, 5, {NEW} FROM ledger_loan_balances WHERE account = 'interest_receivable'",
            "UPDATE ledger_loan_balances SET account = 'interest_income',"
            f" net_minor = net_minor - 5, line_id = {NEW} WHERE account = 'loan_principal'",
            f"INSERT INTO ledger_loan_balances ({columns}) SELECT loan_id, 'interest_income',"
            f" currency, -5, {NEW} FROM ledger_loan_balances WHERE account = 'loan_principal'",
        ]
        if written.dialect.name == "postgresql":
            line = line.replace("max(loan_id)", "max(loan_id::text)::uuid")
            by_hand = [hand for hand in by_hand if "OR REPLACE" not in hand]
        for statement in by_hand:
            async with written.connect() as connection:
                await connection.execute(sa.text(line))
                with pytest.raises(IntegrityError, match="follow from ledger lines"):
                    await connection.execute(sa.text(statement))

    @pytest.mark.parametrize(
        ("wrong", "constraint"),
        [
            ({"amount_minor": 0}, "amount_is_positive"),
            ({"amount_minor": -5}, "amount_is_positive"),
            ({"debit": Account.CASH_WALLET, "credit": Account.CASH_WALLET}, "accounts_differ"),
            ({"currency": "KE"}, "currency_is_iso"),
        ],
    )
    async def test_refuses_a_wrong_line(
        self, session: AsyncSession, wrong: dict[str, Any], constraint: str
    ) -> None:
        right = {"entry_id": new_id(), "event": Event.FEE_REPAID, "debit": Account.CASH_WALLET,
                 "credit": Account.FEES, "amount_minor": 5, "currency": "KES",
                 "loan_id": LOAN}  # fmt: skip
        session.add(Line(**(right | wrong)))

        with pytest.raises(IntegrityError, match=constraint):
            await session.flush()

    async def test_refuses_an_account_that_is_not_charted(self, engine: AsyncEngine) -> None:
        statement = (
            "INSERT INTO ledger_lines (id, entry_id, event, debit, credit, amount_minor, currency,"
            f" loan_id) VALUES ({NEW}, {NEW}, 'fee_repaid', 'pocket', 'loan_principal', 5, 'KES',"
            f" {NEW})"
        )
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
            async with engine.begin() as connection:
                await connection.execute(sa.text(statement))

    async def test_refuses_a_line_without_an_entry(self, engine: AsyncEngine) -> None:
        async def leave_it_alone() -> None:
            async with unit_of_work(sessions_of(engine)) as session:
                session.add(
                    Line(entry_id=new_id(), event=Event.FEE_REPAID, debit=Account.CASH_WALLET,
                         credit=Account.FEES, amount_minor=5, currency="KES", loan_id=LOAN)
                )  # fmt: skip

        with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
            await leave_it_alone()
