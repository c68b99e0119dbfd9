"""Whoever calls our addresses for M-Pesa: forged, repeated and torn messages post nothing."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from api.middleware import BODY_BYTES_MAX
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from kit.worker import Worker
from sandbox.mpesa import bodies
from sandbox.store import Json
from servicing import incidents, lookups, tasks
from servicing.models import Payout, RailEventRow
from servicing.rails.addresses import Addresses
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.lending import Lender, kes
from tests.servicing.rails.mpesa_published import PAYMENT
from tests.servicing.rails.mpesa_street import NUMBER, SECRET, Street, is_under_way, street


@pytest.fixture
async def mpesa(
    own_sessions: Sessions, now: datetime, vault: Vault, tmp_path: Path
) -> AsyncIterator[Street]:
    async with street(Lender(own_sessions, now), vault, tmp_path) as there:
        yield there


# No other database makes a difference to what is refused; the last test is on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def at(*parts: str | int) -> str:
    """An address as we make it."""
    return Addresses("/webhooks/rail/daraja", SECRET).make(*parts)


async def heard(mpesa: Street) -> int:
    async with mpesa.lender.sessions() as session:
        return await session.scalar(select(func.count()).select_from(RailEventRow)) or 0


@sqlite
class TestForged:
    """A stranger knows everything but our secret."""

    @pytest.fixture
    async def payout(self, mpesa: Street) -> Payout:
        mpesa.trouble("lose_order")
        return await mpesa.pays_out(await mpesa.lender.opens())

    def success(self, mpesa: Street, payout: Payout, shillings: int = 29_200) -> Json:
        done = mpesa.mpesa.move(
            "payout", NUMBER, -shillings, "Completed", originator=payout.client_ref,
            conversation="AG_1",
        )  # fmt: skip
        mpesa.mpesa.movements.remove(done)
        return bodies.payout_result(mpesa.mpesa, done, 0, "done")

    async def test_success_of_a_payout_is_refused(self, mpesa: Street, payout: Payout) -> None:
        body = self.success(mpesa, payout)
        guess = Addresses("/webhooks/rail/daraja", "a guess")
        for path in (
            "/webhooks/rail/daraja",
            f"/webhooks/rail/daraja/payout/{payout.client_ref}/2920000",
            guess.make("payout", payout.client_ref, 2_920_000),
            at("payout", "P0", 2_920_000).replace("P0", payout.client_ref),
        ):
            answer = await mpesa.told(path, body)
            assert (answer.status_code, answer.json()["code"]) == (401, "rail_signature_invalid")

        assert await heard(mpesa) == 0
        assert is_under_way(await mpesa.sees(payout))

    async def test_success_at_a_stolen_address_is_only_a_hint(
        self, mpesa: Street, payout: Payout
    ) -> None:
        body = self.success(mpesa, payout)
        path = at("payout", payout.client_ref, 2_920_000)

        for _ in range(100):
            answer = await mpesa.told(path, body)
            assert answer.json() == {"ResultCode": 0, "ResultDesc": "Accepted"}
        payout = await mpesa.asks(payout)

        assert await heard(mpesa) == 1
        assert is_under_way(payout), "M-Pesa knows of no such payout"
        assert mpesa.moved() == []

    async def test_failure_at_a_stolen_address_does_not_make_us_pay_again(
        self, mpesa: Street
    ) -> None:
        loan = await mpesa.lender.opens()
        mpesa.trouble("lose_callback")
        payout = await mpesa.pays_out(loan)
        failed = {"Result": {"ResultCode": 1, "ResultDesc": "no funds"}}

        await mpesa.told(at("payout", payout.client_ref, 2_920_000), failed)

        assert (await mpesa.asks(payout)).status is OrderStatus.SETTLED
        assert mpesa.moved() == [-29_200]

    async def test_failure_of_what_has_arrived_is_an_incident(self, mpesa: Street) -> None:
        loan = await mpesa.lends()
        payout = await mpesa.payout(loan)
        failed = {"Result": {"ResultCode": 1, "ResultDesc": "no funds"}}

        await mpesa.told(at("payout", payout.client_ref, 2_920_000), failed)

        assert (await mpesa.sees(payout)).status is OrderStatus.SETTLED
        assert await mpesa.incidents() == ["payout_final_state_differs"]

    async def test_news_of_a_payout_that_we_never_ordered_is_an_incident(
        self, mpesa: Street
    ) -> None:
        body = {"Result": {"ResultCode": 0, "ResultDesc": "done"}}

        await mpesa.told(at("payout", "P1234", 100), body)

        assert await mpesa.incidents() == ["payout_unknown_to_us"]


@sqlite
class TestPayment:
    async def test_that_nobody_made_is_never_confirmed(self, mpesa: Street) -> None:
        loan = await mpesa.lends()
        path, body = at("paid"), PAYMENT | {"BillRefNumber": loan.reference}

        for _ in range(3):
            assert (await mpesa.told(path, body)).status_code == 200
        await mpesa.confirms("RKTQDM7W6S")

        assert await mpesa.repaid() == []

    async def test_told_in_other_words_waits_for_a_person(self, mpesa: Street) -> None:
        """Somebody claims another's payment for his own loan."""
        await mpesa.rail.register()
        loan, his = await mpesa.lends(), await mpesa.lends()
        receipt = await mpesa.pays(loan.reference, 750)
        claimed = PAYMENT | {
            "TransID": receipt, "TransAmount": "750.00", "BillRefNumber": his.reference,
        }  # fmt: skip

        await mpesa.told(at("paid"), claimed)
        await mpesa.confirms(receipt)

        assert await mpesa.incidents() == ["incoming_told_differently"]
        assert (await mpesa.repaid(), await mpesa.lender.suspended()) == ([], ["750.00"])

    async def test_that_cannot_be_read_is_an_incident_once_a_day_and_not_asked_for_again(
        self, mpesa: Street
    ) -> None:
        bad: list[tuple[object, str]] = [
            (b"", "json"), (b"{", "json"), (b"[]", "json"), (b"\xff", "json"),
            (PAYMENT | {"TransAmount": "10.001"}, "TransAmount"),
            (PAYMENT | {"TransAmount": None}, "TransAmount"),
            (PAYMENT | {"BusinessShortCode": "111111"}, "BusinessShortCode"),
            ({}, "TransAmount"),
        ]  # fmt: skip
        for body, _ in bad:
            for again in (body, b"{"):
                answer = await mpesa.told(at("paid"), again)
                assert (answer.status_code, answer.json()["ResultCode"]) == (200, 0)
            mpesa.lender.now += timedelta(days=1)
        async with mpesa.lender.sessions() as session:
            found = await incidents.list_open(session)
        assert [each.facts for each in found] == [{"field": wrong} for _, wrong in bad]
        assert (found[0].kind, found[0].subject) == (
            "rail_event_unreadable", "mpesa:paid:2026-11-20"
        )  # fmt: skip

        huge = await mpesa.told(at("paid"), b" " * (BODY_BYTES_MAX + 1))
        assert (huge.status_code, huge.json()["code"]) == (413, "body_too_large")
        assert await heard(mpesa) == 0

    async def test_under_a_reference_of_strange_signs_is_kept(self, mpesa: Street) -> None:
        """A payer may type anything; no database keeps these."""
        strange = b'{"TransID":"RKTQDM7W6S","TransAmount":"10","BusinessShortCode":"600997",'
        strange += b'"BillRefNumber":" \\u0000L-7K3\\ud800QFWX\\n "}'

        assert (await mpesa.told(at("paid"), strange)).status_code == 200

        async with mpesa.lender.sessions() as session:
            assert await session.scalar(select(RailEventRow.client_ref)) == "L-7K3QFWX"

    @pytest.mark.parametrize(
        ("changed", "code"),
        [({}, 0), ({"BillRefNumber": "L-NOBODY"}, "C2B00012"), ({"BillRefNumber": ""}, "C2B00012")],
    )
    async def test_is_let_in_by_the_reference_of_a_running_loan(
        self, mpesa: Street, changed: dict[str, Any], code: object
    ) -> None:
        loan = await mpesa.lends()
        before = await heard(mpesa)

        answer = await mpesa.told(
            at("maypay"), PAYMENT | {"BillRefNumber": loan.reference} | changed
        )

        assert answer.json()["ResultCode"] == code
        assert await heard(mpesa) == before


@sqlite
class TestCallers:
    async def test_from_elsewhere_are_refused(
        self, own_sessions: Sessions, now: datetime, vault: Vault, tmp_path: Path
    ) -> None:
        lender = Lender(own_sessions, now)
        async with street(lender, vault, tmp_path, mpesa_callers="196.201.214.0/24") as there:
            answer = await there.ours.post(
                at("paid"), json=PAYMENT, headers={"client-address": "196.201.214.200"}
            )

        assert answer.status_code == 401


class TestWithAWorker:
    async def test_everything_happens_by_itself(self, mpesa: Street, database_url: str) -> None:
        """Payout, prompt and payment: hints wake the jobs that ask. One callback is lost."""
        await mpesa.rail.register()
        lender = mpesa.lender
        settings = Settings(database_url=database_url, job_polling_seconds=0.02)
        worker = Worker(settings, lender.context)
        await worker.start()
        try:
            loan = await lender.opens()

            async def is_active() -> bool:
                return (await lender.sees(loan)).status is LoanStatus.ACTIVE

            await mpesa.until(is_active)
            await mpesa.pays(loan.reference, 750)
            # Of the prompt, and of the payment that it is.
            mpesa.trouble("lose_callback", times=2, target=NUMBER)
            await mpesa.requests(loan, kes(500))

            async def has_moved() -> bool:
                """And we have written down what the rail answered when we asked."""
                async with lender.sessions() as session:
                    (asked,) = await lookups.list_requests(session, loan.id)
                return len(mpesa.moved()) == 3 and asked.status is OrderStatus.PENDING

            await mpesa.until(has_moved)
            later = lender.now + timedelta(minutes=1)
            async with unit_of_work(lender.sessions) as session:
                await tasks.sweep(session, now=later, tick=later)

            async def is_all_repaid() -> bool:
                return sorted(await mpesa.repaid()) == ["500.00", "750.00"]

            await mpesa.until(is_all_repaid)
            await worker.until_idle()
        finally:
            await worker.stop()
        await lender.verifies()
        assert mpesa.moved() == [-29_200, 750, 500]
