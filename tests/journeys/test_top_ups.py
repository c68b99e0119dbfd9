"""More money on a running loan in the chat: what leaves, what it costs, the yes, and the news."""

from uuid import UUID

from kit.db import unit_of_work
from kit.ids import new_id
from servicing import amendments, disbursements, queries
from servicing.models import Amendment
from servicing.states import AmendmentStatus
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.test_changes import dates, gets_a_loan

TOP_UP: amendments.Change = {"type": "top_up", "amount": "5000", "installments": 8}


async def loan_id(lender: Lender, person: Chatter) -> UUID:
    loan = (await lender.dossier(person)).loan
    assert loan is not None
    return loan.id


async def suggests(
    lender: Lender, person: Chatter, change: amendments.Change = TOP_UP
) -> Amendment:
    async with unit_of_work(lender.sessions) as session:
        return await amendments.propose(
            session, await loan_id(lender, person), change, staff_id=new_id(),
            reason="asked by phone", on=lender.today, now=lender.clock.now(),
        )  # fmt: skip


async def approves(lender: Lender, amendment: Amendment) -> None:
    async with unit_of_work(lender.sessions) as session:
        await amendments.approve(
            session, amendment.id, rails=["wallet"], staff_id=new_id(), on=lender.today,
            now=lender.clock.now(),
        )  # fmt: skip


async def status(lender: Lender, amendment: Amendment) -> AmendmentStatus:
    async with lender.sessions() as session:
        return (await session.get_one(Amendment, amendment.id)).status


class TestATopUp:
    async def test_is_read_agreed_to_paid_out_and_told(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await gets_a_loan(lender, amina)
        before = await dates(lender, amina)
        suggested = await suggests(lender, amina)
        await lender.news(amina, "amendment_proposed")
        shown = await amina.presses("See what we suggest")
        assert "More money" in shown
        assert "You get KES 5,000 now" in shown
        assert "Cost in a year (APR) of what is left" in shown

        await amina.presses("I agree")
        await approves(lender, suggested)
        assert await status(lender, suggested) is AmendmentStatus.PAYING
        assert await dates(lender, amina) == before

        await lender.pays_out(amina)

        assert await status(lender, suggested) is AmendmentStatus.APPLIED
        assert len(await dates(lender, amina)) == 8
        assert "KES 5,000" in (await lender.news(amina, "disbursed")).text

    async def test_that_fails_leaves_nothing_owed(self, lender: Lender, amina: Chatter) -> None:
        await gets_a_loan(lender, amina)
        before = await dates(lender, amina)
        suggested = await suggests(lender, amina)
        await amina.says("/loan")
        await amina.presses("See what we suggest")
        await amina.presses("I agree")
        await approves(lender, suggested)
        async with unit_of_work(lender.sessions) as session:
            loan = await queries.get_loan(session, await loan_id(lender, amina), lock=True)
            payout = (await queries.list_payouts(session, loan.id))[-1]
            await disbursements.fail(session, loan, payout, on=lender.today, now=lender.clock.now())

        assert await status(lender, suggested) is AmendmentStatus.FAILED
        assert await dates(lender, amina) == before
        assert "You owe nothing of it" in (await lender.news(amina, "top_up_undone")).text


class TestARefinance:
    async def test_is_agreed_to_and_the_new_loan_is_the_one_to_pay(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await gets_a_loan(lender, amina)
        old = await loan_id(lender, amina)
        suggested = await suggests(lender, amina, {"type": "refinance", "installments": 9})
        await amina.says("/loan")
        shown = await amina.presses("See what we suggest")
        assert "A new loan that pays off what you owe now" in shown
        assert "You get" not in shown
        await amina.presses("I agree")
        await approves(lender, suggested)

        assert await status(lender, suggested) is AmendmentStatus.APPLIED
        assert await loan_id(lender, amina) != old
        assert len(await dates(lender, amina)) == 9
        assert "changed" in (await lender.news(amina, "amendment_applied")).text
        async with lender.sessions() as session:
            reference = (await queries.get_loan(session, await loan_id(lender, amina))).reference
        assert reference in await amina.says("/loan")

    async def test_leaves_the_old_one_to_be_paid_until_its_money_is_there(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await gets_a_loan(lender, amina)
        old = await loan_id(lender, amina)
        more = {"type": "refinance", "installments": 9, "amount": "5000"}
        suggested = await suggests(lender, amina, more)
        await amina.says("/loan")
        assert "You get KES 5,000 now" in await amina.presses("See what we suggest")
        await amina.presses("I agree")
        await approves(lender, suggested)

        assert await status(lender, suggested) is AmendmentStatus.PAYING
        assert await loan_id(lender, amina) == old
