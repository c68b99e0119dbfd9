"""What a rail tells us by itself: once, to the right loan, or set aside."""

from dataclasses import replace
from itertools import count

import pytest

from kit import jobs
from kit.db import unit_of_work
from kit.money import Money
from servicing import incidents, queries, rail_events, suspense, tasks
from servicing.models import Loan
from servicing.rails.base import Direction, Outcome, OutcomeStatus, RailEvent
from servicing.states import LoanStatus
from tests.servicing.lending import ZONE, Lender, PaperRail, kes

_numbers = count(1)


def event(reference: str, amount: Money, **changed: object) -> RailEvent:
    number = next(_numbers)
    rail_id = f"W{number}"
    told = RailEvent(
        rail="wallet", event_id=f"E{number}", direction=Direction.INCOMING, reference=reference,
        rail_id=rail_id, amount=amount, outcome=Outcome(OutcomeStatus.SETTLED, amount, rail_id),
    )  # fmt: skip
    return replace(told, **changed)  # type: ignore[arg-type]


async def arrives(lender: Lender, told: RailEvent) -> None:
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, told, on=lender.on, zone=ZONE, now=lender.now)


async def waiting(lender: Lender) -> list[tuple[str, str]]:
    async with lender.sessions() as session:
        return [(item.reason, item.amount.major) for item in await suspense.list_open(session)]


class TestPayouts:
    async def payout_event(self, lender: Lender, loan: Loan) -> RailEvent:
        async with lender.sessions() as session:
            (payout,) = await queries.list_payouts(session, loan.id)
        return event(payout.client_ref, payout.amount, direction=Direction.PAYOUT)

    async def test_a_callback_starts_the_loan(self, lender: Lender) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)
        told = await self.payout_event(lender, loan)

        for _ in range(3):
            await arrives(lender, told)
        await arrives(lender, replace(told, event_id="another"))

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert (await lender.books(loan))["cash_wallet"] == "-29200.00"

    async def test_a_payout_that_is_not_ours_is_an_incident(self, lender: Lender) -> None:
        await arrives(lender, event("P0", kes(5), direction=Direction.PAYOUT))

        async with lender.sessions() as session:
            (incident,) = await incidents.list_open(session)
        assert incident.kind == "payout_unknown_to_us"


class TestIncoming:
    async def test_finds_its_loan_by_what_was_typed(self, lender: Lender) -> None:
        loan = await lender.lends()

        await arrives(lender, event(f" {loan.reference.lower()} ", kes(500)))

        assert (await lender.books(loan))["borrower_credit"] == "500.00"

    async def test_told_twice_is_received_once(self, lender: Lender) -> None:
        loan = await lender.lends()
        told = event(loan.reference, kes(500))

        await arrives(lender, told)
        await arrives(lender, replace(told, event_id="another"))

        assert (await lender.books(loan))["borrower_credit"] == "500.00"

    async def test_an_event_is_taken_in_once_whatever_it_says(self, lender: Lender) -> None:
        loan = await lender.lends()
        told = event(loan.reference, kes(500))

        await arrives(lender, told)
        await arrives(lender, replace(told, rail_id="W0"))

        assert (await lender.books(loan))["borrower_credit"] == "500.00"

    async def test_told_again_after_closing_is_still_the_same(self, lender: Lender) -> None:
        loan = await lender.lends()
        told = event(loan.reference, kes(30_000))
        await arrives(lender, told)

        await arrives(lender, replace(told, event_id="another"))

        assert await waiting(lender) == []

    @pytest.mark.parametrize(
        ("reference", "amount", "reason"),
        [
            ("L-NOBODY", kes(500), "unknown_reference"),
            ("", kes(500), "unknown_reference"),
            ("{loan}", Money(500_00, "USD"), "other_currency"),
        ],
    )
    async def test_what_fits_no_loan_waits(
        self, lender: Lender, reference: str, amount: Money, reason: str
    ) -> None:
        loan = await lender.lends()
        told = event(reference.format(loan=loan.reference), amount)

        await arrives(lender, told)
        await arrives(lender, replace(told, event_id="another"))

        assert await waiting(lender) == [(reason, "500.00")]
        assert "borrower_credit" not in await lender.books(loan)
        await lender.verifies()

    async def test_after_the_loan_waits(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(30_000))

        await arrives(lender, event(loan.reference, kes(7)))

        assert await waiting(lender) == [("loan_over", "7.00")]
        await lender.verifies()

    async def test_told_again_when_its_loan_runs_anew_stays_set_aside(self, lender: Lender) -> None:
        """A charge-back opens the loan between the first and the second callback."""
        loan = await lender.lends()
        last = event(loan.reference, await lender.payoff(loan))
        await arrives(lender, last)
        late = event(loan.reference, kes(500))
        await arrives(lender, late)
        back = Outcome(OutcomeStatus.RETURNED, last.amount)
        await arrives(lender, replace(last, event_id="back", outcome=back))
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE

        await arrives(lender, replace(late, event_id="another"))

        assert await waiting(lender) == [("loan_over", "500.00")]
        assert await lender.payoff(loan) == last.amount
        await lender.verifies()

    async def test_on_a_loan_is_not_set_aside_when_told_with_another_name(
        self, lender: Lender
    ) -> None:
        loan = await lender.lends()
        told = event(loan.reference, kes(500))
        await arrives(lender, told)

        await arrives(lender, replace(told, event_id="another", reference="L-NOBODY"))

        assert await waiting(lender) == []
        assert (await lender.books(loan))["borrower_credit"] == "500.00"

    @pytest.mark.parametrize("is_aside", [False, True])
    async def test_told_with_another_amount_leaves_a_doubt(
        self, lender: Lender, is_aside: bool
    ) -> None:
        loan = await lender.lends()
        told = event("L-NOBODY" if is_aside else loan.reference, kes(500))
        await arrives(lender, told)
        before = await lender.books(loan), await waiting(lender)

        more = kes(501)
        outcome = replace(told.outcome, amount=more)
        await arrives(lender, replace(told, event_id="another", amount=more, outcome=outcome))

        assert await lender.incidents() == ["incoming_told_differently"]
        assert (await lender.books(loan), await waiting(lender)) == before
        await lender.verifies()

    async def test_told_for_another_loan_leaves_a_doubt(self, lender: Lender) -> None:
        loan, other = await lender.lends(), await lender.lends()
        told = event(loan.reference, kes(500))
        await arrives(lender, told)

        await arrives(lender, replace(told, event_id="another", reference=other.reference))

        assert await lender.incidents() == ["incoming_told_differently"]
        assert "borrower_credit" not in await lender.books(other)

    async def test_that_has_not_settled_changes_nothing(self, lender: Lender) -> None:
        loan = await lender.lends()
        pending = Outcome(OutcomeStatus.PENDING, kes(500), "W1")

        await arrives(lender, event(loan.reference, kes(500), outcome=pending))

        assert "borrower_credit" not in await lender.books(loan)
        assert await waiting(lender) == []


class SilentRail(PaperRail):
    async def confirm(self, rail_id: str) -> RailEvent | None:
        return None


class TestAnAnnouncement:
    async def test_is_asked_about_again_though_one_before_was(
        self, lender: Lender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A payment, and later its reversal, go by the same name; a key is one job for ever."""
        keys: list[str] = []

        async def enqueue(*_: object, key: str, **__: object) -> None:
            keys.append(key)

        monkeypatch.setattr(jobs, "enqueue", enqueue)
        lender.rail = SilentRail()
        for since in ("2026-01-05T08:00:00+00:00", "2026-01-07T08:00:00+00:00"):
            await tasks.confirm_payment(lender.context, rail="wallet", rail_id="R1", since=since)

        assert len(set(keys)) == 2
