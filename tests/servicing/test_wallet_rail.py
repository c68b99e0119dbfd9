"""The wallet rail over its wire, against the sandbox's wallet and its door for trouble."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI, Request, Response

from kit import jobs
from kit.config import Settings
from kit.crypto import vault_of
from kit.db import Sessions, unit_of_work
from kit.money import Money
from kit.worker import Worker
from servicing import incidents, payment_requests, queries, rail_events, reconciliation, tasks
from servicing.models import (
    Loan,
    PaymentRequest,
    Payout,
    ReconciliationRun,
)
from servicing.states import LoanStatus, OrderStatus
from tests.sandbox.serving import (
    AMINA,
    Running,
    plain_server,
    running_sandbox,
    serving,
)
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.wires import wallet_rail

ACCOUNT = "12025550101"
SETTLED, FAILED = OrderStatus.SETTLED, OrderStatus.FAILED


class Webhook:
    """What our HTTP face does with a callback."""

    def __init__(self, lender: Lender) -> None:
        self.lender = lender
        self.app = FastAPI()
        self.app.post("/webhooks/rail/wallet")(self.receive)

    async def receive(self, request: Request) -> Response:
        events = self.lender.rail.parse_callback(request.headers, await request.body())
        async with unit_of_work(self.lender.sessions) as session:
            for event in events:
                await rail_events.apply(
                    session, event, on=self.lender.on, zone=ZONE, now=self.lender.now
                )
        return Response(status_code=204)


class Street:
    """A lender, the rail, and the borrower's phone."""

    def __init__(self, lender: Lender, sandbox: Running) -> None:
        self.lender = lender
        self.sandbox = sandbox

    async def until(self, is_so: Callable[[], object]) -> None:
        for _ in range(100):
            if await is_so():  # type: ignore[misc]
                return
            await asyncio.sleep(0.02)
        raise AssertionError("it never happened")

    async def payout(self, loan: Loan) -> Payout:
        async with self.lender.sessions() as session:
            return (await queries.list_payouts(session, loan.id))[-1]

    async def becomes(self, loan: Loan, status: LoanStatus) -> None:
        async def is_so() -> bool:
            return (await self.lender.sees(loan)).status is status

        await self.until(is_so)

    async def request(self, loan: Loan, amount: Money) -> PaymentRequest:
        async with unit_of_work(self.lender.sessions) as session:
            asked = await payment_requests.request(
                session,
                vault_of(session),
                loan_id=loan.id,
                amount=amount,
                on=self.lender.on,
                now=self.lender.now,
            )
        await tasks.collect(self.lender.context, request_id=str(asked.id))
        return asked

    async def answers(self, answer: str) -> None:
        shown = (await self.sandbox.http.get(f"/people/{AMINA}/wallet")).json()
        request = shown["requests"][0]["id"]
        done = await self.sandbox.http.post(
            f"/people/{AMINA}/wallet/requests/{request}", json={"answer": answer}
        )
        assert done.is_success, done.text

    async def pays(self, reference: str, amount: str) -> None:
        payment = {"reference": reference, "amount": amount, "currency": "KES"}
        done = await self.sandbox.http.post(f"/people/{AMINA}/wallet/payments", json=payment)
        assert done.is_success, done.text

    async def inquires(self, kind: str, order_id: object) -> None:
        await tasks.inquire(self.lender.context, kind=kind, order_id=str(order_id))

    async def moved(self) -> list[str]:
        """Every movement of the borrower's wallet, newest first."""
        shown = (await self.sandbox.http.get(f"/people/{AMINA}/wallet")).json()
        return [movement["amount"] for movement in shown["movements"]]


@pytest.fixture
async def street(own_sessions: Sessions, now: datetime) -> AsyncIterator[Street]:
    lender = Lender(own_sessions, now, account=ACCOUNT)
    async with serving(plain_server(Webhook(lender).app)) as ours:
        callback_url = f"{ours}/webhooks/rail/wallet"
        async with running_sandbox(rail_callback_url=callback_url) as sandbox:
            rail = wallet_rail(f"{sandbox.base}/sandbox/wallet", callback_url)
            lender.rail = rail
            yield Street(lender, sandbox)
            await rail.close()


class TestPayout:
    async def test_reaches_the_wallet_and_starts_the_loan(self, street: Street) -> None:
        loan = await street.lender.opens()
        await street.lender.pays_out(loan)

        await street.becomes(loan, LoanStatus.ACTIVE)
        assert await street.moved() == ["29200.00"]

    async def test_answered_too_late_is_paid_once(self, street: Street) -> None:
        """The rail executed the order; we gave up waiting and must not order again."""
        await street.sandbox.trouble("wallet", "lose_answer", seconds=3)
        await street.sandbox.trouble("wallet", "lose_callback")
        loan = await street.lender.opens()
        with pytest.raises(jobs.Later):
            await street.lender.pays_out(loan)
        assert (await street.payout(loan)).status is OrderStatus.UNKNOWN

        await street.lender.pays_out(loan)

        await street.becomes(loan, LoanStatus.ACTIVE)
        assert await street.moved() == ["29200.00"]

    async def test_that_many_workers_carry_out_at_once_is_paid_once(self, street: Street) -> None:
        loan = await street.lender.opens()

        await asyncio.gather(*(street.lender.pays_out(loan) for _ in range(5)))

        await street.becomes(loan, LoanStatus.ACTIVE)
        await asyncio.sleep(0.2)
        assert await street.moved() == ["29200.00"]

    async def test_that_the_rail_was_down_for_is_sent_later(self, street: Street) -> None:
        await street.sandbox.trouble("wallet", "fail", status=503)
        loan = await street.lender.opens()
        with pytest.raises(jobs.Later):
            await street.lender.pays_out(loan)

        await street.lender.pays_out(loan)

        await street.becomes(loan, LoanStatus.ACTIVE)
        assert await street.moved() == ["29200.00"]

    async def test_whose_callback_is_lost_is_found_by_asking(self, street: Street) -> None:
        await street.sandbox.trouble("wallet", "lose_callback")
        loan = await street.lender.opens()
        payout_id = await street.lender.pays_out(loan)
        await street.until(street.moved)

        await street.inquires("payout", payout_id)

        assert (await street.lender.sees(loan)).status is LoanStatus.ACTIVE

    async def test_whose_callback_comes_twice_is_posted_once(self, street: Street) -> None:
        await street.sandbox.trouble("wallet", "repeat_callback")
        loan = await street.lender.opens()
        await street.lender.pays_out(loan)
        await street.becomes(loan, LoanStatus.ACTIVE)
        await asyncio.sleep(0.3)

        assert (await street.lender.books(loan))["cash_wallet"] == "-29200.00"
        await street.lender.verifies()

    @pytest.mark.parametrize(
        ("trouble", "code"), [("reject", "account_blocked"), ("fail_later", "account_closed")]
    )
    async def test_that_fails_leaves_no_debt(self, street: Street, trouble: str, code: str) -> None:
        await street.sandbox.trouble("wallet", trouble, code=code)
        loan = await street.lender.opens()
        await street.lender.pays_out(loan)

        async def has_failed() -> bool:
            return (await street.payout(loan)).status is FAILED

        await street.until(has_failed)
        assert (await street.payout(loan)).failure_code == code
        assert await street.lender.books(loan) == {}

    async def test_that_comes_back_is_an_incident(self, street: Street) -> None:
        await street.sandbox.trouble("wallet", "return_later", seconds=0.05)
        loan = await street.lender.opens()
        await street.lender.pays_out(loan)

        async def is_reported() -> bool:
            async with street.lender.sessions() as session:
                return bool(await incidents.list_open(session))

        await street.until(is_reported)
        assert (await street.lender.books(loan))["cash_wallet"] == "-29200.00"


class TestPaymentRequest:
    async def test_that_is_accepted_repays_the_loan(self, street: Street) -> None:
        loan = await street.lender.opens()
        await street.lender.pays_out(loan)
        await street.becomes(loan, LoanStatus.ACTIVE)

        asked = await street.request(loan, kes(500))
        assert (await street.request(loan, kes(500))).id == asked.id
        await street.answers("accept")

        async def is_here() -> bool:
            return "borrower_credit" in await street.lender.books(loan)

        await street.until(is_here)
        assert (await street.lender.books(loan))["borrower_credit"] == "500.00"
        await street.lender.verifies()

    async def test_that_is_declined_changes_nothing(self, street: Street) -> None:
        loan = await street.lender.opens()
        await street.lender.pays_out(loan)
        await street.becomes(loan, LoanStatus.ACTIVE)
        books = await street.lender.books(loan)
        await street.request(loan, kes(500))
        await street.answers("decline")

        async def is_over() -> bool:
            async with street.lender.sessions() as session:
                return (
                    await queries.find_open_request(session, loan.id, now=street.lender.now) is None
                )

        await street.until(is_over)
        assert await street.lender.books(loan) == books

    async def test_that_comes_after_the_loan_waits_in_suspense(self, street: Street) -> None:
        loan = await street.lender.opens(fees=[])
        await street.lender.pays_out(loan)
        await street.becomes(loan, LoanStatus.ACTIVE)
        await street.request(loan, kes(500))
        await street.lender.receives(loan, kes(30_000))
        await street.answers("accept")

        async def is_here() -> bool:
            return (await street.lender.suspended()) == ["500.00"]

        await street.until(is_here)
        await street.lender.verifies()


class TestIncoming:
    async def test_money_sent_by_reference_repays_the_loan(self, street: Street) -> None:
        loan = await street.lender.opens()
        await street.lender.pays_out(loan)
        await street.becomes(loan, LoanStatus.ACTIVE)
        await street.pays(loan.reference, "750")

        async def is_here() -> bool:
            return "borrower_credit" in await street.lender.books(loan)

        await street.until(is_here)
        await street.lender.verifies()


class TestReconciliation:
    async def test_finds_no_break_where_all_is_well(self, street: Street) -> None:
        loan = await street.lender.opens()
        await street.lender.pays_out(loan)
        await street.becomes(loan, LoanStatus.ACTIVE)
        await street.pays(loan.reference, "750")

        async def is_here() -> bool:
            return "borrower_credit" in await street.lender.books(loan)

        await street.until(is_here)
        today = datetime.now(UTC).date().isoformat()
        await tasks.reconcile(street.lender.context, rail="wallet", day=today)

        async with street.lender.sessions() as session:
            assert await reconciliation.list_open(session) == []
            run = await session.get_one(ReconciliationRun, ("wallet", datetime.now(UTC).date()))
        assert (run.matched, run.breaks) == (2, 0)


class TestWithAWorker:
    async def test_a_loan_is_paid_out_and_a_lost_callback_is_swept_up(
        self, street: Street, database_url: str
    ) -> None:
        """The engine itself runs the jobs: nothing here calls an effect."""
        await street.sandbox.trouble("wallet", "lose_callback")
        lender = street.lender
        settings = Settings(database_url=database_url, job_polling_seconds=0.02)
        worker = Worker(settings, lender.context)
        await worker.start()
        try:
            loan = await lender.opens()
            await worker.until_idle()
            assert (await street.payout(loan)).status is OrderStatus.PENDING
            await street.until(street.moved)

            later = lender.now + timedelta(minutes=1)
            async with unit_of_work(lender.sessions) as session:
                await tasks.sweep(session, now=later, tick=later)
            await worker.until_idle()
        finally:
            await worker.stop()

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert await street.moved() == ["29200.00"]
