"""A price by risk, as the borrower meets it: the band, the rate that was decided, the loan."""

from fractions import Fraction

from kit.db import unit_of_work
from scoring import queries as decisions
from servicing import queries as loans
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story

GOOD_INCOME = {"income": "150,000", "obligations": "0"}


async def test_a_borrower_sees_between_what_the_price_will_lie(amina: Chatter) -> None:
    await amina.says("/start")
    await amina.presses("English")
    said = await amina.presses("For my business")

    assert "interest from 24 % to 42 % a year" in said
    assert "You pay back in all: <b>KES 56," in said  # Of the dearest.
    assert "interest from" not in await amina.presses("Until the harvest")


async def test_a_borrower_is_offered_and_lent_what_was_decided(
    lender: Lender, amina: Chatter
) -> None:
    story = Story(lender, amina, product="For my business", answers=GOOD_INCOME)
    said = await story.gets_an_offer()

    dossier = await lender.dossier(amina)
    async with unit_of_work(lender.sessions) as session:
        decision = await decisions.find_latest(session, dossier.draft.id)
    assert decision is not None
    assert decision.annual_rate_bps is not None
    assert decision.workings is not None
    assert 2_400 < decision.annual_rate_bps < 4_200
    assert decision.expected_loss_minor == decision.workings["price"]["expected_loss_minor"] > 0
    assert dossier.offer is not None
    assert dossier.offer.annual_rate_bps == decision.annual_rate_bps
    rate = Fraction(decision.annual_rate_bps, 100)
    assert f"Your interest rate: <b>{float(rate):g} % a year</b>" in said

    await story.signs()

    loan = (await lender.dossier(amina)).loan
    assert loan is not None
    async with unit_of_work(lender.sessions) as session:
        kept = await loans.get_loan(session, loan.id)
    assert Fraction(kept.terms["annual_rate_percent"]) == rate
