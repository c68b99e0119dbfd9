"""docs/ledger.md, the table of rules, and what the use cases really post are the same."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from kit.db import unit_of_work
from kit.ids import new_id
from servicing import hand_entries, happenings, living, queries, repayments, suspense
from servicing.events import Type
from servicing.funding.models import WithdrawalOf
from servicing.happenings import Happening
from servicing.ledger import chart
from servicing.ledger.chart import CASHES, Account
from servicing.ledger.models import Entry, LedgerAccount, Line
from servicing.ledger.rules import RULES, EntryKind, Event
from servicing.living import Act
from servicing.models import Loan
from servicing.rails.base import Direction, OutcomeStatus
from servicing.treasury import opening
from tests.servicing.funding.money import Treasury
from tests.servicing.lending import Lender, kes
from tests.servicing.test_amendments import amends
from tests.servicing.treasury_acts import NEXT, compares, incoming, open_breaks, two_act

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


def rows_below(heading: str) -> list[list[str]]:
    section = DOCUMENT.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def in_rules(account: Account) -> Account:
    """The rules name no rail."""
    return Account.CASH if account in CASHES else account


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
        assert [each.account for each in chart.CHART] == [
            account for account in Account if account is not Account.CASH
        ]

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
            posted = {
                event: (kind, in_rules(debit), in_rules(credit))
                for event, kind, debit, credit in found
            }
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
        await self.staff_change_loans_that_are_late(lender)
        await self.credit_meets_a_penalty(lender)
        await self.money_is_allocated_ahead(lender)
        await self.a_new_loan_pays_off_an_old_one(lender)
        await self.the_lender_moves_his_own(lender)
        await self.a_funder_earns_loses_and_leaves(lender)
        await self.a_rail_has_other_amounts(lender)
        await lender.verifies()
        async with unit_of_work(lender.sessions) as session:
            await suspense.receive(
                session, reference="wallet:W9", reason="unknown_reference", amount=kes(5),
                on=lender.on, now=lender.now,
            )  # fmt: skip
            *_, item = await suspense.list_open(session)
            for staff_id in (new_id(), new_id()):
                await suspense.refund(
                    session, item.id, reference="BANK-9", staff_id=staff_id, reason="sent back",
                    on=lender.on, now=lender.now,
                )  # fmt: skip

    async def a_rail_has_other_amounts(self, lender: Lender) -> None:
        charge = incoming("W1", "a charge", kes(1))
        await compares(lender, [replace(charge, direction=Direction.PAYOUT)])
        await lender.receives(await lender.lends(), kes(5), rail_reference="wallet:W2")
        await compares(lender, [incoming("W2", "too much", kes(6))], day=NEXT)
        for found in await open_breaks(lender):
            if found.category != "missing_at_rail":
                await two_act(lender, "write_off", found.id)

    async def the_lender_moves_his_own(self, lender: Lender) -> None:
        """And a part of the cash box is taken to a rail, which had some before it all began."""
        for staff_id in (new_id(), new_id()):
            async with unit_of_work(lender.sessions) as session:
                await opening.say(
                    session, rail="wallet", amount=kes(5), staff_id=staff_id, reason="was there",
                    on=lender.on, now=lender.now,
                )  # fmt: skip
        day = NEXT + timedelta(days=1)
        out = replace(incoming("W3", "", kes(1)), direction=Direction.PAYOUT)
        await compares(lender, [out, replace(out, status=OutcomeStatus.RETURNED)], day=day)
        for found in await open_breaks(lender):
            if found.reference == "W3":
                await two_act(lender, "own", found.id)
        async with unit_of_work(lender.sessions) as session:
            await hand_entries.receive(
                session, loan_id=(await lender.lends()).id, amount=kes(5), reference="box",
                on=lender.on, now=lender.now,
            )  # fmt: skip
        for of in suspense.Own:
            async with unit_of_work(lender.sessions) as session:
                await suspense.receive(
                    session, reference=f"wallet:{of}", reason="unknown_reference", amount=kes(5),
                    on=lender.on, now=lender.now,
                )  # fmt: skip
                *_, item = await suspense.list_open(session)
                for staff_id in (new_id(), new_id()):
                    await suspense.own(
                        session, item.id, of=of, staff_id=staff_id, reason="ours", on=lender.on,
                        now=lender.now,
                    )  # fmt: skip

    async def a_funder_earns_loses_and_leaves(self, lender: Lender) -> None:
        """One loan pays and takes its payment back, another one is lost and pays after all."""
        treasury = Treasury(lender)
        pool = await treasury.opens()
        stake = await treasury.joins(pool)
        await treasury.pays_in(stake, kes(100_000))
        good, bad = await lender.lends(), await lender.lends()
        first, *_ = await lender.schedule(good)
        await lender.closes_days_until(first.due_on)
        paid = await lender.receives(good, (await lender.owed(good)).gross)
        await amends(lender, bad, {"type": "write_off"})
        await treasury.settles(pool)
        await lender.receives(bad, kes(100))
        await treasury.pays_out(await treasury.withdraws(stake, kes(5)))
        await treasury.pays_out(await treasury.withdraws(stake, kes(5), WithdrawalOf.RETURN))
        await treasury.reinvests(stake, kes(5))
        async with unit_of_work(lender.sessions) as session:
            await repayments.reverse(
                session, paid.id, actor="staff:1", reason="chargeback", on=lender.on,
                now=lender.now,
            )  # fmt: skip
        await treasury.settles(pool)
        await treasury.pays_in(stake, kes(5), reference="W5")
        came = incoming("W5", "from a funder", kes(5))
        day = NEXT + timedelta(days=2)
        await compares(lender, [came, replace(came, status=OutcomeStatus.RETURNED)], day=day)
        for found in await open_breaks(lender):
            if found.reference == "W5":
                await two_act(lender, "put_right", found.id)

    async def staff_change_loans_that_are_late(self, lender: Lender) -> None:
        loans = [await lender.lends() for _ in range(5)]
        first, *_ = await lender.schedule(loans[0])
        await lender.closes_days_until(first.due_on + timedelta(days=5))
        written_off, settled, gifted, restructured, taken_back = loans
        await amends(lender, written_off, {"type": "write_off"})
        await lender.receives(written_off, kes(100))
        until = lender.on.isoformat()
        await amends(lender, settled, {"type": "settlement", "amount": "100", "until": until})
        await lender.receives(settled, kes(100))
        await amends(lender, gifted, {"type": "goodwill_credit", "amount": "15000"})
        await amends(lender, gifted, {"type": "refund", "amount": "100"})
        capitalized = {"type": "restructure", "installments": 3,
                       "capitalize": ["interest", "fee", "penalty"]}  # fmt: skip
        await amends(lender, restructured, capitalized)
        await lender.receives(taken_back, (await lender.owed(taken_back)).total + kes(100))
        await amends(lender, taken_back, {"type": "chargeback", "amount": "300"})

    async def a_new_loan_pays_off_an_old_one(self, lender: Lender) -> None:
        """With a penalty that, as it turns out, had no ground."""
        loan = await lender.lends()
        first, *_ = await lender.schedule(loan)
        await lender.closes_days_until(first.due_on + timedelta(days=5))
        details = {"charge": "penalty", "due": lender.on.isoformat(),
                   "of": first.due_on.isoformat()}  # fmt: skip
        charge = Happening(Type.CHARGE, lender.on, "charge:1", 5_00, details)
        await self.hears(lender, loan, charge)
        await amends(lender, loan, {"type": "refinance", "installments": 3})
        async with lender.sessions() as session:
            told = await happenings.of_loan(session, await queries.get_loan(session, loan.id))
        row = told.find("charge:1")
        assert row is not None
        await self.hears(lender, loan, happenings.reversal(row, on=lender.on))

    async def hears(self, lender: Lender, loan: Loan, told: Happening) -> None:
        async with unit_of_work(lender.sessions) as session:
            locked = await queries.get_loan(session, loan.id, lock=True)
            await living.happen(session, locked, Act("staff:1", lender.on, lender.now), told)

    async def credit_meets_a_penalty(self, lender: Lender) -> None:
        loan = await lender.lends()
        first, *_ = await lender.schedule(loan)
        await lender.closes_days_until(first.due_on)
        await lender.receives(loan, (await lender.owed(loan)).total + kes(500))
        details = {"charge": "penalty", "due": lender.on.isoformat(),
                   "of": first.due_on.isoformat()}  # fmt: skip
        charge = Happening(Type.CHARGE, lender.on, "charge:1", 5_00, details)
        await self.hears(lender, loan, charge)
        await lender.closes_days_until(lender.on + timedelta(days=1))

    async def money_is_allocated_ahead(self, lender: Lender) -> None:
        lender.rules = {"allocation_order": "penalty_fee_interest_principal"}
        loan = await lender.lends()
        await lender.receives(loan, kes(11_000))
