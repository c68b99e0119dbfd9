"""Loans are opened once, and payouts are sent once whatever happens on the way."""

from datetime import timedelta

import pytest

from kit import jobs
from kit.crypto import vault_of
from kit.db import unit_of_work
from servicing import orders, origination, queries, tasks, terms
from servicing.disbursements import PAYOUTS
from servicing.models import Payout
from servicing.rails.base import Ack, AckStatus, Caps, NoSuchRail, Outcome, OutcomeStatus
from servicing.rules import LoanRules
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.lending import ACCOUNT, Lender, kes
from tests.servicing.payouts import PAID, payout_of, settled, told

SILENCE = Ack(AckStatus.UNKNOWN)


class TestOpenLoan:
    async def test_opens_one_loan_for_an_application(self, lender: Lender) -> None:
        loan = await lender.opens()
        async with unit_of_work(lender.sessions) as session:
            again = await origination.open_loan(
                session, vault_of(session), application_id=loan.application_id,
                borrower_id=loan.borrower_id, terms=terms.parse(loan.terms),
                rules=LoanRules(), account=ACCOUNT, on=lender.on, now=lender.now,
            )  # fmt: skip
            payouts = await queries.list_payouts(session, loan.id)

        assert again.id == loan.id
        assert [payout.amount for payout in payouts] == [PAID]

    async def test_posts_nothing_yet(self, lender: Lender) -> None:
        loan = await lender.opens()

        assert await lender.books(loan) == {}
        assert (await lender.owed(loan)).gross == kes(0)

    async def test_seals_the_account(self, lender: Lender) -> None:
        payout = await payout_of(lender, await lender.opens())

        assert ACCOUNT.encode() not in payout.account

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"tranches": [{"on": "2026-12-01", "amount": "10000"}]}, "tranches"),
            ({"fees": [{"code": "all", "percent": "100", "when": "deducted"}]}, "nothing_to_pay"),
        ],
    )
    async def test_refuses_terms_that_cannot_be_serviced(
        self, lender: Lender, changed: dict[str, object], reason: str
    ) -> None:
        with pytest.raises(origination.TermsNotServiced) as refused:
            await lender.opens(**changed)

        assert refused.value.params == {"reason": reason}


class TestDisburse:
    async def test_sends_the_stored_reference_to_the_account(self, lender: Lender) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)

        (sent,) = lender.rail.sent
        payout = await payout_of(lender, loan)
        assert (sent.client_ref, sent.account, sent.amount) == (payout.client_ref, ACCOUNT, PAID)
        assert payout.status is OrderStatus.PENDING

    async def test_again_does_not_send_again(self, lender: Lender) -> None:
        loan = await lender.opens()
        payout = await payout_of(lender, loan)
        lender.rail.knows[payout.client_ref] = Outcome(OutcomeStatus.PENDING, PAID, "W1")

        for _ in range(3):
            await lender.pays_out(loan)

        assert len(lender.rail.sent) == 1

    async def test_silence_is_asked_about_not_sent_again(self, lender: Lender) -> None:
        loan = await lender.opens()
        payout = await payout_of(lender, loan)
        lender.rail.acks = [SILENCE]
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)
        assert (await payout_of(lender, loan)).status is OrderStatus.UNKNOWN

        lender.rail.knows[payout.client_ref] = settled()
        await lender.pays_out(loan)

        assert len(lender.rail.sent) == 1
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE

    async def test_whose_job_died_before_its_first_step_is_swept_up(self, lender: Lender) -> None:
        loan = await lender.opens()
        payout = await payout_of(lender, loan)
        assert (payout.tries, payout.ask_at) == (0, None)
        async with lender.sessions() as session:
            assert await orders.take_due(session, PAYOUTS, now=lender.now) == []
        lender.now += timedelta(minutes=1)

        async with lender.sessions() as session:
            (found,) = await orders.take_due(session, PAYOUTS, now=lender.now)
        await tasks.inquire(lender.context, kind="payout", order_id=str(found))

        assert [each.client_ref for each in lender.rail.sent] == [payout.client_ref]
        async with lender.sessions() as session:
            assert await orders.take_due(session, PAYOUTS, now=lender.now) == []

    async def test_that_cannot_begin_is_tried_ever_more_seldom(self, lender: Lender) -> None:
        """Its rail is not set up any more: each try is a dead job, and there are others to see."""
        loan = await lender.opens()
        payout = await payout_of(lender, loan)
        async with unit_of_work(lender.sessions) as session:
            (await session.get_one(Payout, payout.id)).rail = "mpesa"

        taken = 0
        for _ in range(180):
            lender.now += timedelta(minutes=1)
            async with unit_of_work(lender.sessions) as session:
                due = await orders.take_due(session, PAYOUTS, now=lender.now)
            taken += len(due)
            for order_id in due:
                with pytest.raises(NoSuchRail):
                    await tasks.inquire(lender.context, kind="payout", order_id=str(order_id))

        assert taken == 8

    @pytest.mark.parametrize("honours_keys", [True, False])
    async def test_that_waited_in_a_backup_is_asked_about_before_it_goes(
        self, lender: Lender, honours_keys: bool
    ) -> None:
        """It may have left since. Where a reference may be carried out twice, a person looks."""
        left, waits = await lender.opens(), await lender.opens()
        lender.rail.caps = Caps(honours_keys=honours_keys)
        lender.rail.knows[(await payout_of(lender, left)).client_ref] = settled()
        async with unit_of_work(lender.sessions) as session:
            assert await tasks.presume_sent(session, rail="wallet", now=lender.now) == 2
        await lender.verifies()

        for loan in (left, waits):
            await lender.pays_out(loan)
        assert lender.rail.sent == []
        await lender.verifies()
        lender.now += timedelta(minutes=1)
        async with unit_of_work(lender.sessions) as session:
            due = await orders.take_due(session, PAYOUTS, now=lender.now)
        payout = await payout_of(lender, waits)
        assert due == [payout.id] * honours_keys
        for _ in due:
            await lender.pays_out(waits)

        payout = await payout_of(lender, waits)
        assert [each.client_ref for each in lender.rail.sent] == [payout.client_ref] * honours_keys
        expected = OrderStatus.PENDING if honours_keys else OrderStatus.NEEDS_REVIEW
        assert payout.status is expected
        assert (await lender.sees(left)).status is LoanStatus.ACTIVE
        await lender.verifies()

    async def test_what_never_came_is_sent_under_the_same_reference(self, lender: Lender) -> None:
        loan = await lender.opens()
        lender.rail.acks = [SILENCE]
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)

        await lender.pays_out(loan)

        first, second = lender.rail.sent
        assert first == second
        assert (await payout_of(lender, loan)).status is OrderStatus.PENDING

    async def test_killed_between_the_intention_and_the_answer(self, lender: Lender) -> None:
        """The process died in the call; the rail had executed it."""
        loan = await lender.opens()
        payout = await payout_of(lender, loan)

        class Killed(BaseException):
            pass

        class DyingRail(type(lender.rail)):  # type: ignore[misc]
            async def submit(self, instruction: object) -> Ack:
                await super().submit(instruction)
                raise Killed

        healthy, lender.rail = lender.rail, DyingRail()
        with pytest.raises(Killed):
            await lender.pays_out(loan)
        assert (await payout_of(lender, loan)).status is OrderStatus.SUBMITTING

        sent_before, lender.rail = lender.rail.sent, healthy
        healthy.knows[payout.client_ref] = settled()
        await lender.pays_out(loan)

        assert len(sent_before) == 1
        assert healthy.sent == []
        assert (await lender.books(loan))["cash_wallet"] == "-29200.00"

    async def test_without_keys_at_the_rail_a_person_looks(self, lender: Lender) -> None:
        lender.rail.caps = Caps(honours_keys=False)
        loan = await lender.opens()
        lender.rail.acks = [SILENCE]
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)

        await lender.pays_out(loan)

        assert len(lender.rail.sent) == 1
        assert (await payout_of(lender, loan)).status is OrderStatus.NEEDS_REVIEW
        assert await lender.incidents() == ["payout_denied_by_rail"]

    async def test_that_never_left_us_goes_later_without_keys_too(self, lender: Lender) -> None:
        lender.rail.caps = Caps(honours_keys=False)
        loan = await lender.opens()
        lender.rail.acks = [Ack(AckStatus.NOT_SENT, code="no_token")]
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)
        held = await payout_of(lender, loan)
        assert held.status is OrderStatus.CREATED

        later = lender.now + timedelta(minutes=1)
        async with unit_of_work(lender.sessions) as session:
            assert await orders.take_due(session, PAYOUTS, now=later) == [held.id]
        await lender.pays_out(loan)

        assert (await payout_of(lender, loan)).status is OrderStatus.PENDING
        assert len(lender.rail.sent) == 2

    async def test_that_never_left_us_is_not_sent_once_the_rail_speaks_of_it(
        self, lender: Lender
    ) -> None:
        lender.rail.caps = Caps(honours_keys=False)
        loan = await lender.opens()
        lender.rail.acks = [Ack(AckStatus.NOT_SENT, code="no_token")]
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)

        await told(lender, (await payout_of(lender, loan)).id, settled())
        await lender.pays_out(loan)

        assert len(lender.rail.sent) == 1
        assert (await payout_of(lender, loan)).status is OrderStatus.NEEDS_REVIEW
        assert await lender.incidents() == ["payout_never_sent"]

    async def test_endless_silence_goes_to_a_person(self, lender: Lender) -> None:
        loan = await lender.opens()
        payout = await payout_of(lender, loan)
        lender.rail.acks = [SILENCE]
        lender.rail.knows[payout.client_ref] = Outcome(OutcomeStatus.UNKNOWN)

        later = 0
        for _ in range(orders.TRIES_MAX):
            try:
                await lender.pays_out(loan)
            except jobs.Later:
                later += 1

        assert later == 4  # then the sweeper asks
        assert (await payout_of(lender, loan)).status is OrderStatus.NEEDS_REVIEW


class TestSweep:
    async def test_asks_about_what_it_has_not_heard_of(self, lender: Lender) -> None:
        loan = await lender.opens()
        payout_id = await lender.pays_out(loan)
        payout = await payout_of(lender, loan)
        assert payout.ask_at is not None
        async with lender.sessions() as session:
            assert await orders.take_due(session, PAYOUTS, now=lender.now) == []
            assert payout_id in await orders.take_due(session, PAYOUTS, now=payout.ask_at)

        lender.rail.knows[payout.client_ref] = settled()
        await tasks.inquire(lender.context, kind="payout", order_id=str(payout_id))

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        async with lender.sessions() as session:
            assert await orders.take_due(session, PAYOUTS, now=payout.ask_at) == []
