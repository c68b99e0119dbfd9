"""The loans for other uses: what each of them asks, and what the borrower gets in the end."""

from datetime import date

import pytest
from sqlalchemy import select

from kit.audit import SYSTEM
from kit.crypto import person_key, vault_of
from kit.db import unit_of_work
from onboarding import evidence, merchants, steps
from onboarding.models import Agreement
from onboarding.payees import KnownPayees
from scoring import queries as decisions
from servicing import queries as loans
from servicing.models import PaymentRequest, Payout
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story
from tests.journeys.test_lost_phone import loses_phone

FARMER = {"employment": "!I am a farmer", "income": "90000"}
SHOP_ACCOUNT = "+254733000042"


async def registers_shop(lender: Lender, code: str = "KE042") -> None:
    async with unit_of_work(lender.sessions) as session:
        await merchants.register(
            session, code=code, name="Kisumu Electronics", account=SHOP_ACCOUNT, actor=SYSTEM,
            now=lender.clock.now(),
        )  # fmt: skip


async def asked(lender: Lender, person: Chatter) -> list[str]:
    return [step.name for step in steps.applying(await lender.dossier(person))]


async def prompted(lender: Lender) -> str:
    """The one account that was ever asked for money."""
    async with unit_of_work(lender.sessions) as session:
        (order,) = await session.scalars(select(PaymentRequest))
        loan = await loans.get_loan(session, order.loan_id)
        key = await person_key(session, vault_of(session), loan.borrower_id, now=order.created_at)
        return key.open_text(order.account_place, order.account)


async def due_dates(lender: Lender, person: Chatter) -> list[tuple[date, int]]:
    loan = (await lender.dossier(person)).loan
    assert loan is not None
    async with unit_of_work(lender.sessions) as session:
        rows = await loans.list_installments(session, loan.id)
    return [(row.due_on, row.principal_minor) for row in rows]


class TestThePriceList:
    @pytest.mark.parametrize(
        ("label", "shown"),
        [
            ("Small and quick", "KES 5,000"),
            ("For my business", "KES 50,000"),
            ("Money for an invoice", "KES 100,000"),
            ("Buy in a shop", "Of that, on the first day: <b>KES 4,000</b>"),
            ("Until the harvest", "KES 40,000"),
        ],
    )
    async def test_shows_every_loan(
        self, lender: Lender, amina: Chatter, label: str, shown: str
    ) -> None:
        await amina.says("/start")
        await amina.presses("English")

        assert shown in await amina.presses(label)

    async def test_offers_to_pay_weekly_or_monthly(self, lender: Lender, amina: Chatter) -> None:
        await amina.says("/start")
        await amina.presses("English")
        await amina.presses("For my business")
        weekly = await amina.presses("Every week")

        assert "• 26 weeks" in amina.labels
        assert "• Every week" in amina.labels
        assert weekly.count("KES 2,") >= 20


class TestABusiness:
    async def test_tells_its_sales_and_suppliers(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina, product="For my business")
        await story.begins()
        said = await story.until("turnover")

        assert "For how much do you sell in a month?" in said
        summary = await story.until("review")
        assert "Monthly sales: <b>KES 120,000</b>" in summary
        assert "Suppliers: <b>Kisumu Wholesalers</b>" in summary
        assert "purpose" not in await asked(lender, amina)

    async def test_is_asked_less_when_the_loan_is_a_plain_one(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).begins()
        plain = await asked(lender, amina)

        assert not {"turnover", "suppliers", "frequency", "guarantor"} & set(plain)
        assert len(plain) == 19

    async def test_corrects_an_answer_by_the_summary_by_back_and_by_editing(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina, product="For my business")
        await story.begins()
        await story.until("turnover")
        message = amina.message(text="1200")
        await amina.sends(message)
        assert "For how much do you sell" in await amina.presses("Back")
        await amina.presses("Leave it as it is")
        await amina.edits(message["message"]["message_id"], "130000")
        await story.until("review")
        assert "KES 130,000" in amina.last.text

        assert "Your answer now: <b>Kisumu Wholesalers" in await amina.presses("✏️ Suppliers")
        assert "Suppliers: <b>Market" in await amina.says("Market")

    async def test_chooses_how_often_it_pays(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina, product="For my business")
        await story.begins()
        await story.until("review")
        await amina.presses("✏️ How often")
        said = await amina.presses("Every week")

        assert "For how long?" in said
        assert {"13 weeks", "26 weeks", "52 weeks"} <= set(amina.labels)
        assert "Time: <b>26 weeks</b>" in await amina.presses("26 weeks")

    async def test_goes_on_where_it_stopped(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina, product="For my business")
        await story.begins()
        await story.until("suppliers")
        lender.clock.move(days=3)

        assert "From whom do you buy" in await amina.says("/status")

    async def test_is_seen_by_staff_and_by_the_decision(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina, product="For my business", answers={"income": "20000"})
        await story.begins()
        await story.until("review")
        await lender.compares_faces(amina)
        await amina.presses("send it")

        dossier = await lender.dossier(amina)
        async with unit_of_work(lender.sessions) as session:
            decision = await decisions.find_latest(session, dossier.draft.id)
            shown = await evidence.request_of(session, dossier, now=lender.clock.now())
        assert decision is not None
        assert decision.snapshot["application"]["answers"] == {"turnover": "120000.00"}
        assert shown["answers"] == {"turnover": "120000.00", "suppliers": "Kisumu Wholesalers"}
        assert "Wholesalers" not in str(dossier.draft.answers)


class TestAnInvoice:
    async def test_is_advanced_in_part_until_its_due_date(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(
            lender, amina, product="Money for an invoice",
            answers={"amount": "80,000", "income": "150000"},
        )  # fmt: skip
        await story.begins()
        await story.until("amount")
        assert "from KES 10,000 to KES 80,000" in amina.last.text
        assert "from KES 10,000 to KES 80,000" in await amina.says("90000")
        await story.until("review")
        await lender.compares_faces(amina)
        offer = await amina.presses("send it")
        assert "20 Jan 2027" in offer
        await story.signs()
        lender.clock.move(days=2)
        await lender.pays_out(amina)

        assert await due_dates(lender, amina) == [(date(2027, 1, 20), 8_000_000)]
        loan = (await lender.dossier(amina)).loan
        assert loan is not None
        async with unit_of_work(lender.sessions) as session:
            named = await KnownPayees().name_of(session, loan, now=lender.clock.now())
        assert named == "Amina Wanjiru Otieno"

    async def test_that_is_due_too_soon_is_refused(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina, product="Money for an invoice")
        await story.begins()
        await story.until("invoice_due_on")

        assert "from 27 Nov 2026 to 20 Mar 2027" in await amina.says("22.11.2026")

    async def test_that_came_due_meanwhile_is_asked_for_again(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina, product="Money for an invoice", answers={"amount": "80,000"})
        await story.begins()
        await story.until("review")
        lender.clock.move(days=61)

        assert "too near" in await amina.presses("send it")
        await amina.presses("✏️ Invoice due")
        assert "Is everything right?" in await amina.says("20.03.2027")

    async def test_is_offered_only_while_there_is_time_left(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(
            lender, amina, product="Money for an invoice",
            answers={"amount": "80,000", "income": "150000", "invoice_due_on": "27.11.2026"},
        )  # fmt: skip
        await story.begins()
        await story.until("review")
        await lender.compares_faces(amina)
        lender.clock.move(days=4)

        assert "good until 26 Nov 2026" in await amina.presses("send it")
        lender.clock.move(days=2)
        assert "has ended" in await amina.says("/status")

    async def test_of_another_amount_asks_for_the_loan_again(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina, product="Money for an invoice", answers={"amount": "80,000"})
        await story.begins()
        await story.until("review")
        await amina.presses("✏️ Invoice amount")

        assert "from KES 10,000 to KES 40,000" in await amina.says("50000")


class TestAPurchase:
    async def test_pays_the_shop_and_asks_a_part_at_once(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await registers_shop(lender)
        story = Story(lender, amina, product="Buy in a shop")
        await story.begins()
        assert "Shop: <b>Kisumu Electronics (KE042)</b>" in await story.until("review")
        await lender.compares_faces(amina)
        offer = await amina.presses("send it")
        assert "on the first day: <b>KES 4,000" in offer
        assert "wallet" not in await asked(lender, amina)
        assert "on its way to the shop" in await story.signs()
        await lender.pays_out(amina)

        loan = (await lender.dossier(amina)).loan
        assert loan is not None
        async with unit_of_work(lender.sessions) as session:
            payout = await session.scalar(select(Payout).where(Payout.loan_id == loan.id))
            agreement = await session.scalar(select(Agreement))
            assert payout is not None
            assert agreement is not None
            key = await person_key(
                session, vault_of(session), loan.borrower_id, now=lender.clock.now()
            )
            named = await KnownPayees().name_of(session, loan, now=lender.clock.now())
        assert named == "Kisumu Electronics"
        assert key.open_text(payout.account_place, payout.account) == SHOP_ACCOUNT
        assert payout.amount_minor == 2_000_000
        assert agreement.key_facts["down_payment"] == "4000.00"
        assert (await due_dates(lender, amina))[0] == (date(2026, 11, 20), 400_000)

    async def test_is_repaid_by_the_buyer_and_never_by_the_shop(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await registers_shop(lender)
        story = Story(lender, amina, product="Buy in a shop")
        await story.begins()
        await story.until("review")
        await lender.compares_faces(amina)
        await amina.presses("send it")
        await story.signs()
        assert "on its way to the shop" in await amina.says("/loan")
        await lender.pays_out(amina)
        await amina.says("/pay 500")
        await amina.presses("Pay KES 500")

        asked_accounts = [await prompted(lender)]
        await loses_phone(lender, amina)
        lender.clock.move(days=2)
        without = await amina.says("/pay")
        labels = amina.labels
        straight = await amina.says("/pay 600")

        assert asked_accounts == [f"+{story.phone}"]
        assert "no confirmed phone" in without
        assert "as the reference" in without
        assert "no confirmed phone" in straight
        assert not [each for each in (*labels, *amina.labels) if "KES" in each]
        assert await prompted(lender) == asked_accounts[0]

    async def test_in_a_shop_that_nobody_knows_is_refused(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina, product="Buy in a shop")
        await story.begins()
        await story.until("merchant_code")

        said = await amina.says("KE999")
        assert "do not know a shop" in said
        assert "code of the shop" in said


class TestAHarvest:
    async def test_repays_all_in_the_month_after_it(self, lender: Lender, amina: Chatter) -> None:
        story = Story(
            lender, amina, product="Until the harvest",
            answers=FARMER | {"frequency": "!All at the end"},
        )  # fmt: skip
        await story.begins()
        summary = await story.until("review")
        assert "Harvest: <b>July 2027</b>" in summary
        assert "Acres: <b>2.5</b>" in summary
        await lender.compares_faces(amina)
        await amina.presses("send it")
        await story.signs()
        await lender.pays_out(amina)

        assert await due_dates(lender, amina) == [(date(2027, 8, 20), 4_000_000)]

    async def test_may_pay_the_interest_every_month(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina, product="Until the harvest", answers=FARMER)
        await story.begins()
        await story.until("harvest_month")
        assert {"January", "July", "December"} <= set(amina.labels)
        await story.until("review")
        await amina.presses("✏️ How often")
        await amina.presses("Every month")
        await lender.compares_faces(amina)
        await amina.presses("send it")
        await story.signs()
        await lender.pays_out(amina)

        dues = await due_dates(lender, amina)
        assert len(dues) == 9
        assert [principal for _, principal in dues] == [0] * 8 + [4_000_000]

    async def test_is_not_for_people_who_do_not_farm(self, lender: Lender, amina: Chatter) -> None:
        story = Story(
            lender, amina, product="Until the harvest",
            answers={"product": "!Small and quick", "term": "!6 weeks"},
        )  # fmt: skip
        await story.begins()
        said = await story.until("product")

        assert "is for people with other work" in said
        assert "Until the harvest" not in amina.labels
        await story.until("review")
        assert "Loan: <b>Small and quick</b>" in amina.last.text


class TestSmallAndQuick:
    async def test_is_paid_every_week(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina, product="Small and quick")
        await story.gets_the_money()

        dues = await due_dates(lender, amina)
        assert [due for due, _ in dues] == [
            date(2026, 11, 27), date(2026, 12, 4), date(2026, 12, 11), date(2026, 12, 18),
        ]  # fmt: skip
