"""Payments at the console: entered when they came outside the rails, taken back when they went."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from kit.config import Settings
from kit.db import Sessions, unit_of_work
from servicing import suspense
from servicing.models import Loan, Repayment
from tests.api.conftest import Sit
from tests.api.desk import words
from tests.servicing.lending import Lender, kes

TYPED = {"reference": "box 12", "paid_on": "2026-11-20", "reason": "counted"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"hand_money_two_from": "1000"})


async def received(sessions: Sessions, loan: Loan) -> Sequence[Repayment]:
    async with sessions() as session:
        found = await session.scalars(select(Repayment).where(Repayment.loan_id == loan.id))
        return found.all()


async def test_two_enter_much(sit: Sit, lender: Lender, sessions: Sessions) -> None:
    loan = await lender.lends()
    carl, ada, page = await sit("Carl"), await sit("Ada"), f"/loans/{loan.id}/enter"

    link = f'href="/console{page}"'
    linked = (await carl.opens(f"/loans/{loan.id}")).text
    asked = await carl.reads(page)
    proposed = await carl.does(page, amount="1500", **TYPED)
    listed = (await ada.opens("/proposals")).text
    seen = (await ada.opens(page)).text
    before = await received(sessions, loan)
    confirmed = await ada.does(page, amount="1500.00 KES", **TYPED | {"reason": "I have the slip"})

    assert "Paid ahead" not in linked
    assert "Paid ahead KES 1,500" in await carl.reads(f"/loans/{loan.id}")
    assert link in linked
    assert link in listed
    assert "Another member of staff confirms it from KES 1,000 on" in asked
    assert "another member of staff confirms it" in proposed
    assert "Enter the money" not in seen
    assert 'name="amount" value="1500.00 KES"' in seen
    assert "Confirm: money that came outside the rails" in seen
    assert "Entered. It counts from the day on which it was paid." in confirmed
    assert before == []
    [repayment] = await received(sessions, loan)
    assert (repayment.amount, repayment.rail_reference) == (kes(1500), "staff:box 12")
    await lender.verifies()


async def test_one_enters_little_and_a_form_that_comes_twice_once(
    sit: Sit, lender: Lender, sessions: Sessions
) -> None:
    loan = await lender.lends()
    carl, page = await sit("Carl"), f"/loans/{loan.id}/enter"

    for _ in range(2):
        shown = await carl.does(page, amount="999.50", once="0123456789ab", **TYPED)

    assert "Entered. It counts from the day on which it was paid." in shown
    assert [each.amount for each in await received(sessions, loan)] == [kes("999.50")]


async def test_keeps_what_was_typed_when_it_is_refused(
    sit: Sit, lender: Lender, sessions: Sessions
) -> None:
    loan = await lender.lends()
    await lender.receives(loan, kes(500), rail_reference="wallet:RCPT1")
    carl, page = await sit("Carl"), f"/loans/{loan.id}/enter"

    async def sends(**changed: str) -> str:
        answer = await carl.sends(page, **{"amount": "500", **TYPED, **changed})
        assert answer.status_code in {409, 422}
        assert 'value="500"' in answer.text or "amount" in changed
        assert "counted" in answer.text
        return words(answer)

    assert f"as a repayment of loan {loan.reference}" in await sends(reference="RCPT1")
    assert "That moment has not come yet" in await sends(paid_on="2027-01-01")
    assert "Please check what you typed" in await sends(paid_on="soon")
    assert "Please check what you typed" in await sends(amount="much")
    assert "amount must be written like 1250.00, without commas or spaces" in await sends(
        amount="1,000"
    )
    assert "Please check what you typed" in await sends(amount="0")
    assert len(await received(sessions, loan)) == 1


async def test_a_loan_without_its_money_takes_none(sit: Sit, lender: Lender) -> None:
    loan = await lender.opens()
    carl, page = await sit("Carl"), f"/loans/{loan.id}/enter"

    shown = await carl.reads(page)
    refused = await carl.sends(page, amount="500", **TYPED)

    assert "This loan takes no money" in shown
    assert "Enter the money" not in shown
    assert (refused.status_code, "This loan takes no money" in words(refused)) == (409, True)


async def test_whoever_only_reads_is_not_asked(sit: Sit, lender: Lender) -> None:
    loan = await lender.lends()
    aude, page = await sit("Aude"), f"/loans/{loan.id}/enter"

    assert page not in (await aude.opens(f"/loans/{loan.id}")).text
    assert (await aude.opens(page)).status_code == 403
    assert (await aude.sends(page, page="", amount="500", **TYPED)).status_code == 403


async def test_two_take_back_what_went_back(sit: Sit, lender: Lender, sessions: Sessions) -> None:
    loan = await lender.lends()
    books = await lender.books(loan)
    await lender.receives(loan, kes(500), rail_reference="telegram:T5")
    [payment] = await received(sessions, loan)
    carl, ada, page = await sit("Carl"), await sit("Ada"), f"/repayments/{payment.id}"

    linked = (await carl.opens(f"/loans/{loan.id}")).text
    asked = await carl.reads(page)
    proposed = await carl.does(f"{page}/charge-back", reason="the dashboard says disputed")
    alone = await carl.sends(f"{page}/charge-back", reason="the dashboard says disputed")
    listed = (await ada.opens("/proposals")).text
    confirmed = await ada.does(f"{page}/charge-back", page=page, reason="I saw it too")
    again = await ada.sends(f"{page}/charge-back", reason="once more")

    assert f'href="/console{page}"' in linked
    assert f'href="/console{page}"' in listed
    assert "Payment of KES 500 Counts" in asked
    assert "Proposed: the money went back" in proposed
    assert (alone.status_code, "You proposed this yourself" in words(alone)) == (403, True)
    assert "Confirmed and done" in confirmed
    assert "Taken back 20 Nov 2026" in confirmed
    assert "Propose: the money went back" not in confirmed
    assert (again.status_code, "Taken back already" in words(again)) == (409, True)
    assert await lender.books(loan) == books
    await lender.verifies()


async def test_two_write_off_a_card_payment_that_left_twice(
    sit: Sit, lender: Lender, sessions: Sessions
) -> None:
    loan = await lender.lends()
    await lender.receives(loan, kes(500), rail_reference="telegram:T5", rail="telegram")
    [payment] = await received(sessions, loan)
    carl, ada, page = await sit("Carl"), await sit("Ada"), f"/repayments/{payment.id}"

    early = await carl.sends(f"{page}/write-off", reason="disputed, too")
    for desk in (carl, ada):
        await desk.does(f"{page}/charge-back", page=page, reason="given back in the dashboard")
    asked = await carl.reads(page)
    proposed = await carl.does(f"{page}/write-off", page=page, reason="disputed, too")
    confirmed = await ada.does(f"{page}/write-off", page=page, reason="I saw it too")
    again = await ada.sends(f"{page}/write-off", reason="once more")

    assert (early.status_code, "It did not leave twice" in words(early)) == (409, True)
    assert "Propose: it left twice" in asked
    assert "Proposed: it left twice" in proposed
    assert "It left twice, and is written off" in confirmed
    assert "Propose: it left twice" not in confirmed
    assert (again.status_code, "Written off already" in words(again)) == (409, True)
    await lender.verifies()


async def test_two_write_off_card_money_that_was_given_back(
    sit: Sit, lender: Lender, sessions: Sessions
) -> None:
    async with unit_of_work(sessions) as session:
        await suspense.receive(
            session, reference="telegram:T5", reason="unknown_reference", amount=kes(700),
            on=lender.on, now=lender.now, rail="telegram",
        )  # fmt: skip
        [item] = await suspense.list_open(session)
    carl, ada, page = await sit("Carl"), await sit("Ada"), f"/suspense/{item.id}"

    before = await carl.reads(page)
    for desk in (carl, ada):
        await desk.does(f"{page}/refund", page=page, reference="re_1", reason="not ours")
    asked = await carl.reads(page)
    await carl.does(f"{page}/write-off", page=page, reason="disputed, too")
    confirmed = await ada.does(f"{page}/write-off", page=page, reason="I saw it too")

    assert "it left twice" not in before
    assert "Propose: it left twice" in asked
    assert "It left twice, and is written off" in confirmed
    await lender.verifies()


async def test_a_payment_that_is_not_there(sit: Sit) -> None:
    carl = await sit("Carl")

    shown = await carl.opens("/repayments/019efff0-0000-7000-8000-000000000000")

    assert (shown.status_code, "No such payment" in words(shown)) == (404, True)
