"""M-Pesa over its wire: whatever is lost, doubled, forged or late, money moves and counts once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.crypto import Vault
from kit.db import Sessions
from servicing import hints
from servicing.rails.base import Direction, Instruction, OutcomeStatus
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.lending import Lender, PaperRail, kes
from tests.servicing.rails.mpesa_street import NUMBER, Street, is_under_way, street

SETTLED, FAILED, REVIEW = OrderStatus.SETTLED, OrderStatus.FAILED, OrderStatus.NEEDS_REVIEW


@pytest.fixture
async def mpesa(
    own_sessions: Sessions, now: datetime, vault: Vault, tmp_path: Path
) -> AsyncIterator[Street]:
    async with street(Lender(own_sessions, now), vault, tmp_path) as there:
        yield there


# Orders are held to both databases elsewhere, what hints do by payments below.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestPayout:
    async def test_is_believed_only_when_asked_about(self, mpesa: Street) -> None:
        loan = await mpesa.lender.opens()

        payout = await mpesa.pays_out(loan)
        assert mpesa.moved() == [-29_200]
        assert is_under_way(payout), "M-Pesa has called, and nobody has signed that"

        settled = await mpesa.asks(payout)
        assert settled.status is SETTLED
        assert settled.rail_id == mpesa.mpesa.movements[0]["receipt"]
        assert (await mpesa.lender.sees(loan)).status is LoanStatus.ACTIVE
        assert (await mpesa.lender.books(loan))["cash_mpesa"] == "-29200.00"

    async def test_whose_callback_is_lost_is_found_by_asking(self, mpesa: Street) -> None:
        mpesa.trouble("lose_callback")
        payout = await mpesa.pays_out(await mpesa.lender.opens())

        assert (await mpesa.asks(payout)).status is SETTLED

    @pytest.mark.parametrize("trouble", ["lose_answer", "fail", "lose_order"])
    async def test_that_was_not_answered_never_goes_twice(
        self, mpesa: Street, trouble: str
    ) -> None:
        mpesa.trouble(trouble)
        payout = await mpesa.pays_out(await mpesa.lender.opens())
        assert payout.status is OrderStatus.UNKNOWN

        for _ in range(3):
            payout = await mpesa.asks(payout)

        was_done = trouble == "lose_answer"
        assert mpesa.moved() == ([-29_200] if was_done else [])
        assert payout.status is (SETTLED if was_done else OrderStatus.UNKNOWN)

    @pytest.mark.parametrize(
        ("trouble", "order"),
        [
            ("no_token", {}),
            ("stop_at_gate", {}),
            ("stop_at_gate", {"status": 403, "code": "403"}),
        ],
    )
    async def test_that_never_left_goes_later(
        self, mpesa: Street, trouble: str, order: dict[str, Any]
    ) -> None:
        mpesa.trouble(trouble, **order)
        loan = await mpesa.lender.opens()
        held = await mpesa.pays_out(loan)
        assert (held.status, mpesa.moved()) == (OrderStatus.CREATED, [])

        await mpesa.asks(await mpesa.pays_out(loan))

        assert mpesa.moved() == [-29_200]
        assert (await mpesa.lender.sees(loan)).status is LoanStatus.ACTIVE

    async def test_goes_with_a_new_token_when_the_old_one_is_forgotten(self, mpesa: Street) -> None:
        await mpesa.lends()
        mpesa.trouble("forget_tokens")

        payout = await mpesa.pays_out(await mpesa.lender.opens())

        assert payout.status is OrderStatus.PENDING
        assert mpesa.moved() == [-29_200, -29_200]

    async def test_that_fails_leaves_no_debt(self, mpesa: Street) -> None:
        mpesa.trouble("fail_later", code=1)
        loan = await mpesa.lender.opens()
        payout = await mpesa.pays_out(loan)
        assert is_under_way(payout)

        failed = await mpesa.asks(payout)

        assert (failed.status, failed.failure_code) == (FAILED, "failed")
        assert await mpesa.lender.books(loan) == {}

    async def test_with_cents_is_refused_before_it_is_sent(self, mpesa: Street) -> None:
        loan = await mpesa.lender.opens(principal="30000.40", fees=[])

        payout = await mpesa.pays_out(loan)

        assert (payout.status, payout.failure_code) == (FAILED, "whole_shillings_only")
        assert mpesa.mpesa.orders == {}

    async def test_told_twice_in_disorder_and_late_counts_once(self, mpesa: Street) -> None:
        mpesa.trouble("reorder_callbacks", times=2)
        mpesa.trouble("repeat_callback", times=3)
        payout = await mpesa.pays_out(await mpesa.lender.opens())

        for _ in range(3):
            await mpesa.asks(payout)

        assert (await mpesa.sees(payout)).status is SETTLED
        await mpesa.lender.verifies()
        assert await mpesa.incidents() == []

    async def test_about_one_shilling_more_is_an_incident(self, mpesa: Street) -> None:
        """The hint lies: nothing is posted, and nobody asks M-Pesa to make it true."""
        mpesa.trouble("misstate_amount")
        loan = await mpesa.lender.opens()

        payout = await mpesa.pays_out(loan)

        assert payout.status is REVIEW
        assert await mpesa.incidents() == ["payout_amount_differs"]
        assert await mpesa.lender.books(loan) == {}

    async def test_confirmed_with_one_shilling_more_is_an_incident(self, mpesa: Street) -> None:
        loan = await mpesa.lender.opens()
        payout = await mpesa.pays_out(loan)
        mpesa.trouble("misstate_amount", target="status")

        assert (await mpesa.asks(payout)).status is REVIEW
        assert await mpesa.incidents() == ["payout_amount_differs"]
        assert await mpesa.lender.books(loan) == {}

    async def test_that_went_to_somebody_else_is_an_incident(self, mpesa: Street) -> None:
        loan = await mpesa.lender.opens()
        payout = await mpesa.pays_out(loan)
        mpesa.mpesa.movements[0]["msisdn"] = "254799999999"

        assert (await mpesa.asks(payout)).status is REVIEW
        assert await mpesa.incidents() == ["payout_account_differs"]
        assert await mpesa.lender.books(loan) == {}

    async def test_with_a_masked_number_is_recognised(self, mpesa: Street) -> None:
        payout = await mpesa.pays_out(await mpesa.lender.opens())
        mpesa.mpesa.movements[0]["msisdn"] = "2547*****001"

        assert (await mpesa.asks(payout)).status is SETTLED


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestPrompt:
    async def test_that_is_accepted_repays_the_loan(self, mpesa: Street) -> None:
        loan = await mpesa.lends()

        asked = await mpesa.prompts(loan, kes(500))
        assert await mpesa.repaid() == []

        assert (await mpesa.asks(asked)).status is SETTLED
        assert await mpesa.repaid() == ["500.00"]
        await mpesa.lender.verifies()

    async def test_of_a_part_of_a_shilling_asks_for_the_whole(self, mpesa: Street) -> None:
        loan = await mpesa.lends()

        asked = await mpesa.prompts(loan, kes("500.40"))
        await mpesa.asks(asked)
        again = await mpesa.requests(loan, kes("0.01"))

        assert (await mpesa.repaid(), again.amount) == (["501.00"], kes(1))
        await mpesa.lender.verifies()

    async def test_for_a_payoff_with_cents_ends_the_loan(self, mpesa: Street) -> None:
        loan = await mpesa.lends(annual_rate_percent="35.3")
        mpesa.mpesa.account = replace(mpesa.mpesa.account, purse_shillings=100_000)
        mpesa.lender.now += timedelta(days=10)
        mpesa.lender.on += timedelta(days=10)
        payoff = await mpesa.lender.payoff(loan)

        await mpesa.asks(await mpesa.prompts(loan, payoff))

        assert payoff.minor % 100, "it would show nothing"
        assert (await mpesa.lender.sees(loan)).status is LoanStatus.CLOSED
        assert await mpesa.repaid() == [f"{payoff.minor // 100}.00"]
        assert await mpesa.lender.suspended() == []
        given = payoff - kes(payoff.minor // 100)
        assert (await mpesa.lender.books(loan))["waiver_expense"] == given.major
        await mpesa.lender.verifies()

    @pytest.mark.parametrize(
        ("code", "reason"),
        [(1032, "cancelled"), (2001, "wrong_pin"), (1037, "unreachable"),
         (1, "insufficient_funds")],
    )  # fmt: skip
    async def test_that_is_not_changes_nothing(self, mpesa: Street, code: int, reason: str) -> None:
        loan = await mpesa.lends()
        mpesa.trouble("answer_prompt", code=code)

        ended = await mpesa.asks(await mpesa.prompts(loan, kes(500)))

        assert (ended.status, ended.failure_code) == (FAILED, reason)
        assert (mpesa.moved(), await mpesa.repaid()) == ([-29_200], [])

    async def test_that_is_still_open_is_asked_about_again(self, mpesa: Street) -> None:
        mpesa.trouble("leave_prompt", seconds=60)
        order = Instruction("C" + "0" * 32, Direction.COLLECT, NUMBER, kes(5), "Loan")
        ack = await mpesa.rail.submit(order)

        found = await mpesa.rail.query(replace(order, rail_id=ack.rail_id))

        assert found.status is OutcomeStatus.PENDING

    async def test_whose_answer_was_lost_is_found_by_its_callback(self, mpesa: Street) -> None:
        loan = await mpesa.lends()
        mpesa.trouble("lose_answer")
        asked = await mpesa.prompts(loan, kes(500))

        assert (await mpesa.asks(asked)).status is SETTLED
        assert await mpesa.repaid() == ["500.00"]

    async def test_whose_answer_and_callback_were_lost_is_found_by_its_receipt(
        self, mpesa: Street
    ) -> None:
        await mpesa.rail.register()
        loan = await mpesa.lends()
        mpesa.trouble("lose_answer")
        mpesa.trouble("lose_callback")  # The prompt's; the payment is announced as well.
        asked = await mpesa.prompts(loan, kes(500))
        assert (await mpesa.asks(asked)).status is OrderStatus.UNKNOWN

        await mpesa.confirms(mpesa.mpesa.movements[-1]["receipt"])

        assert (await mpesa.sees(asked)).status is SETTLED
        assert await mpesa.repaid() == ["500.00"]

    async def test_whose_name_is_used_for_more_money_counts_that_too(self, mpesa: Street) -> None:
        await mpesa.rail.register()
        loan = await mpesa.lends()
        asked = await mpesa.prompts(loan, kes(500))
        await mpesa.asks(asked)
        await mpesa.confirms(mpesa.mpesa.movements[-1]["receipt"])

        await mpesa.confirms(await mpesa.pays(asked.client_ref[1:13], 500))

        assert await mpesa.repaid() == ["500.00", "500.00"]
        assert mpesa.moved() == [-29_200, 500, 500]

    async def test_about_one_shilling_more_is_an_incident(self, mpesa: Street) -> None:
        loan = await mpesa.lends()
        mpesa.trouble("misstate_amount")

        asked = await mpesa.prompts(loan, kes(500))

        assert (await mpesa.sees(asked)).status is REVIEW
        assert await mpesa.incidents() == ["payment_request_amount_differs"]
        assert await mpesa.repaid() == []


class TestPayment:
    async def test_by_reference_repays_the_loan_when_it_is_confirmed(self, mpesa: Street) -> None:
        await mpesa.rail.register()
        loan = await mpesa.lends()

        receipt = await mpesa.pays(loan.reference.lower(), 750)
        assert await mpesa.repaid() == []

        await mpesa.confirms(receipt)
        await mpesa.confirms(receipt)
        assert await mpesa.repaid() == ["750.00"]
        await mpesa.lender.verifies()

    async def test_that_answered_a_prompt_counts_once(self, mpesa: Street) -> None:
        """M-Pesa announces a prompt's money at the registered address as well."""
        await mpesa.rail.register()
        loan = await mpesa.lends()
        asked = await mpesa.prompts(loan, kes(500))
        await mpesa.asks(asked)

        await mpesa.confirms(mpesa.mpesa.movements[-1]["receipt"])

        assert await mpesa.repaid() == ["500.00"]
        assert await mpesa.incidents() == []

    async def test_to_a_loan_that_another_rail_paid_out_is_cash_at_mpesa(
        self, mpesa: Street
    ) -> None:
        await mpesa.rail.register()
        mpesa.lender.rail = PaperRail()
        loan = await mpesa.lender.lends()
        mpesa.lender.rail = mpesa.rail

        await mpesa.confirms(await mpesa.pays(loan.reference, 750))

        books = await mpesa.lender.books(loan)
        assert (books["cash_wallet"], books["cash_mpesa"]) == ("-29200.00", "750.00")
        await mpesa.lender.verifies()

    async def test_that_is_not_for_us_to_take_is_turned_away(self, mpesa: Street) -> None:
        await mpesa.rail.register()
        refused = await mpesa.phone.post(
            "/phone/pay",
            json={"msisdn": NUMBER, "reference": "L-0000000", "shillings": 10},
        )

        assert refused.status_code == 409
        assert mpesa.moved() == []

    async def test_whose_question_is_lost_is_asked_about_again(self, mpesa: Street) -> None:
        await mpesa.rail.register()
        loan = await mpesa.lends()
        receipt = await mpesa.pays(loan.reference, 750)
        mpesa.trouble("lose_callback", target="status")
        await mpesa.confirms(receipt)
        assert await mpesa.repaid() == []

        await mpesa.confirms(receipt)

        assert await mpesa.repaid() == ["750.00"]

    async def test_that_is_never_confirmed_is_an_incident(self, mpesa: Street) -> None:
        await hints.ask(mpesa.lender.context, "mpesa", "SGNOTHERE1", tries=10)

        assert await mpesa.incidents() == ["incoming_not_confirmed"]
        assert mpesa.mpesa.asked == 0

    async def test_announced_with_one_shilling_more_is_an_incident(self, mpesa: Street) -> None:
        await mpesa.rail.register()
        loan = await mpesa.lends()
        mpesa.trouble("misstate_amount")

        await mpesa.confirms(await mpesa.pays(loan.reference, 750))

        assert await mpesa.incidents() == ["incoming_amount_differs"]
        assert await mpesa.repaid() == []

    async def test_to_a_loan_that_nobody_knows_waits(self, mpesa: Street) -> None:
        await mpesa.rail.register()
        loan = await mpesa.lends()
        receipt = await mpesa.pays(loan.reference, 750)
        async with mpesa.lender.sessions() as session, session.begin():
            row = await session.merge(loan)
            row.reference = "L-OTHER"

        await mpesa.confirms(receipt)

        assert await mpesa.lender.suspended() == ["750.00"]
