"""One transfer stands in the books once, whoever enters it, in whatever order."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, event, text

from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from servicing import order_reviews, orders, queries, suspense, transfers
from servicing.disbursements import PAYOUTS
from servicing.models import Loan, PaymentRequest
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Outcome, OutcomeStatus
from servicing.transfers import RailTransferKnown
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.reviews import (
    asks_in_vain,
    charges_back,
    comes,
    enters,
    is_settled_by_rail,
    pays_out_in_vain,
    places,
    repaid,
    settles,
)
from tests.servicing.treasury_acts import UMA, USHA


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await lender.lends()


async def test_is_looked_for_by_index(lender: Lender, loan: Loan) -> None:
    """Whatever comes in is: looking takes no longer the more requests there are."""
    asked = await asks_in_vain(lender, loan, kes(500))
    columns = {column.name: getattr(asked, column.name) for column in PaymentRequest.__table__.c}
    plan: list[str] = []

    def explain(connection: Connection, _: Any, query: str, given: Any, *__: Any) -> None:
        if "FROM payment_requests" in query and not query.startswith("EXPLAIN"):
            words = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
            plan.extend(str(row) for row in connection.exec_driver_sql(f"{words} {query}", given))

    async with lender.sessions() as session:
        others = [
            PaymentRequest(
                **columns
                | {"id": (row_id := new_id()), "client_ref": f"C{row_id.hex}", "rail_id": f"R{n}"}
            )
            for n in range(1_000)
        ]
        session.add_all(others)
        await session.flush()
        await session.execute(text("ANALYZE payment_requests"))
        connection = (await session.connection()).sync_connection
        event.listen(connection, "before_cursor_execute", explain)
        for name, ours in (("r7", others[7]), (asked.client_ref.upper(), asked)):
            found = await transfers.find(session, "wallet", name)
            assert found is not None
            assert found.name == ours.client_ref
            assert "ix_payment_requests_rail_id" in "".join(plan), plan
            plan.clear()
        event.remove(connection, "before_cursor_execute", explain)


class TestSettledByHand:
    async def test_is_no_money_that_a_loan_has(self, lender: Lender, loan: Loan) -> None:
        """One transfer was a repayment, and settled two payment requests besides."""
        first = await asks_in_vain(lender, loan, kes(500))
        second = await asks_in_vain(lender, loan, kes(501))
        await comes(lender, "RCPT1", loan.reference, kes(500))

        for asked in (first, second):
            for typed in ("RCPT1", "rcpt1", "wallet:RCPT1"):
                assert await settles(lender, REQUESTS, asked.id, typed) == "rail_transfer_known"

        assert await repaid(lender, loan) == [("wallet:RCPT1", "500.00")]
        await lender.verifies()

    async def test_says_where_the_money_is(self, lender: Lender, loan: Loan) -> None:
        asked = await asks_in_vain(lender, loan, kes(500))
        await comes(lender, "RCPT1", loan.reference, kes(500))

        with pytest.raises(RailTransferKnown) as refused:
            async with unit_of_work(lender.sessions) as session:
                await order_reviews.settle(
                    session, REQUESTS, asked.id, rail_id="RCPT1", settled_at=lender.now,
                    staff_id=UMA, reason="seen", on=lender.on, zone=ZONE, now=lender.now,
                )  # fmt: skip

        assert str(refused.value) == (
            f"wallet:RCPT1 is in the books already: as a repayment of loan {loan.reference}"
            " (wallet:RCPT1)."
        )
        assert refused.value.params == {
            "transfer": "wallet:RCPT1", "stands_as": "repayment", "name": "wallet:RCPT1",
            "loan": loan.reference,
        }  # fmt: skip

    async def test_is_no_money_that_waits_or_was_placed_or_given_back(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks_in_vain(lender, loan, kes(500))
        await comes(lender, "RCPT1", "rent", kes(500))
        assert await settles(lender, REQUESTS, asked.id, "RCPT1") == "rail_transfer_known"
        await places(lender, loan)
        assert await settles(lender, REQUESTS, asked.id, "RCPT1") == "rail_transfer_known"

        await comes(lender, "RCPT2", "rent", kes(500))
        async with lender.sessions() as session:
            (item,) = await suspense.list_open(session)
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await suspense.refund(
                    session, item.id, reference="OUT1", staff_id=who, reason="asked",
                    on=lender.on, now=lender.now,
                )  # fmt: skip
        for typed in ("RCPT2", "OUT1"):
            assert await settles(lender, REQUESTS, asked.id, typed) == "rail_transfer_known"
        await lender.verifies()

    async def test_is_no_money_of_another_order(self, lender: Lender, loan: Loan) -> None:
        lender.rail.acks = []
        first = await asks_in_vain(lender, loan, kes(500))
        second = await asks_in_vain(lender, loan, kes(501))
        payout_id = await pays_out_in_vain(lender)

        assert await settles(lender, REQUESTS, first.id, "RCPT1") == "settled"
        for typed in ("RCPT1", first.client_ref):
            assert await settles(lender, REQUESTS, second.id, typed) == "rail_transfer_known"
            assert await settles(lender, PAYOUTS, payout_id, typed) == "rail_transfer_known"
        assert await settles(lender, REQUESTS, second.id, "RCPT2") == "settled"

        assert [amount for _, amount in await repaid(lender, loan)] == ["500.00", "501.00"]
        await lender.verifies()

    async def test_is_no_money_that_was_entered_by_hand(self, lender: Lender, loan: Loan) -> None:
        asked = await asks_in_vain(lender, loan, kes(500))
        assert await enters(lender, loan, kes(500), "RCPT1") == "entered"

        assert await settles(lender, REQUESTS, asked.id, "RCPT1") == "rail_transfer_known"

        assert await repaid(lender, loan) == [("staff:RCPT1", "500.00")]

    async def test_may_be_what_was_charged_back_where_it_stood_before(
        self, lender: Lender, loan: Loan
    ) -> None:
        """So is money put right that staff had taken for another's."""
        other = await lender.lends()
        wrong = await asks_in_vain(lender, other, kes(500))
        right = await asks_in_vain(lender, loan, kes(500))
        await settles(lender, REQUESTS, wrong.id, "RCPT1")
        await charges_back(lender, other)

        assert await settles(lender, REQUESTS, right.id, "RCPT1") == "settled"

        assert (len(await repaid(lender, loan)), await repaid(lender, other)) == (1, [])
        await lender.verifies()

    async def test_is_known_when_the_rail_tells_of_it_after_all(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks_in_vain(lender, loan, kes(500))
        await settles(lender, REQUESTS, asked.id, "RCPT1")

        await comes(lender, "RCPT1", loan.reference, kes(500))
        await comes(lender, "RCPT1", "rent", kes(500), event="E2")

        assert await repaid(lender, loan) == [(f"rail:{asked.client_ref}", "500.00")]
        assert await lender.suspended() == []
        assert "incoming_stands_elsewhere" in await lender.incidents()
        await lender.verifies()

    @pytest.mark.parametrize("typed", ["wallet:RCPT1", "Rcpt1", "rCPt1", "rcpt1"])
    async def test_is_known_however_its_name_was_typed(
        self, lender: Lender, loan: Loan, typed: str
    ) -> None:
        first = await asks_in_vain(lender, loan, kes(500))
        second = await asks_in_vain(lender, loan, kes(501))
        await settles(lender, REQUESTS, first.id, typed)

        await comes(lender, "RCPT1", loan.reference, kes(500))
        await is_settled_by_rail(lender, second, "RCPT1")
        for again in ("RCPT1", "rcpT1"):
            assert await settles(lender, REQUESTS, second.id, again) == "rail_transfer_known"
            assert await enters(lender, loan, kes(500), again) == "rail_transfer_known"

        assert await repaid(lender, loan) == [(f"rail:{first.client_ref}", "500.00")]
        assert await lender.suspended() == []
        await lender.verifies()

    @pytest.mark.parametrize("typed", ["pi_abc", "PI_aBC", "wallet:pi_aBC"])
    async def test_is_no_money_that_a_loan_has_in_other_letters(
        self, lender: Lender, loan: Loan, typed: str
    ) -> None:
        asked = await asks_in_vain(lender, loan, kes(500))
        await comes(lender, "pi_AbC", loan.reference, kes(500))

        assert await settles(lender, REQUESTS, asked.id, typed) == "rail_transfer_known"
        assert await enters(lender, loan, kes(500), typed) == "rail_transfer_known"

    async def test_is_one_proposal_with_and_without_the_name_of_the_rail(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks_in_vain(lender, loan, kes(500))

        for who, typed in ((UMA, "wallet:RCPT1"), (USHA, "RCPT1")):
            async with unit_of_work(lender.sessions) as session:
                proposal = await order_reviews.settle(
                    session, REQUESTS, asked.id, rail_id=typed, settled_at=lender.now,
                    staff_id=who, reason="seen", on=lender.on, zone=ZONE, now=lender.now,
                )  # fmt: skip

        assert proposal.is_confirmed
        async with lender.sessions() as session:
            assert (await session.get_one(PaymentRequest, asked.id)).rail_id == "RCPT1"

    async def test_moved_on_no_day_before_it_was_ordered(self, lender: Lender, loan: Loan) -> None:
        """Some rails name only the day; and a rail's clock may be a little behind ours."""
        midnight = lender.now.astimezone(ZoneInfo(ZONE)).replace(hour=0)
        before = midnight - timedelta(minutes=1)
        by_day = await asks_in_vain(lender, loan, kes(500))
        lender.now = midnight + timedelta(days=1, minutes=10)
        lender.on += timedelta(days=1)
        by_night = await asks_in_vain(lender, loan, kes(501))
        told = "settled_before_ordered"

        assert await settles(lender, REQUESTS, by_day.id, "R1", at=before) == told
        assert await settles(lender, REQUESTS, by_night.id, "R2", at=before) == told
        assert await repaid(lender, loan) == []
        assert await settles(lender, REQUESTS, by_day.id, "R1", at=midnight) == "settled"
        behind = before + timedelta(days=1)
        assert await settles(lender, REQUESTS, by_night.id, "R2", at=behind) == "settled"
        await lender.verifies()


class TestSettledByTheRail:
    async def test_is_not_by_money_that_was_entered_by_hand(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks_in_vain(lender, loan, kes(500))
        await enters(lender, loan, kes(500), "W77")

        await is_settled_by_rail(lender, asked, "W77")

        assert await repaid(lender, loan) == [("staff:W77", "500.00")]
        assert "payment_request_stands_elsewhere" in await lender.incidents()
        await charges_back(lender, loan)
        assert await settles(lender, REQUESTS, asked.id, "W77") == "settled"
        assert await repaid(lender, loan) == [(f"rail:{asked.client_ref}", "500.00")]
        await lender.verifies()

    async def test_is_not_by_money_that_settled_another_request(
        self, lender: Lender, loan: Loan
    ) -> None:
        right = await asks_in_vain(lender, loan, kes(500))
        wrong = await asks_in_vain(lender, loan, kes(501))
        await settles(lender, REQUESTS, wrong.id, "W77")

        await is_settled_by_rail(lender, right, "W77")
        await is_settled_by_rail(lender, wrong, "W77")

        assert await repaid(lender, loan) == [(f"rail:{wrong.client_ref}", "501.00")]
        assert "payment_request_stands_elsewhere" in await lender.incidents()
        await lender.verifies()

    async def test_is_by_money_of_its_own(self, lender: Lender, loan: Loan) -> None:
        asked = await asks_in_vain(lender, loan, kes(500))
        await enters(lender, loan, kes(500), "W76")

        await is_settled_by_rail(lender, asked, "W77")

        assert len(await repaid(lender, loan)) == 2
        assert "payment_request_stands_elsewhere" not in await lender.incidents()
        await lender.verifies()


class TestEnteredByHand:
    async def test_is_nothing_that_a_rail_has_brought(self, lender: Lender, loan: Loan) -> None:
        await comes(lender, "RCPT1", loan.reference, kes(500))
        await comes(lender, "RCPT2", "rent", kes(500))
        asked = await asks_in_vain(lender, loan, kes(500))
        await settles(lender, REQUESTS, asked.id, "RCPT3")

        for typed in ("RCPT1", "wallet:RCPT1", "RCPT2", "rcpt3", asked.client_ref):
            assert await enters(lender, loan, kes(500), typed) == "rail_transfer_known"
        assert await enters(lender, loan, kes(500), "RCPT4") == "entered"
        assert await enters(lender, loan, kes(500), "RCPT4") == "entered"

        assert len(await repaid(lender, loan)) == 3
        await lender.verifies()

    async def test_is_not_booked_again_when_a_rail_tells_of_it(
        self, lender: Lender, loan: Loan
    ) -> None:
        await enters(lender, loan, kes(500), "RCPT1")

        await comes(lender, "RCPT1", loan.reference, kes(500))

        assert await repaid(lender, loan) == [("staff:RCPT1", "500.00")]
        assert await lender.incidents() == ["incoming_stands_elsewhere"]
        await charges_back(lender, loan)
        await comes(lender, "RCPT1", loan.reference, kes(500), event="E2")
        assert await repaid(lender, loan) == [("wallet:RCPT1", "500.00")]
        await lender.verifies()

    async def test_is_entered_once_under_whatever_name(self, lender: Lender, loan: Loan) -> None:
        names = ["RCPT1", "wallet:RCPT1", "rcpt1", "Wallet:RCPT1", "wallet : RCPT1"]
        told = [await enters(lender, loan, kes(500), each) for each in names]
        again = await enters(lender, loan, kes(500), "RCPT1")

        assert (told, again) == (["entered", *["rail_transfer_known"] * 4], "entered")
        assert await repaid(lender, loan) == [("staff:RCPT1", "500.00")]
        await charges_back(lender, loan)
        assert await enters(lender, loan, kes(500), "wallet:RCPT1") == "entered"
        await lender.verifies()

    @pytest.mark.parametrize("typed", ["Rcpt1", "wallet:rCPT1"])
    async def test_is_not_booked_again_however_it_was_typed(
        self, lender: Lender, loan: Loan, typed: str
    ) -> None:
        asked = await asks_in_vain(lender, loan, kes(500))
        await enters(lender, loan, kes(500), typed)

        await comes(lender, "RCPT1", loan.reference, kes(500))
        await is_settled_by_rail(lender, asked, "RCPT1")

        assert await repaid(lender, loan) == [(f"staff:{typed}", "500.00")]
        await lender.verifies()

    @pytest.mark.parametrize("typed", ["wallet: RCPT1", "Wallet : rcpt1", " RCPT1 "])
    async def test_is_the_same_with_spaces(self, lender: Lender, loan: Loan, typed: str) -> None:
        await enters(lender, loan, kes(500), typed)

        await comes(lender, "RCPT1", loan.reference, kes(500))

        assert await enters(lender, loan, kes(500), "rcpt1") == "rail_transfer_known"
        assert len(await repaid(lender, loan)) == 1
        assert await lender.incidents() == ["incoming_stands_elsewhere"]
        await lender.verifies()


class TestAnotherTransfer:
    async def test_under_one_payout_is_an_incident(self, lender: Lender, loan: Loan) -> None:
        async with lender.sessions() as session:
            payout = (await queries.list_payouts(session, loan.id))[-1]

        await self.is_told(lender, payout.id, Outcome(OutcomeStatus.SETTLED, payout.amount, "W1"))
        assert await lender.incidents() == []
        await self.is_told(lender, payout.id, Outcome(OutcomeStatus.SETTLED, payout.amount))
        assert await lender.incidents() == []
        await self.is_told(lender, payout.id, Outcome(OutcomeStatus.SETTLED, payout.amount, "W9"))

        assert await lender.incidents() == ["payout_another_transfer"]
        await lender.verifies()

    async def is_told(self, lender: Lender, payout_id: UUID, outcome: Outcome) -> None:
        async with unit_of_work(lender.sessions) as session:
            await orders.apply(
                session, PAYOUTS, payout_id, outcome, on=lender.on, zone=ZONE, now=lender.now
            )

    @pytest.mark.parametrize(
        ("settled", "told"), [("ws_CO_1", "R1"), ("R1", "ws_CO_1"), ("R1", "R1")]
    )
    async def test_is_not_the_receipt_beside_the_name_of_its_prompt(
        self, lender: Lender, settled: str, told: str
    ) -> None:
        lender.rail.name = "mpesa"
        loan = await lender.lends()
        asked = await asks_in_vain(lender, loan, kes(500))
        for name in (settled, told):
            outcome = Outcome(OutcomeStatus.SETTLED, asked.amount, name)
            async with unit_of_work(lender.sessions) as session:
                await orders.apply(
                    session, REQUESTS, asked.id, outcome, on=lender.on, zone=ZONE, now=lender.now
                )

        assert await lender.incidents() == ["payment_request_no_answer"]


async def test_at_the_same_moment_it_is_taken_in_once(
    own_sessions: Sessions, now: datetime
) -> None:
    """The rail tells of it while the second of staff settles another borrower's request by it."""
    lender = Lender(own_sessions, now)
    loan, other = await lender.lends(), await lender.lends()
    asked = await asks_in_vain(lender, other, kes(500))

    await asyncio.gather(
        settles(lender, REQUESTS, asked.id, "RCPT1"),
        comes(lender, "RCPT1", loan.reference, kes(500)),
    )

    assert len([*await repaid(lender, loan), *await repaid(lender, other)]) == 1
    await lender.verifies()
