"""The wallet rail over its wire, against the sandbox's wallet and its door for trouble."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI, Request, Response

from kit import jobs
from kit.crypto import vault_of
from kit.db import Sessions, unit_of_work
from kit.errors import TransientFailure
from kit.money import Money
from servicing import incidents, payment_requests, queries, rail_events, reconciliation, tasks
from servicing.models import Loan, PaymentRequest, Payout, ReconciliationRun
from servicing.rails.base import (
    AckStatus,
    CallbackMalformed,
    Direction,
    Instruction,
    OutcomeStatus,
    SignatureInvalid,
)
from servicing.rails.wallet import WalletRail
from servicing.states import LoanStatus, OrderStatus
from tests.sandbox.serving import (
    AMINA,
    RAIL_KEY,
    RAIL_SECRET,
    Running,
    plain_server,
    running_sandbox,
    serving,
)
from tests.servicing.lending import Lender, kes

ACCOUNT = "12025550101"
SETTLED, FAILED = OrderStatus.SETTLED, OrderStatus.FAILED


def wallet_rail(base: str, callback_url: str = "", **changed: object) -> WalletRail:
    given = {"api_key": RAIL_KEY, "webhook_secret": RAIL_SECRET, "timeout_seconds": 1.0}
    return WalletRail(base, callback_url=callback_url, **(given | changed))  # type: ignore[arg-type]


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
                await rail_events.apply(session, event, on=self.lender.on, now=self.lender.now)
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
                session, vault_of(session), loan_id=loan.id, amount=amount, now=self.lender.now
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
                return await queries.find_open_request(session, loan.id) is None

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
        await tasks.reconcile(street.lender.context, day=today)

        async with street.lender.sessions() as session:
            assert await reconciliation.list_open(session) == []
            run = await session.get_one(ReconciliationRun, ("wallet", datetime.now(UTC).date()))
        assert (run.matched, run.breaks) == (2, 0)


class TestAdapter:
    async def test_nobody_there_is_unknown(self) -> None:
        rail = wallet_rail("http://127.0.0.1:9")
        order = Instruction("P1", Direction.PAYOUT, ACCOUNT, kes(1), "Loan")

        assert (await rail.submit(order)).status is AckStatus.UNKNOWN
        assert (await rail.query("P1")).status is OutcomeStatus.UNKNOWN
        with pytest.raises(TransientFailure):
            await rail.statement(datetime.now(UTC).date(), "KES")
        await rail.close()

    @pytest.mark.parametrize(
        "garbage",
        ["", "<html>", "null", "[]", '{"id": 1}', '{"status": "gone", "id": "1"}',
         '{"id":"1","status":"settled","amount":"x","currency":"KES"}'],
    )  # fmt: skip
    async def test_nonsense_is_unknown(self, garbage: str) -> None:
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        async def anything(path: str) -> Response:
            return Response(garbage, media_type="application/json")

        async with serving(plain_server(app)) as base:
            rail = wallet_rail(base)
            assert (await rail.query("P1")).status is OutcomeStatus.UNKNOWN
            with suppress(TransientFailure):
                await rail.statement(datetime.now(UTC).date(), "KES")
                raise AssertionError("nonsense is not a statement")
            await rail.close()

    async def test_a_wrong_key_moves_nothing_and_says_nothing(self, street: Street) -> None:
        rail = wallet_rail(f"{street.sandbox.base}/sandbox/wallet", api_key="wrong")
        order = Instruction("P1", Direction.PAYOUT, ACCOUNT, kes(1), "Loan")

        assert (await rail.submit(order)).status is AckStatus.UNKNOWN
        assert await street.moved() == []
        await rail.close()


class TestCallback:
    body = json.dumps(
        {"event_id": "E1",
         "transfer": {"id": "W1", "reference": "P1", "direction": "payout", "amount": "12.50",
                      "currency": "KES", "status": "settled", "failure_code": None,
                      "settled_at": "2026-11-20T07:00:00+00:00"}}
    ).encode()  # fmt: skip

    def signed(self, body: bytes, secret: str = RAIL_SECRET) -> dict[str, str]:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"x-rail-signature": f"sha256={digest}"}

    def test_is_read(self) -> None:
        (event,) = wallet_rail("http://rail").parse_callback(self.signed(self.body), self.body)

        assert event.amount == Money(12_50, "KES")
        assert event.outcome.settled_at == datetime(2026, 11, 20, 7, tzinfo=UTC)

    def test_that_is_not_signed_is_refused(self) -> None:
        rail = wallet_rail("http://rail")
        for headers in ({}, self.signed(self.body, "other"), self.signed(self.body + b" ")):
            with pytest.raises(SignatureInvalid):
                rail.parse_callback(headers, self.body)

    def test_without_a_secret_of_ours_nothing_is_believed(self) -> None:
        rail = wallet_rail("http://rail", webhook_secret="")

        with pytest.raises(SignatureInvalid):
            rail.parse_callback(self.signed(self.body, ""), self.body)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"payout"', b'"theft"'),
            (b'"12.50"', b'"12.505"'),
            (b'"KES"', b'"kes"'),
            (b'"settled"', b'"melted"'),
            (b"+00:00", b""),
            (b'"transfer"', b'"nothing"'),
            (b"{", b"["),
        ],
    )
    def test_that_cannot_be_read_is_refused(self, old: bytes, new: bytes) -> None:
        body = self.body.replace(old, new, 1)

        with pytest.raises(CallbackMalformed):
            wallet_rail("http://rail").parse_callback(self.signed(body), body)
