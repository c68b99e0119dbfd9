"""docs/ledger.md, the table of rules, and what the use cases really post are the same."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from kit.db import unit_of_work
from kit.ids import new_id
from servicing import repayments, suspense
from servicing.ledger import chart
from servicing.ledger.models import Entry, LedgerAccount, Line
from servicing.ledger.rules import RULES, EntryKind, Event
from tests.servicing.lending import Lender, kes

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


def rows_below(heading: str) -> list[list[str]]:
    section = DOCUMENT.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


class TestTheDocument:
    def test_shows_the_posting_rules(self) -> None:
        assert rows_below("Posting rules") == [
            [rule.kind, event, rule.debit, rule.credit, rule.when] for event, rule in RULES.items()
        ]

    def test_shows_the_chart(self) -> None:
        assert rows_below("Accounts") == [
            [each.account, each.name, each.type, each.type.normal_side] for each in chart.CHART
        ]


class TestTheChart:
    def test_has_every_account(self) -> None:
        assert [each.account for each in chart.CHART] == list(chart.Account)

    async def test_is_in_the_database(self, lender: Lender) -> None:
        async with lender.sessions() as session:
            rows = await session.scalars(select(LedgerAccount))
            assert {(row.code, row.name, row.type, row.normal_side) for row in rows} == {
                (each.account, each.name, each.type, each.type.normal_side) for each in chart.CHART
            }


class TestTheUseCases:
    async def test_post_every_rule_and_nothing_else(self, lender: Lender) -> None:
        await self.everything_happens(lender)

        async with lender.sessions() as session:
            found = await session.execute(
                select(Line.event, Entry.kind, Line.debit, Line.credit)
                .join(Entry, Entry.id == Line.entry_id)
                .where(Entry.kind != EntryKind.REVERSAL)
                .distinct()
            )
            posted = {event: (kind, debit, credit) for event, kind, debit, credit in found}
        assert posted == {
            event: (rule.kind, rule.debit, rule.credit) for event, rule in RULES.items()
        }
        assert posted.keys() == set(Event)

    async def everything_happens(self, lender: Lender) -> None:
        """A loan that is late, pays in advance, has a payment taken back, and pays too much."""
        loan = await lender.lends(installments=4)
        _, second, third, _ = await lender.schedule(loan)
        await lender.closes_days_until(second.due_on)
        late = await lender.receives(loan, (await lender.owed(loan)).gross)
        await lender.receives(loan, kes(2_000))
        async with unit_of_work(lender.sessions) as session:
            await repayments.reverse(
                session, late.id, actor="staff:1", reason="chargeback", on=lender.on,
                now=lender.now,
            )  # fmt: skip
        await lender.closes_days_until(second.due_on + timedelta(days=1))  # credit pays late fee
        await lender.receives(loan, (await lender.owed(loan)).gross + kes(11_000))
        await lender.closes_days_until(third.due_on + timedelta(days=1))
        await lender.receives(loan, kes(50_000))
        await self.a_payoff_waits_until_after_the_due_date(lender)
        await lender.verifies()
        async with unit_of_work(lender.sessions) as session:
            await suspense.receive(
                session, reference="wallet:W9", reason="unknown_reference", amount=kes(5),
                on=lender.on, now=lender.now,
            )  # fmt: skip
            *_, item = await suspense.list_open(session)
            for staff_id in (new_id(), new_id()):
                await suspense.refund(
                    session, item.id, reference="BANK-1", staff_id=staff_id, reason="sent back",
                    on=lender.on, now=lender.now,
                )  # fmt: skip

    async def a_payoff_waits_until_after_the_due_date(self, lender: Lender) -> None:
        loan = await lender.lends()
        first, *_ = await lender.schedule(loan)
        await lender.closes_days_until(first.due_on - timedelta(days=1))
        asked_on, payoff = lender.on, await lender.payoff(loan)
        await lender.closes_days_until(first.due_on + timedelta(days=1))
        await lender.receives(loan, payoff, asked_on=asked_on)
