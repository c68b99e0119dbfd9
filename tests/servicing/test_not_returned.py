"""What people hold for come back, and the statements of its rail do not have: a break."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kit.db import unit_of_work
from kit.money import Money
from servicing import chargebacks, hand_entries, orders, queries, rail_events, suspense
from servicing.ledger import balances
from servicing.models import Loan, Repayment, SuspenseItem
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Direction, Outcome, OutcomeStatus, RailEvent, StatementLine
from servicing.standings import RailTransferKnown
from servicing.treasury.breaks import BreakActNotPossible
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.test_amendments import reverses
from tests.servicing.test_payment_requests import accepted, asks
from tests.servicing.topping_up import comes_back, is_lent, lends_more, payouts_of, running
from tests.servicing.treasury_acts import (
    UMA,
    USHA,
    act,
    compares,
    incoming,
    open_breaks,
    two_act,
)

SETTLED = OutcomeStatus.SETTLED


async def found(lender: Lender) -> list[tuple[str, str, int | None, int | None]]:
    return [
        (each.category, each.reference, each.ours_minor, each.theirs_minor)
        for each in await open_breaks(lender)
    ]


async def cash(lender: Lender) -> Money:
    async with lender.sessions() as session:
        totals = await balances.trial_balance(session)
    (wallet,) = [each for each in totals if each.account == "cash_wallet"]
    return Money(wallet.net_minor, "KES")


async def waits(lender: Lender, day: date) -> None:
    """Until the statements of `day` and of three days after it were compared; they have nothing."""
    for n in (1, 2, 3):
        await compares(lender, [], day=day + timedelta(days=n))


def gone_line(loan: Loan) -> StatementLine:
    return replace(incoming("W7", loan.reference, kes(500)), status=OutcomeStatus.RETURNED)


def nameless(receipt: str, amount: int) -> StatementLine:
    return StatementLine(receipt, "", Direction.INCOMING, kes(amount), OutcomeStatus.RETURNED)


async def alone(lender: Lender) -> list[tuple[str, str, int | None, int | None]]:
    return [each for each in await found(lender) if each[0] == "not_returned"]


async def says_gone(lender: Lender, name: str, amount: int) -> Loan:
    """A payment came, and two of staff say that the rail took it back."""
    loan = await lender.lends()
    paid: Repayment = await lender.receives(loan, kes(amount), rail_reference=f"wallet:{name}")
    line = incoming(name, loan.reference, kes(amount))
    await compares(lender, [line], day=lender.now.date())
    for staff_id in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            await chargebacks.charge_back(
                session, paid.id, staff_id=staff_id, reason="they told us", on=lender.on,
                now=lender.now,
            )  # fmt: skip
    return loan


def taken_back(event_id: str, loan: Loan) -> RailEvent:
    outcome = Outcome(OutcomeStatus.RETURNED, kes(500), "W7")
    return RailEvent(
        "wallet", event_id, Direction.INCOMING, loan.reference, "W7", kes(500), outcome
    )


async def hears(lender: Lender, event: RailEvent) -> None:
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, event, on=lender.on, zone=ZONE, now=lender.now)


async def is_placed(lender: Lender, item: SuspenseItem, loan: Loan) -> None:
    for staff_id in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            await suspense.assign(
                session, item.id, loan_id=loan.id, staff_id=staff_id, reason="his",
                on=lender.on, now=lender.now,
            )  # fmt: skip


class TestMoneyOnTop:
    """Two of staff say that it came back, and the borrower has it."""

    async def says_so(self, lender: Lender, *, by_rail: bool = False) -> tuple[date, str]:
        loan = await running(lends_more(lender))
        amendment = await is_lent(lender, loan)
        *_, payout = await payouts_of(lender, loan)
        line = StatementLine(
            "W2", payout.client_ref, Direction.PAYOUT, kes(12_000), OutcomeStatus.SETTLED
        )
        day = lender.now.date()
        await compares(lender, [line], day=day)
        if by_rail:
            await comes_back(lender, loan)
        else:
            for staff_id in (UMA, USHA):
                await reverses(lender, amendment, staff_id)
        return day, payout.client_ref

    async def test_is_a_break_after_three_days(self, lender: Lender) -> None:
        day, reference = await self.says_so(lender)
        for n in range(3):
            await compares(lender, [], day=day + timedelta(days=n))
            assert "not_returned" not in {each[0] for each in await found(lender)}
        for _ in range(2):
            await compares(lender, [], day=day + timedelta(days=3))

        assert ("not_returned", reference, 12_000_00, None) in await found(lender)

    async def test_is_no_break_as_long_as_a_statement_is_missing(self, lender: Lender) -> None:
        day, _ = await self.says_so(lender)
        for n in (1, 3, 4):
            await compares(lender, [], day=day + timedelta(days=n))
        assert "not_returned" not in {each[0] for each in await found(lender)}

        await compares(lender, [], day=day + timedelta(days=2))
        await compares(lender, [], day=day + timedelta(days=5))

        assert "not_returned" in {each[0] for each in await found(lender)}

    async def test_mends_when_a_statement_has_it(self, lender: Lender) -> None:
        day, reference = await self.says_so(lender)
        await waits(lender, day)
        back = StatementLine("W2", reference, Direction.PAYOUT, kes(12_000), OutcomeStatus.RETURNED)
        await compares(lender, [back], day=day + timedelta(days=4))

        assert "not_returned" not in {each[0] for each in await found(lender)}

    async def test_is_no_break_where_a_statement_has_it(self, lender: Lender) -> None:
        day, reference = await self.says_so(lender, by_rail=True)
        back = StatementLine("W2", reference, Direction.PAYOUT, kes(12_000), OutcomeStatus.RETURNED)
        await compares(lender, [back], day=day + timedelta(days=1))
        for n in (2, 3):
            await compares(lender, [], day=day + timedelta(days=n))

        assert "not_returned" not in {each[0] for each in await found(lender)}

    async def test_is_a_break_as_far_as_a_statement_lacks_it(self, lender: Lender) -> None:
        day, reference = await self.says_so(lender)
        back = StatementLine("W2", reference, Direction.PAYOUT, kes(11_000), OutcomeStatus.RETURNED)
        await compares(lender, [back], day=day + timedelta(days=1))
        for n in (2, 3):
            await compares(lender, [], day=day + timedelta(days=n))
        (broken,) = [each for each in await open_breaks(lender) if each.category == "not_returned"]
        assert (broken.reference, broken.ours_minor) == (reference, 1_000_00)

        before = await cash(lender)
        await two_act(lender, "write_off", broken.id)
        assert await cash(lender) == before - kes(1_000)
        await lender.verifies()

    async def test_is_lost_when_two_say_so(self, lender: Lender) -> None:
        day, reference = await self.says_so(lender)
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == reference]
        with pytest.raises(BreakActNotPossible):
            await act(lender, "put_right", broken.id, UMA)
        await two_act(lender, "write_off", broken.id)
        await compares(lender, [], day=day + timedelta(days=4))

        assert reference not in {each[1] for each in await found(lender)}
        await lender.verifies()


class TestAPayment:
    """Two of staff say that the rail took it back, and it is there."""

    async def says_so(self, lender: Lender) -> tuple[Loan, date]:
        return await says_gone(lender, "W7", 500), lender.now.date()

    async def test_waits_for_its_payer_when_it_is_put_right(self, lender: Lender) -> None:
        loan, day = await self.says_so(lender)
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == "W7"]
        assert (broken.category, broken.day, broken.ours_minor) == ("not_returned", day, 500_00)

        with pytest.raises(BreakActNotPossible):
            await act(lender, "write_off", broken.id, UMA)
        before = await cash(lender)
        await two_act(lender, "put_right", broken.id)
        await compares(lender, [], day=day + timedelta(days=4))

        async with lender.sessions() as session:
            (item,) = await suspense.list_open(session)
        assert (item.amount, item.loan_id, item.rail) == (kes(500), loan.id, "wallet")
        assert "W7" not in {each[1] for each in await found(lender)}
        await is_placed(lender, item, loan)
        assert await cash(lender) == before + kes(500)
        assert (await lender.books(loan))["borrower_credit"] == "500.00"
        await lender.verifies()

    async def test_is_no_break_where_a_statement_takes_as_much_back(self, lender: Lender) -> None:
        """Not every portal says what it takes back."""
        _, day = await self.says_so(lender)
        await says_gone(lender, "W8", 400)
        for n, lines in ((1, []), (2, [nameless("R1", 500)]), (3, [])):
            await compares(lender, lines, day=day + timedelta(days=n))
        assert [each[1:3] for each in await alone(lender)] == [("W8", 400_00)]

        await says_gone(lender, "W9", 500)
        await compares(lender, [nameless("R1", 500)], day=day + timedelta(days=4))
        assert {each[1] for each in await alone(lender)} == {"W8", "W9"}

    async def test_is_a_break_where_a_statement_takes_other_money_back(
        self, lender: Lender
    ) -> None:
        _, day = await self.says_so(lender)
        other = incoming("W99", "rent", kes(500))
        for n, lines in ((1, [other, nameless("W99", 500)]), (2, []), (3, [])):
            await compares(lender, lines, day=day + timedelta(days=n))

        assert [each[1] for each in await alone(lender)] == ["W7"]

    async def is_put_right(self, lender: Lender) -> tuple[Loan, SuspenseItem]:
        loan, day = await self.says_so(lender)
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == "W7"]
        await two_act(lender, "put_right", broken.id)
        async with lender.sessions() as session:
            (item,) = await suspense.list_open(session)
        return loan, item

    async def test_goes_when_its_rail_takes_it_back_after_all(self, lender: Lender) -> None:
        loan, _ = await self.is_put_right(lender)
        before = await cash(lender)
        for event_id in ("e1", "e2"):
            await hears(lender, taken_back(event_id, loan))
        day = lender.now.date() + timedelta(days=5)
        await compares(lender, [gone_line(loan)], day=day)

        assert await cash(lender) == before - kes(500)
        async with lender.sessions() as session:
            assert not await suspense.list_open(session)
        assert "W7" not in {each[1] for each in await found(lender)}
        await lender.verifies()

    async def test_is_a_break_again_when_only_a_message_takes_it_back(self, lender: Lender) -> None:
        loan, first = await self.is_put_right(lender)
        before, day = await cash(lender), lender.now.date() + timedelta(days=6)
        lender.now += timedelta(days=6)
        await hears(lender, taken_back("e1", loan))
        for n in range(4):
            await compares(lender, [], day=day + timedelta(days=n))
        (broken,) = [each for each in await open_breaks(lender) if each.reference == "W7"]
        assert (broken.category, broken.day, broken.ours_minor) == ("not_returned", day, 500_00)

        await two_act(lender, "put_right", broken.id)
        await compares(lender, [], day=day + timedelta(days=4))

        assert await cash(lender) == before
        async with lender.sessions() as session:
            (item,) = await suspense.list_open(session)
        assert (item.amount, item.loan_id) == (first.amount, loan.id)
        assert item.reference == "again:kept2:wallet:W7"
        await is_placed(lender, item, loan)
        with pytest.raises(RailTransferKnown):
            async with unit_of_work(lender.sessions) as session:
                await hand_entries.receive(
                    session, loan_id=loan.id, amount=kes(500), reference="W7", on=lender.on,
                    now=lender.now,
                )  # fmt: skip
        assert "W7" not in {each[1] for each in await found(lender)}
        await lender.verifies()

    async def test_is_entered_by_hand_no_more_while_it_is_kept(self, lender: Lender) -> None:
        loan, _ = await self.is_put_right(lender)

        with pytest.raises(RailTransferKnown):
            async with unit_of_work(lender.sessions) as session:
                await hand_entries.receive(
                    session, loan_id=loan.id, amount=kes(500), reference="W7", on=lender.on,
                    now=lender.now,
                )  # fmt: skip

    async def test_of_which_a_part_was_said_to_be_back_is_kept_as_far(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(1_000), rail_reference="wallet:W7")
        day = lender.now.date()
        came = incoming("W7", loan.reference, kes(1_000))
        part = replace(came, amount=kes(400), status=OutcomeStatus.RETURNED)
        await compares(lender, [came, part], day=day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == "W7"]
        before = await cash(lender)
        await two_act(lender, "put_right", broken.id)
        assert await cash(lender) == before - kes(400)

        await compares(lender, [came], day=day)  # It was wrong, and says something else now.
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == "W7"]
        assert (broken.category, broken.ours_minor) == ("not_returned", 400_00)
        await two_act(lender, "put_right", broken.id)

        assert await cash(lender) == before
        assert sorted(await lender.suspended()) == ["400.00", "600.00"]
        await lender.verifies()

    async def test_of_a_prompt_is_a_break_too(self, lender: Lender) -> None:
        loan = await lender.lends()
        asked = await asks(lender, loan, kes(500))
        await accepted(lender, asked, lender.now)
        day = lender.now.date()
        await compares(
            lender,
            [StatementLine("W9", asked.client_ref, Direction.COLLECT, kes(500), SETTLED)],
            day=day,
        )
        async with lender.sessions() as session:
            (paid,) = await queries.list_repayments(session, loan.id)
        for staff_id in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await chargebacks.charge_back(
                    session, paid.id, staff_id=staff_id, reason="they told us", on=lender.on,
                    now=lender.now,
                )  # fmt: skip
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.category == "not_returned"]
        assert (broken.reference, broken.ours_minor) == (asked.client_ref, 500_00)
        with pytest.raises(BreakActNotPossible):
            await act(lender, "write_off", broken.id, UMA)

        await two_act(lender, "put_right", broken.id)
        await compares(lender, [], day=day + timedelta(days=4))

        assert await lender.suspended() == ["500.00"]
        assert await alone(lender) == []
        await lender.verifies()

    async def test_of_a_prompt_goes_when_a_statement_has_it_in_the_end(
        self, lender: Lender
    ) -> None:
        loan = await lender.lends()
        asked = await asks(lender, loan, kes(500))
        await accepted(lender, asked, lender.now)
        day = lender.now.date()
        came = StatementLine("W9", asked.client_ref, Direction.COLLECT, kes(500), SETTLED)
        gone = replace(came, status=OutcomeStatus.RETURNED)
        await compares(lender, [came], day=day)
        async with unit_of_work(lender.sessions) as session:
            await orders.apply(
                session, REQUESTS, asked.id, Outcome(OutcomeStatus.RETURNED, kes(500), "W9"),
                on=lender.on, zone=ZONE, now=lender.now,
            )  # fmt: skip
        before = await cash(lender)
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.category == "not_returned"]
        await two_act(lender, "put_right", broken.id)
        assert await cash(lender) == before + kes(500)

        await compares(lender, [gone], day=day + timedelta(days=5))
        (broken,) = [each for each in await open_breaks(lender) if each.category == "returned"]
        await two_act(lender, "put_right", broken.id)

        assert await cash(lender) == before
        assert await lender.suspended() == []
        assert asked.client_ref not in {each[1] for each in await found(lender)}
        await lender.verifies()

    async def test_goes_when_a_statement_has_it_in_the_end(self, lender: Lender) -> None:
        loan, _ = await self.is_put_right(lender)
        before = await cash(lender)
        day = lender.now.date() + timedelta(days=5)
        await compares(lender, [gone_line(loan)], day=day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == "W7"]
        assert broken.category == "returned"
        await two_act(lender, "put_right", broken.id)
        await compares(lender, [gone_line(loan)], day=day)

        assert await cash(lender) == before - kes(500)
        assert "W7" not in {each[1] for each in await found(lender)}
        await lender.verifies()

    async def test_goes_from_the_loan_on_which_it_was_placed(self, lender: Lender) -> None:
        loan, item = await self.is_put_right(lender)
        await is_placed(lender, item, loan)
        before = await cash(lender)
        await hears(lender, taken_back("e1", loan))

        books = await lender.books(loan)
        assert await cash(lender) == before - kes(500)
        assert "borrower_credit" not in books or books["borrower_credit"] == "0.00"
        await lender.verifies()

    async def test_is_lost_when_it_goes_after_it_was_given_back(self, lender: Lender) -> None:
        loan, item = await self.is_put_right(lender)
        for staff_id in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await suspense.refund(
                    session, item.id, reference="OUT-1", staff_id=staff_id, reason="his",
                    on=lender.on, now=lender.now,
                )  # fmt: skip
        before = await cash(lender)
        day = lender.now.date() + timedelta(days=5)
        await compares(lender, [gone_line(loan)], day=day)
        (broken,) = [each for each in await open_breaks(lender) if each.category == "returned"]
        with pytest.raises(BreakActNotPossible):
            await two_act(lender, "put_right", broken.id)
        await two_act(lender, "write_off", broken.id)

        assert await cash(lender) == before - kes(500)
        await lender.verifies()

    async def test_is_explained_for_good(self, lender: Lender) -> None:
        _, day = await self.says_so(lender)
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == "W7"]
        await two_act(lender, "explain", broken.id)
        await compares(lender, [], day=day + timedelta(days=4))
        await compares(lender, [incoming("W7", "x", kes(500))], day=day)

        assert "not_returned" not in {each[0] for each in await found(lender)}
