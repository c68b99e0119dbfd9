"""What the rail says of a payout is booked once; failures wait for staff."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kit.audit import AuditEvent
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.ids import new_id
from servicing import disbursements
from servicing.models import Loan, Payout
from servicing.rails.base import Ack, AckStatus, Outcome, OutcomeStatus
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.lending import ACCOUNT, Lender
from tests.servicing.payouts import PAID, payout_of, settled, told

NO = Ack(AckStatus.REJECTED, code="unknown_account")


class TestSettle:
    async def test_twice_is_once(self, lender: Lender) -> None:
        loan = await lender.lends()
        payout, books = await payout_of(lender, loan), await lender.books(loan)

        await told(lender, payout.id, settled())

        assert await lender.books(loan) == books
        assert await lender.incidents() == []

    async def test_another_amount_posts_nothing(self, lender: Lender) -> None:
        loan = await lender.opens()
        payout_id = await lender.pays_out(loan)

        for _ in range(2):
            await told(lender, payout_id, settled("29000"))

        assert await lender.books(loan) == {}
        assert await lender.incidents() == ["payout_amount_differs"]
        assert (await payout_of(lender, loan)).status is OrderStatus.NEEDS_REVIEW

    async def test_what_was_never_sent_cannot_settle(self, lender: Lender) -> None:
        loan = await lender.opens()
        payout = await payout_of(lender, loan)

        await told(lender, payout.id, settled())

        assert await lender.books(loan) == {}
        assert await lender.incidents() == ["payout_never_sent"]

    @pytest.mark.parametrize("status", [OutcomeStatus.FAILED, OutcomeStatus.RETURNED])
    async def test_a_contradiction_never_flips_money(
        self, lender: Lender, status: OutcomeStatus
    ) -> None:
        loan = await lender.lends()
        payout, books = await payout_of(lender, loan), await lender.books(loan)

        await told(lender, payout.id, Outcome(status, PAID, "W1", "account_closed"))

        assert await lender.books(loan) == books
        assert await lender.incidents() == ["payout_final_state_differs"]
        async with lender.sessions() as session:
            actions = await session.scalars(
                select(AuditEvent.action).where(AuditEvent.subject == f"payout:{payout.id}")
            )
            assert "incident.payout_final_state_differs" in list(actions)


class TestFail:
    async def fails(self, lender: Lender) -> Loan:
        loan = await lender.opens()
        lender.rail.acks = [NO]
        await lender.pays_out(loan)
        return loan

    async def test_posts_nothing_and_waits_for_staff(self, lender: Lender) -> None:
        loan = await self.fails(lender)

        payout = await payout_of(lender, loan)
        assert (payout.status, payout.failure_code) == (OrderStatus.FAILED, "unknown_account")
        assert (await lender.sees(loan)).status is LoanStatus.PENDING_DISBURSEMENT
        assert await lender.books(loan) == {}

    async def test_staff_try_again_to_a_corrected_account(self, lender: Lender) -> None:
        loan = await self.fails(lender)
        async with unit_of_work(lender.sessions) as session:
            await disbursements.retry(
                session, vault_of(session), loan.id, actor="staff:1", now=lender.now,
                account="254700000002",
            )  # fmt: skip
        await lender.arrives(loan)

        first, second = lender.rail.sent
        assert (first.account, second.account) == (ACCOUNT, "254700000002")
        assert first.client_ref != second.client_ref
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        await lender.verifies()

    async def test_staff_give_the_loan_up(self, lender: Lender) -> None:
        loan = await self.fails(lender)
        async with unit_of_work(lender.sessions) as session:
            await disbursements.cancel(session, loan.id, actor="staff:1", now=lender.now)

        assert (await lender.sees(loan)).status is LoanStatus.CANCELED

    async def test_money_on_its_way_is_not_sent_again(self, lender: Lender) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)

        with pytest.raises(disbursements.PayoutNotFailed):
            async with unit_of_work(lender.sessions) as session:
                await disbursements.retry(
                    session, vault_of(session), loan.id, actor="staff:1", now=lender.now
                )

    async def test_the_database_allows_one_live_payout(self, lender: Lender) -> None:
        loan = await lender.opens()
        payout = await payout_of(lender, loan)
        second = Payout(
            id=new_id(), loan_id=loan.id, attempt=2, client_ref="P2", status=OrderStatus.CREATED,
            amount_minor=1, currency="KES", account=payout.account, tries=0, created_at=lender.now,
        )  # fmt: skip

        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            async with unit_of_work(lender.sessions) as session:
                session.add(second)
