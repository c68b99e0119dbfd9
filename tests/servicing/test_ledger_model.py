"""The ledger against a model of it: whatever is asked, in whatever order, both agree afterwards.

What is wrong is refused by the database itself, also when nobody asks our own functions first.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import create_engine, sessions_of, unit_of_work
from kit.ids import new_id
from kit.money import Money
from servicing.ledger import balances, pending, posting
from servicing.ledger.chart import CASHES, FLOORED, Account, Side, side_of
from servicing.ledger.models import Entry, LoanBalance
from servicing.ledger.rules import RULES, Event

ON = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "12"))

amounts = st.integers(1, 500)
events = st.sampled_from(list(Event))
cashes = st.sampled_from(CASHES)
# What a clumsy or hostile hand may try on rows that are there, and on rows that are not.
RAW = {
    "change a line": "UPDATE ledger_lines SET amount_minor = amount_minor + 1 WHERE {line}",
    "change an entry": "UPDATE ledger_entries SET posted_on = '2020-01-01' WHERE {entry}",
    "delete a line": "DELETE FROM ledger_lines WHERE {line}",
    "delete an entry": "DELETE FROM ledger_entries WHERE {entry}",
    "write an entry twice": (
        "INSERT INTO ledger_entries SELECT * FROM ledger_entries WHERE {entry}"
    ),
    "join a line to an entry": (
        "INSERT INTO ledger_lines (id, entry_id, event, debit, credit, amount_minor, currency,"
        " loan_id) SELECT {new}, entry_id, event, debit, credit, 1, currency, loan_id"
        " FROM ledger_lines WHERE {line}"
    ),
    "an entry without lines": (
        "INSERT INTO ledger_entries (id, reference, body_sha256, kind, posted_on, created_at)"
        " SELECT {new}, 'bare', body_sha256, kind, posted_on, created_at"
        " FROM ledger_entries WHERE {entry}"
    ),
    "delete a balance": "DELETE FROM ledger_loan_balances WHERE {loan}",
    "change a balance": "UPDATE ledger_loan_balances SET net_minor = net_minor + 1 WHERE {loan}",
    "count a line once more": (
        "UPDATE ledger_loan_balances SET line_id = line.id, net_minor = net_minor + line.minor FROM"
        " (SELECT id, amount_minor AS minor FROM ledger_lines WHERE {line}) AS line WHERE {loan}"
    ),
    "make a balance up": (
        "INSERT INTO ledger_loan_balances (loan_id, account, currency, net_minor)"
        " VALUES ({new}, 'loan_principal', 'KES', 5)"
    ),
    "change what is on its way": "UPDATE ledger_pendings SET amount_minor = 1 WHERE {pending}",
    "delete what is on its way": "DELETE FROM ledger_pendings WHERE {pending}",
    "change a resolution": "UPDATE ledger_resolutions SET entry_id = NULL WHERE {resolution}",
    "delete a resolution": "DELETE FROM ledger_resolutions WHERE {resolution}",
    "resolve twice": (
        "INSERT INTO ledger_resolutions (pending_id, created_at)"
        " SELECT pending_id, created_at FROM ledger_resolutions WHERE {resolution}"
    ),
}
LINE = (
    "INSERT INTO ledger_lines"
    " (id, entry_id, event, debit, credit, amount_minor, currency, loan_id)"
    " VALUES ({new}, {new}, 'fee_due', '{debit}', '{credit}', {amount}, '{currency}', {loan})"
)
WRONG_LINES: dict[str, dict[str, Any]] = {
    "of nothing": {"amount": 0},
    "of less than nothing": {"amount": -7},
    "from an account to itself": {"debit": "fee_income", "credit": "fee_income"},
    "of no currency": {"currency": "K"},
    "to an account that is not charted": {"credit": "pocket"},
    "of less than one minor unit": {"amount": "0.4"},
    "of words": {"amount": "'five'"},
    "owed by no loan": {"loan": "NULL"},
    "without an entry": {},
    "from no loan's debt": {"debit": "cash_wallet", "credit": "loan_principal", "loan": "NULL"},
}
ENTRY = (
    "INSERT INTO ledger_entries (id, reference, body_sha256, kind, posted_on, loan_id, created_at)"
    " VALUES ({new}, {new}, '', 'accrual', '2026-11-20', {other}, '2026-11-20 09:00:00')"
)


class Ledger(RuleBasedStateMachine):
    """`url` is set by the test. Each example has loans of its own; accounts are counted from where
    the example before has left them."""

    url: str
    entries = Bundle("entries")
    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.engine = create_engine(self.url)
        self.sessions = sessions_of(self.engine)
        self.loans = [new_id(), new_id()]
        self.stands: dict[tuple[UUID, Account], int] = defaultdict(int)
        self.cash: dict[Account, list[int]] = {account: [0, 0] for account in CASHES}
        self.reversed: set[UUID] = set()
        self.written = 0

    def teardown(self) -> None:
        self.runner.run(self.engine.dispose())
        self.runner.close()

    def does(self, work: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            async with unit_of_work(self.sessions) as session:
                return await work(session)

        return self.runner.run(whole())

    def refuses(self, statement: str) -> None:
        """The database does, at the statement or at the end of the transaction."""
        with pytest.raises(IntegrityError):
            self.does(lambda session: session.execute(text(statement)))

    def refuses_at_once(self, *before: str, statement: str) -> None:
        """The statement itself, whatever was still to come."""

        async def attempt() -> None:
            async with self.sessions() as session:
                for each in before:
                    await session.execute(text(each))
                with pytest.raises((IntegrityError, DataError)):
                    await session.execute(text(statement))

        self.runner.run(attempt())

    @initialize()
    def begins(self) -> None:
        async def look(session: AsyncSession) -> dict[tuple[Account, str], balances.Cash]:
            return await balances.cash(session, accounts=CASHES)

        for (account, currency), stands in self.does(look).items():
            assert currency == "KES"
            self.cash[account] = [stands.posted_minor, stands.pending_out_minor]

    @rule(
        target=entries,
        loan=st.integers(0, 1),
        moves=st.lists(st.tuples(events, amounts), min_size=1, max_size=3),
        cash=cashes,
    )
    def post(self, loan: int, moves: list[tuple[Event, int]], cash: Account) -> Any:
        """Events of the first one's kind; refused when an account of the loan would end below."""
        kind = RULES[moves[0][0]].kind
        moves = [(event, minor) for event, minor in moves if RULES[event].kind is kind]
        lines = [(*posting.accounts_of(event, cash), minor) for event, minor in moves]
        self.written += 1
        reference = f"{self.loans[loan]}:{self.written}"

        async def write(session: AsyncSession) -> Entry:
            return await posting.post(
                session, kind, *((event, Money(minor, "KES")) for event, minor in moves),
                reference=reference, on=ON, now=NOW, loan_id=self.loans[loan], cash=cash,
            )  # fmt: skip

        if not self.may(loan, lines):
            with pytest.raises(IntegrityError):
                self.does(write)
            return multiple()
        entry = self.does(write)
        self.moves(loan, lines)
        assert self.does(write).id == entry.id  # Said twice, it is there once.
        return (entry.id, loan, lines)

    @rule(entry=entries, changed=amounts)
    def reuse_a_reference(self, entry: Any, changed: int) -> None:
        async def write(session: AsyncSession) -> None:
            known = await session.get_one(Entry, entry[0])
            lines = await posting.lines_of(session, known)
            amount = Money(lines[0].amount_minor + changed, "KES")
            await posting.post(
                session, known.kind, (lines[0].event, amount), reference=known.reference,
                on=ON, now=NOW, loan_id=known.loan_id,
            )  # fmt: skip

        with pytest.raises(posting.ReferenceReused):
            self.does(write)

    @rule(entry=entries)
    def reverse(self, entry: Any) -> None:
        entry_id, loan, lines = entry

        async def undo(session: AsyncSession) -> UUID:
            known = await session.get_one(Entry, entry_id)
            return (await posting.reverse(session, known, on=ON, now=NOW)).id

        back = [(credit, debit, minor) for debit, credit, minor in lines]
        if entry_id in self.reversed:
            self.does(undo)  # As often as one likes: it is undone once.
        elif self.may(loan, back):
            self.does(undo)
            self.moves(loan, back)
            self.reversed.add(entry_id)
        else:
            with pytest.raises(IntegrityError):
                self.does(undo)

    @rule(target=held, minor=amounts, cash=cashes)
    def hold(self, minor: int, cash: Account) -> Any:
        self.written += 1
        reference = f"disbursement:{self.loans[0]}:{self.written}"

        async def promise(session: AsyncSession) -> None:
            for _ in range(2):
                await pending.hold(
                    session, Event.PRINCIPAL_DISBURSED, Money(minor, "KES"), reference=reference,
                    now=NOW, loan_id=self.loans[0], cash=cash,
                )  # fmt: skip

        self.does(promise)
        self.cash[cash][1] += minor
        return (reference, minor, cash)

    @rule(given=consumes(held), off=st.sampled_from([0, 0, 1, -1]))
    def arrive(self, given: Any, off: int) -> None:
        """Posted by an entry that moves just as much, and by no other."""
        reference, minor, cash = given

        async def settle(session: AsyncSession) -> None:
            await self.pays_out(session, reference, minor + off, cash)
            await pending.resolve(session, reference, now=NOW)

        if off:
            if minor + off:
                with pytest.raises(IntegrityError):
                    self.does(settle)
            self.gives_up(reference, minor, cash)
            return
        self.does(settle)
        self.cash[cash][1] -= minor
        self.moves(0, [(Account.PRINCIPAL, cash, minor)])
        with pytest.raises(IntegrityError):
            self.resolves(reference)

    def resolves(self, reference: str) -> None:
        self.does(lambda session: pending.resolve(session, reference, now=NOW))

    @rule(given=consumes(held))
    def fail(self, given: Any) -> None:
        self.gives_up(*given)

    def gives_up(self, reference: str, minor: int, cash: Account) -> None:
        """What is void stays void: neither is it resolved again nor posted after all."""
        self.resolves(reference)
        self.cash[cash][1] -= minor
        with pytest.raises(IntegrityError):
            self.resolves(reference)
        with pytest.raises(IntegrityError, match="void is not posted"):
            self.does(lambda session: self.pays_out(session, reference, minor, cash))

    async def pays_out(
        self, session: AsyncSession, reference: str, minor: int, cash: Account
    ) -> None:
        event = Event.PRINCIPAL_DISBURSED
        await posting.post(
            session, RULES[event].kind, (event, Money(minor, "KES")),
            reference=reference, on=ON, now=NOW, loan_id=self.loans[0], cash=cash,
        )  # fmt: skip

    @rule(given=consumes(held))
    def resolve_by_hand(self, given: Any) -> None:
        """Not by the entry of another name, and not void when its own is there."""
        reference, promised, cash = given
        other = f"{reference}:other"
        resolution = (
            "INSERT INTO ledger_resolutions (pending_id, entry_id, created_at)"
            " SELECT pending.id, {entry}, pending.created_at FROM ledger_pendings AS pending"
            f" WHERE pending.reference = '{reference}'"
        )
        entry = f"(SELECT id FROM ledger_entries WHERE reference = '{other}')"
        self.does(lambda session: self.pays_out(session, other, promised, cash))
        self.does(lambda session: self.pays_out(session, reference, promised, cash))
        for wrong in (entry, "NULL"):
            self.refuses_at_once(statement=resolution.format(entry=wrong))
        self.resolves(reference)
        self.cash[cash][1] -= promised
        self.moves(0, [(Account.PRINCIPAL, cash, promised)] * 2)

    @precondition(lambda self: self.reversed or any(self.stands.values()))
    @rule(what=st.sampled_from(sorted(RAW)))
    def lay_hands_on(self, what: str) -> None:
        """Where the statement finds rows of this example, the database refuses it."""
        mine = f"loan_id IN ({', '.join(self.named(loan) for loan in self.loans)})"
        places = {
            "line": mine,
            "entry": mine,
            "loan": mine,
            "pending": mine,
            "resolution": f"pending_id IN (SELECT id FROM ledger_pendings WHERE {mine})",
            "new": self.named(new_id()),
        }
        for place in ("pending", "resolution"):
            if f"{{{place}}}" in RAW[what] and not self.has(f"ledger_{place}s", places[place]):
                return
        self.refuses(RAW[what].format(**places))

    def has(self, table: str, where: str) -> bool:
        count = text(f"SELECT count(*) FROM {table} WHERE {where}")
        return bool(self.does(lambda session: session.scalar(count)))

    @rule(what=st.sampled_from(sorted(WRONG_LINES)))
    def write_a_wrong_line(self, what: str) -> None:
        right = {"debit": "fees_receivable", "credit": "fee_income", "amount": 5, "currency": "KES",
                 "loan": self.named(self.loans[0]), "new": self.named(new_id())}  # fmt: skip
        if what == "without an entry":
            self.refuses(LINE.format(**right))
        else:
            self.refuses_at_once(statement=LINE.format(**(right | WRONG_LINES[what])))

    @rule()
    def write_an_entry_of_another_loan(self) -> None:
        named = {"new": self.named(new_id()), "other": self.named(self.loans[1])}
        line = LINE.format(
            debit="fees_receivable", credit="fee_income", amount=5, currency="KES",
            loan=self.named(self.loans[0]), **named,
        )  # fmt: skip
        self.refuses_at_once(line, statement=ENTRY.format(**named))

    @precondition(lambda self: any(self.stands.values()))
    @rule()
    def pay_in_another_currency(self) -> None:
        loan, _ = next(key for key, minor in self.stands.items() if minor)

        async def write(session: AsyncSession) -> None:
            event = Event.INTEREST_ACCRUED
            await posting.post(
                session, RULES[event].kind, (event, Money(5, "USD")),
                reference=f"{loan}:usd", on=ON, now=NOW, loan_id=loan,
            )  # fmt: skip

        with pytest.raises(IntegrityError, match="one currency"):
            self.does(write)

    @invariant()
    def agrees(self) -> None:
        async def look(session: AsyncSession) -> tuple[Any, ...]:
            of_loans = select(LoanBalance).where(LoanBalance.loan_id.in_(self.loans))
            kept = {(row.loan_id, row.account): row for row in await session.scalars(of_loans)}
            sums = await balances.of_loans(session, self.loans)
            cash = await balances.cash(session, accounts=CASHES)
            return kept, sums, cash, await balances.trial_balance(session)

        kept, sums, cash, trial = self.does(look)
        for loan in self.loans:
            for account in FLOORED:
                assert sums[loan][account] == self.stands[loan, account] >= 0
                row = kept.get((loan, account))
                assert (row.net_minor if row else 0) == self.stands[loan, account]
        for account, (posted, out) in self.cash.items():
            found = cash.get((account, "KES"), balances.Cash(0, 0))
            assert (found.posted_minor, found.pending_out_minor) == (posted, out), account
        assert sum(row.debit_minor - row.credit_minor for row in trial) == 0

    def may(self, loan: int, lines: list[tuple[Account, Account, int]]) -> bool:
        after = {account: self.stands[self.loans[loan], account] for account in FLOORED}
        for account, change in changes(lines):
            if account in after:
                after[account] += change
        return min(after.values()) >= 0

    def moves(self, loan: int, lines: list[tuple[Account, Account, int]]) -> None:
        for account, change in changes(lines):
            if account in FLOORED:
                self.stands[self.loans[loan], account] += change
            elif account in CASHES:
                self.cash[account][0] += change

    def named(self, key: UUID) -> str:
        return f"'{key.hex if self.engine.dialect.name == 'sqlite' else key}'"


def changes(lines: list[tuple[Account, Account, int]]) -> list[tuple[Account, int]]:
    """What each line adds to each of its accounts, on the side on which it grows."""
    return [
        (account, minor if side_of(account) is side else -minor)
        for debit, credit, minor in lines
        for account, side in ((debit, Side.DEBIT), (credit, Side.CREDIT))
    ]


def test_agrees_with_its_model(database_url: str) -> None:
    run_state_machine_as_test(
        type("LedgerHere", (Ledger,), {"url": database_url}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
