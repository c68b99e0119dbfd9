"""A loan is agreed and the pool is empty: the borrower hears so, and waits for the money."""

from kit import jobs
from kit.config import Settings
from kit.db import unit_of_work
from onboarding.payees import KnownPayees
from servicing import queries, tasks
from servicing.funding.models import FundedLoan
from servicing.models import Payout
from servicing.orders import Payees
from servicing.rails.base import Rails
from servicing.states import OrderStatus
from tests.journeys.chat import Chatter
from tests.journeys.lender import SETTINGS, Lender
from tests.journeys.story import Story
from tests.servicing.funding.money import Treasury
from tests.servicing.lending import Lender as Servicing
from tests.servicing.lending import PaperRail, kes


async def payout_of(lender: Lender, person: Chatter) -> Payout:
    loan = (await lender.dossier(person)).loan
    assert loan is not None
    async with lender.sessions() as session:
        return (await queries.list_payouts(session, loan.id))[-1]


async def test_a_borrower_waits_for_money(lender: Lender, amina: Chatter) -> None:
    treasury = Treasury(Servicing(lender.sessions, lender.clock.now(), lender.today))
    pool = await treasury.opens(
        accepts={"product": ["personal"], "country": ["KE"]},
        limits=[{"by": "region", "percent": "100"}],
    )
    stake = await treasury.joins(pool)
    services: dict[type, object] = {
        Rails: Rails((PaperRail(),)), Settings: SETTINGS, Payees: KnownPayees()
    }  # fmt: skip
    context = jobs.Context(lender.sessions, lender.clock, services)
    story = Story(lender, amina)
    await story.gets_an_offer()
    await story.signs()
    payout = await payout_of(lender, amina)

    await tasks.disburse(context, payout_id=str(payout.id))

    told = await lender.news(amina, "disbursement_held")
    assert "You owe nothing until it is there" in told.text
    assert "waiting for money to lend" in await amina.says("/loan")

    await treasury.pays_in(stake, kes(30_000))
    await tasks.disburse(context, payout_id=str(payout.id))

    assert (await payout_of(lender, amina)).status is OrderStatus.PENDING
    assert "on its way" in await amina.says("/loan")
    async with unit_of_work(lender.sessions) as session:
        funded = await session.get_one(FundedLoan, payout.loan_id)
    region = funded.facts.pop("region")
    assert funded.facts == {
        "product": "personal", "country": "KE", "purpose": "stock", "employment": "self_employed"
    }  # fmt: skip
    assert "kisumu" not in region.casefold()
