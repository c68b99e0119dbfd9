"""Tables of the ledger. Their triggers are installed when the tables are made."""

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, Row
from kit.money import Money
from servicing.ledger import chart, triggers
from servicing.ledger.chart import Account, AccountType, Side
from servicing.ledger.rules import EntryKind, Event


class LedgerAccount(Base):
    __tablename__ = "ledger_accounts"

    code: Mapped[Account] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    type: Mapped[AccountType]
    normal_side: Mapped[Side]


class Entry(Row):
    """One business fact. It is written after its lines, and a trigger asks for them: an entry is
    complete when it appears, and no line can join it later."""

    __tablename__ = "ledger_entries"

    reference: Mapped[str] = mapped_column(String(120), unique=True)
    """The natural key of the fact: posting it twice hits this constraint."""
    body_sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[EntryKind]
    posted_on: Mapped[date] = mapped_column(index=True)
    """The lender's business date, not the moment of writing."""
    loan_id: Mapped[UUID | None] = mapped_column(index=True)
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    """An entry is reversed at most once."""
    created_at: Mapped[datetime]


class Line(Row):
    __tablename__ = "ledger_lines"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        CheckConstraint("debit <> credit", name="accounts_differ"),
        CheckConstraint("length(currency) = 3", name="currency_is_iso"),
    )

    # Checked at commit, because lines come before their entry.
    entry_id: Mapped[UUID] = mapped_column(
        ForeignKey("ledger_entries.id", deferrable=True, initially="DEFERRED"), index=True
    )
    event: Mapped[Event]
    debit: Mapped[Account] = mapped_column(ForeignKey("ledger_accounts.code"), index=True)
    credit: Mapped[Account] = mapped_column(ForeignKey("ledger_accounts.code"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    loan_id: Mapped[UUID | None] = mapped_column(index=True)
    """The entry's loan once more, so that a loan's balance is one indexed sum."""

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Pending(Row):
    """Money that is on its way, promised to one purpose. It is on no account yet; what becomes of
    it is its resolution."""

    __tablename__ = "ledger_pendings"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        CheckConstraint("debit <> credit", name="accounts_differ"),
        CheckConstraint("length(currency) = 3", name="currency_is_iso"),
    )

    reference: Mapped[str] = mapped_column(String(120), unique=True)
    """Of the entry that will post it."""
    event: Mapped[Event]
    debit: Mapped[Account] = mapped_column(ForeignKey("ledger_accounts.code"))
    credit: Mapped[Account] = mapped_column(ForeignKey("ledger_accounts.code"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    loan_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class Resolution(Base):
    """What became of money on its way: posted by an entry, or void. Once."""

    __tablename__ = "ledger_resolutions"

    pending_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_pendings.id"), primary_key=True)
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    """None: void."""
    created_at: Mapped[datetime]


class Floor(Base):
    """One row, the only value that `LoanBalance.is_covered` may have when a transaction ends."""

    __tablename__ = "ledger_floors"

    holds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class LoanBalance(Base):
    """What stands on an account of one loan, kept by triggers. It may never end below nothing."""

    __tablename__ = "ledger_loan_balances"

    loan_id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[Account] = mapped_column(ForeignKey("ledger_accounts.code"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    net_minor: Mapped[int] = mapped_column(BigInteger)
    """On the side on which the account grows."""
    line_id: Mapped[UUID | None]
    """In SQLite the line that moved it last, by which a trigger tells lines from hands."""
    # Told again from its beginning, a loan may be below nothing between two entries. No database
    # defers a check; both defer a reference.
    is_covered: Mapped[int] = mapped_column(
        ForeignKey("ledger_floors.holds", deferrable=True, initially="DEFERRED"),
        Computed("CASE WHEN net_minor >= 0 THEN 1 ELSE 0 END", persisted=True),
    )


class Seal(Base):
    """An entry's place in the chain and in the tree. Entries are sealed after they are posted."""

    __tablename__ = "ledger_seals"
    __table_args__ = (
        CheckConstraint("length(hashes) % 32 = 0", name="hashes_are_whole"),
        CheckConstraint("length(chain) = 32", name="chain_is_a_hash"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Counted from one: the size of the tree with this entry."""
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    """The tree's nodes that this leaf finishes, from the leaf upwards, 32 bytes each."""
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the seal before and this leaf."""


class Checkpoint(Base):
    """The tree at one size, signed. A copy outside shows whoever changes the past."""

    __tablename__ = "ledger_checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)
    """As C2SP tlog-checkpoint writes it: origin, size, root, and the signature."""
    created_at: Mapped[datetime]
    """For people: nothing vouches for it."""


def _install_chart(_: Any, connection: Connection, **__: Any) -> None:
    for statement in (*chart.statements(), *triggers.of_chart(connection.dialect.name)):
        connection.exec_driver_sql(statement)


def _install_triggers(_: Any, connection: Connection, **__: Any) -> None:
    for statement in triggers.statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def _install_floors(_: Any, connection: Connection, **__: Any) -> None:
    name = connection.dialect.name
    for statement in (*triggers.of_floors(name), *triggers.of_balances(name)):
        connection.exec_driver_sql(statement)


def _install_pending_triggers(_: Any, connection: Connection, **__: Any) -> None:
    for statement in triggers.of_pendings(connection.dialect.name):
        connection.exec_driver_sql(statement)


def _install_seal_triggers(_: Any, connection: Connection, **__: Any) -> None:
    for statement in triggers.of_seals(connection.dialect.name):
        connection.exec_driver_sql(statement)


event.listen(LedgerAccount.__table__, "after_create", _install_chart)
# The lines refer to entries, so both tables are there when this one has been made.
event.listen(Line.__table__, "after_create", _install_triggers)
cast(Table, LoanBalance.__table__).add_is_dependent_on(cast(Table, Line.__table__))
event.listen(LoanBalance.__table__, "after_create", _install_floors)
event.listen(Resolution.__table__, "after_create", _install_pending_triggers)
cast(Table, Checkpoint.__table__).add_is_dependent_on(cast(Table, Seal.__table__))
event.listen(Checkpoint.__table__, "after_create", _install_seal_triggers)
