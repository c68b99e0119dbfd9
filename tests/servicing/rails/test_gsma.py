"""Mobile money end to end: orders, callbacks that nobody signed, incoming money, the statement."""

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from kit.worker import Worker
from sandbox.wallet import transfers
from servicing import incidents, queries, tasks
from servicing.rails.base import Direction
from servicing.states import LoanStatus, OrderStatus
from servicing.treasury import returns
from tests.servicing.lending import Lender, kes
from tests.servicing.rails.gsma_provider import ACCOUNT
from tests.servicing.rails.gsma_street import Street, street
from tests.servicing.returned import takes_back

PAID = "29200.00"
SEED = 20261122
SETTLED, FAILED, PENDING = OrderStatus.SETTLED, OrderStatus.FAILED, OrderStatus.PENDING


@pytest.fixture
async def here(own_sessions: Sessions, vault: Vault, now: datetime) -> AsyncIterator[Street]:
    async with street(Lender(own_sessions, now), vault) as here:
        yield here


def transaction(**changed: Any) -> dict[str, Any]:
    return {
        "transactionReference": "W-forged",
        "type": "disbursement",
        "transactionStatus": "completed",
        "amount": "29200",
        "currency": "KES",
        "debitParty": [{"key": "organisationid", "value": "kopa"}],
        "creditParty": [{"key": "msisdn", "value": f"+{ACCOUNT}"}],
    } | changed


class TestPayout:
    async def test_starts_the_loan_once_the_provider_is_asked(self, here: Street) -> None:
        loan = await here.lender.opens()
        payout = await here.pays_out(loan)

        (hint,) = here.hooks.exchanges
        assert (hint.method, hint.status) == ("PUT", 204)
        assert payout.status is PENDING
        assert await here.lender.books(loan) == {}

        assert (await here.asks(payout)).status is SETTLED
        assert (await here.lender.books(loan))["cash_momo"] == f"-{PAID}"
        assert here.moved() == [PAID]
        assert await here.reconciles() == []
        await here.lender.verifies()

    @pytest.mark.parametrize(
        ("trouble", "code"),
        [("reject", "businessRule:incorrectState"), ("fail_later", "account_closed")],
    )
    async def test_that_fails_leaves_no_debt(self, here: Street, trouble: str, code: str) -> None:
        await here.provider.trouble(trouble, code=code)
        loan = await here.lender.opens()

        payout = await here.asks(await here.pays_out(loan))

        assert (payout.status, payout.failure_code) == (FAILED, "incorrectState")
        assert (await here.lender.books(loan), here.moved()) == ({}, [])

    async def test_that_comes_back_is_an_incident_and_a_break(self, here: Street) -> None:
        loan = await here.lends()
        name, books = str((await here.payout(loan)).rail_id), await here.lender.books(loan)
        transfers.take_back(here.wallet, name, "account_closed")
        await here.hears()
        assert await here.incidents() == []

        await here.confirms(name)

        assert await here.incidents() == ["payout_final_state_differs"]
        assert await here.lender.books(loan) == books
        assert [each.category for each in await here.reconciles()] == ["returned"]

    async def test_that_came_back_is_taken_back_on_the_answer_of_the_provider(
        self, here: Street
    ) -> None:
        loan = await here.lends()
        name = str((await here.payout(loan)).rail_id)
        transfers.take_back(here.wallet, name, "account_closed")
        await here.hears()
        with pytest.raises(returns.ReturnNotProven):  # A hint is nothing yet.
            await takes_back(here.lender, loan)
        await here.confirms(name)

        await takes_back(here.lender, loan)

        assert await here.lender.books(loan) == {}
        assert await here.incidents() == []
        assert await here.reconciles() == []
        await here.lender.verifies()

    async def test_that_came_back_before_we_asked_lent_nothing(self, here: Street) -> None:
        await here.provider.trouble("return_later")
        loan = await here.lends()

        assert (await here.payout(loan)).status is FAILED
        assert await here.lender.books(loan) == {}

    async def test_of_another_amount_needs_a_person(self, here: Street) -> None:
        """One minor unit: the provider itself says so, and it is not our order."""
        loan = await here.lender.opens()
        payout = await here.pays_out(loan)
        (transfer,) = here.wallet.transfers.values()
        here.wallet.change(transfer["id"], amount_minor=transfer["amount_minor"] + 1)

        payout = await here.asks(payout)

        assert payout.status is OrderStatus.NEEDS_REVIEW
        assert await here.incidents() == ["payout_amount_differs"]
        assert await here.lender.books(loan) == {}

    async def test_that_the_provider_denies_needs_a_person(self, here: Street) -> None:
        loan = await here.lender.opens()
        payout = await here.pays_out(loan)
        here.wallet.transfers.clear()

        assert (await here.asks(payout)).status is OrderStatus.NEEDS_REVIEW
        assert await here.incidents() == ["payout_denied_by_rail"]


class TestWeather:
    TROUBLES: tuple[tuple[str, dict[str, Any]], ...] = (
        ("fail", {}),
        ("fail", {"code": "internal:genericError"}),
        ("fail", {"code": "businessRule:rateLimitError"}),
        ("fail", {"code": "authorisation:clientAuthorisationError"}),
        ("lose_answer", {}),
        ("answer_at_once", {}),
        ("hide_pending", {}),
        ("delay_settlement", {"seconds": 0.05}),
        ("lose_callback", {}),
        ("repeat_callback", {}),
        ("reorder_callbacks", {}),
    )

    async def test_of_every_kind_pays_everybody_once(self, here: Street) -> None:
        chance = random.Random(SEED)
        loans = [await here.lender.opens() for _ in range(8)]
        waiting = list(loans)
        for kind, order in self.TROUBLES:
            await here.provider.trouble(kind, times=chance.randint(1, 4), **order)

        for _ in range(60):
            chance.shuffle(waiting)
            for loan in waiting:
                await here.pays_out(loan)
            waiting = [
                loan
                for loan in waiting
                if (await here.lender.sees(loan)).status is not LoanStatus.ACTIVE
            ]

        assert waiting == []
        assert here.moved() == [PAID] * len(loans)
        assert await here.incidents() == []
        assert await here.reconciles() == []
        await here.lender.verifies()


class TestPaymentRequest:
    async def test_that_is_accepted_repays_the_loan(self, here: Street) -> None:
        loan = await here.lends()
        asked = await here.requests(loan, kes(500))
        await here.answers(accept=True)

        assert (await here.asks(asked)).status is SETTLED
        assert (await here.lender.books(loan))["borrower_credit"] == "500.00"
        assert await here.reconciles() == []
        await here.lender.verifies()

    async def test_that_is_declined_changes_nothing(self, here: Street) -> None:
        loan = await here.lends()
        books = await here.lender.books(loan)
        asked = await here.requests(loan, kes(500))
        await here.answers(accept=False)

        told = await here.asks(asked)

        assert (told.status, told.failure_code) == (FAILED, "requestDeclined")
        assert await here.lender.books(loan) == books


class TestIncoming:
    async def test_repays_the_loan_once_the_provider_is_asked(self, here: Street) -> None:
        loan = await here.lends()
        books = await here.lender.books(loan)
        await here.provider.trouble("repeat_callback")
        name = await here.pays(loan.reference, kes(750))
        assert await here.lender.books(loan) == books

        for _ in range(3):
            await here.confirms(name)

        assert (await here.lender.books(loan))["borrower_credit"] == "750.00"
        assert await here.reconciles() == []
        await here.lender.verifies()

    async def test_by_no_known_reference_waits_in_suspense(self, here: Street) -> None:
        transfers.top_up(here.wallet, ACCOUNT, kes(100))
        name = await here.pays("who knows", kes(100))

        await here.confirms(name)

        assert await here.lender.suspended() == ["100.00"]
        assert await here.reconciles() == []

    async def test_that_nobody_told_us_of_is_in_the_statement(self, here: Street) -> None:
        loan = await here.lends()
        await here.provider.trouble("lose_callback")
        name = await here.pays(loan.reference, kes(750))

        (found,) = await here.reconciles()

        assert (found.category, found.reference) == ("missing_here", name)


class TestForgery:
    """An address has leaked: whoever has it can make us ask, and no more."""

    async def test_moves_nothing(self, here: Street) -> None:
        loan = await here.lender.opens()
        await here.provider.trouble("delay_settlement", seconds=3_600)
        await here.lender.pays_out(loan)
        payout = await here.payout(loan)

        for body in (
            transaction(),
            transaction(transactionStatus="failed"),
            {"errorCategory": "businessRule", "errorCode": "insufficientFunds"},
            transaction(transactionStatus="reversed"),
        ):
            answer = await here.told(Direction.PAYOUT, body, payout.client_ref)
            assert answer.status_code == 204
            assert (await here.asks_now(payout)).status is PENDING
        await here.confirms("W-forged")

        assert await here.lender.books(loan) == {}
        transfers.resume(here.wallet)

        async def is_settled() -> bool:
            return (await here.asks_now(payout)).status is SETTLED

        await here.until(is_settled)
        assert here.moved() == [PAID]

    async def test_of_money_that_went_back_posts_nothing(self, here: Street) -> None:
        loan = await here.lends()
        payout, books = await here.payout(loan), await here.lender.books(loan)
        came_back = transaction(transactionReference=payout.rail_id, transactionStatus="reversed")

        await here.told(Direction.PAYOUT, came_back, payout.client_ref)
        await here.confirms(str(payout.rail_id))

        assert await here.lender.books(loan) == books
        assert await here.incidents() == []

    async def test_of_money_that_came_posts_nothing_and_tells_a_person(self, here: Street) -> None:
        loan = await here.lends()
        books = await here.lender.books(loan)
        paid = transaction(type="merchantpay", descriptionText=loan.reference)

        assert (await here.told(Direction.INCOMING, paid)).status_code == 204
        await here.confirms("W-forged")
        assert await here.incidents() == []
        await here.confirms("W-forged", tries=10)

        assert await here.lender.books(loan) == books
        assert await here.incidents() == ["incoming_not_confirmed"]

    async def test_about_a_real_payment_counts_as_the_provider_says(self, here: Street) -> None:
        loan, other = await here.lends(), await here.lends()
        name = await here.pays(loan.reference, kes(500))
        stolen = transaction(
            transactionReference=name, type="merchantpay", amount="5000",
            descriptionText=other.reference,
        )  # fmt: skip

        await here.told(Direction.INCOMING, stolen)
        await here.confirms(name)

        assert (await here.lender.books(loan))["borrower_credit"] == "500.00"
        assert "borrower_credit" not in await here.lender.books(other)

    async def test_that_gives_the_payment_its_own_name_as_reference_confirms_nothing(
        self, here: Street
    ) -> None:
        loan = await here.lends()
        name = await here.pays(loan.reference, kes(500))
        itself = transaction(
            transactionReference=name, requestingOrganisationTransactionReference=name,
            type="merchantpay", amount="500",
        )  # fmt: skip

        await here.told(Direction.INCOMING, itself)
        await here.confirms(name)

        assert (await here.lender.books(loan))["borrower_credit"] == "500.00"

    async def test_of_a_request_as_incoming_counts_once(self, here: Street) -> None:
        loan = await here.lends()
        asked = await here.requests(loan, kes(500))
        await here.answers(accept=True)
        settled = await here.asks(asked)

        paid = transaction(
            transactionReference=settled.rail_id, type="merchantpay", amount="500",
            descriptionText=loan.reference,
        )  # fmt: skip
        await here.told(Direction.INCOMING, paid)
        await here.confirms(str(settled.rail_id))

        assert (await here.lender.books(loan))["borrower_credit"] == "500.00"

    async def test_one_minor_unit_off_is_an_incident(self, here: Street) -> None:
        loan = await here.lender.opens()
        payout = await here.pays_out(loan)

        await here.told(Direction.PAYOUT, transaction(amount="29200.01"), payout.client_ref)

        assert await here.incidents() == ["payout_amount_differs"]
        assert await here.lender.books(loan) == {}

    async def test_is_refused_without_an_address_of_ours(self, here: Street) -> None:
        loan = await here.lender.opens()
        payout = await here.pays_out(loan)
        token = here.hooks.exchanges[0].path.rpartition("/")[2]
        ref = payout.client_ref
        for path, body, status in (
            (f"/payout/{ref}/{token[:-1]}x", transaction(), 401),
            (f"/payout/{ref}", transaction(), 401),
            (f"/payout/P{'0' * 32}/{token}", transaction(), 401),
            (f"/incoming/{token}", transaction(), 401),
            (f"/payout/{ref}/{token}", b" " * 300_000, 413),
        ):
            assert (await here.put(path, body)).status_code == status, path

        assert (await here.payout(loan)).status is PENDING
        assert await here.incidents() == []

    async def test_that_cannot_be_read_is_an_incident_and_not_asked_for_again(
        self, here: Street
    ) -> None:
        loan = await here.lender.opens()
        payout = await here.pays_out(loan)
        token = here.hooks.exchanges[0].path.rpartition("/")[2]
        bad = b"{", b"[" * 60_000, b" " * 100_000, transaction(amount="29200.001")
        for body in bad:
            told = await here.put(f"/payout/{payout.client_ref}/{token}", body)
            assert told.status_code == 204

        assert (await here.payout(loan)).status is PENDING
        async with here.lender.sessions() as session:
            (found,) = await incidents.list_open(session)
        day = f"{here.lender.now:%Y-%m-%d}"
        assert (found.kind, found.subject, set(found.facts)) == (
            "rail_event_unreadable", f"gsma:payout/{payout.client_ref}:{day}", {"field"}
        )  # fmt: skip


class TestWithAWorker:
    async def test_a_hint_brings_the_question_and_a_lost_one_is_swept_up(
        self, here: Street, database_url: str
    ) -> None:
        """The engine itself runs the jobs: nothing here calls an effect."""
        lender = here.lender
        settings = Settings(_env_file=None, database_url=database_url, job_polling_seconds=0.02)
        worker = Worker(settings, lender.context)
        await worker.start()
        try:
            told = await lender.opens()

            async def is_active() -> bool:
                return (await lender.sees(told)).status is LoanStatus.ACTIVE

            await here.until(is_active)
            name = await here.pays(told.reference, kes(750))
            assert name

            async def is_repaid() -> bool:
                return "borrower_credit" in await lender.books(told)

            await here.until(is_repaid)
            await here.provider.trouble("lose_callback")
            untold = await lender.opens()

            async def is_sent() -> bool:
                """And we have written down that it was."""
                async with lender.sessions() as session:
                    (payout,) = await queries.list_payouts(session, untold.id)
                return len(here.moved()) == 3 and payout.status is PENDING

            await here.until(is_sent)
            later = lender.now + timedelta(minutes=1)
            async with unit_of_work(lender.sessions) as session:
                await tasks.sweep(session, now=later, tick=later)

            async def is_found() -> bool:
                return (await lender.sees(untold)).status is LoanStatus.ACTIVE

            await here.until(is_found)
        finally:
            await worker.stop()
        assert here.moved() == [PAID, "-750.00", PAID]
