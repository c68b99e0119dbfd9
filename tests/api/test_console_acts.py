"""What staff do at the console about money: one proposes, another one confirms."""

from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import select

from kit.db import Sessions, unit_of_work
from kit.money import Money
from servicing import incidents, queries, suspense
from servicing.models import Incident, Loan, Payout, RailEventRow, SuspenseItem
from servicing.rails.base import OutcomeStatus
from servicing.states import LoanStatus, OrderStatus
from tests.api.conftest import SetClock, Sit
from tests.api.desk import words
from tests.servicing.lending import START, Lender, kes
from tests.servicing.treasury_acts import compares, open_breaks, paid_out

WHY = "shown on the rail's own statement"
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE loans; --",
    "{{ 7 * 7 }}${7*7}",
    "</textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
]


async def payout_of(lender: Lender, sessions: Sessions, status: OrderStatus) -> Payout:
    loan = await lender.opens()
    async with unit_of_work(sessions) as session:
        payout = await session.scalar(select(Payout).where(Payout.loan_id == loan.id))
        assert payout is not None
        payout.status = status
        return payout


async def loan_of(sessions: Sessions, payout: Payout) -> Loan:
    async with sessions() as session:
        return await session.get_one(Loan, payout.loan_id)


class TestPayouts:
    async def test_that_arrived_are_settled_by_two(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        payout = await payout_of(lender, sessions, OrderStatus.NEEDS_REVIEW)
        carl, ada, page = await sit("Carl"), await sit("Ada"), f"/payouts/{payout.id}"
        typed = {"rail_id": "W77", "settled_at": "2026-11-20T09:30", "reason": WHY}

        assert "1 Payouts that need review" in await carl.reads("")
        proposed = await carl.does(f"{page}/settle", **typed)
        alone = await carl.sends(f"{page}/settle", **typed)
        seen = await ada.reads(page)
        assert (await loan_of(sessions, payout)).status is LoanStatus.PENDING_DISBURSEMENT
        confirmed = await ada.does(
            f"{page}/settle", rail_id="W77", settled_at="2026-11-20T09:30:00+03:00", reason="I too"
        )

        assert "another member of staff confirms it" in proposed
        assert "You proposed this" in proposed
        assert (alone.status_code, "You proposed this yourself" in words(alone)) == (403, True)
        assert "Proposed: Settle By Carl" in seen
        assert "Confirm: settle" in seen
        assert "Confirmed and done" in confirmed
        assert "Settled 20 Nov 2026 09:30" in confirmed
        assert "disbursement:" in confirmed
        assert (await loan_of(sessions, payout)).status is LoanStatus.ACTIVE

    async def test_that_never_went_out_are_failed_by_two_and_sent_again(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        payout = await payout_of(lender, sessions, OrderStatus.NEEDS_REVIEW)
        carl, ada, page = await sit("Carl"), await sit("Ada"), f"/payouts/{payout.id}"

        for desk in (carl, ada):
            shown = await desk.does(f"{page}/fail", failure_code="never_came", reason=WHY)
        assert "The loan waits for its money" in shown
        assert "Failure Never came" in shown
        again = await ada.does(f"{page}/retry")
        assert "Payouts Status" in again
        twice = await ada.sends(f"{page}/retry")

        assert "The money is sent again" in again
        assert (twice.status_code, "Not proven to have failed" in words(twice)) == (409, True)

    async def test_that_failed_are_given_up(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        payout = await payout_of(lender, sessions, OrderStatus.FAILED)
        ada = await sit("Ada")

        shown = await ada.does(f"/payouts/{payout.id}/cancel")

        assert "The loan was given up" in shown
        assert (await loan_of(sessions, payout)).status is LoanStatus.CANCELED

    async def test_keep_what_was_typed_when_it_is_refused(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        payout = await payout_of(lender, sessions, OrderStatus.NEEDS_REVIEW)
        carl, page = await sit("Carl"), f"/payouts/{payout.id}"

        early = await carl.sends(
            f"{page}/settle", rail_id="W77", settled_at="2026-12-24T10:00", reason=WHY
        )
        empty = await carl.sends(f"{page}/settle", rail_id="W78", settled_at="soon", reason=" ")

        assert (early.status_code, "That moment has not come yet" in words(early)) == (422, True)
        assert 'value="W77"' in early.text
        assert WHY.replace("'", "&#39;") in early.text
        assert (empty.status_code, "Please check what you typed" in words(empty)) == (422, True)
        assert "Settled at: " in words(empty)
        assert "Reason: " in words(empty)
        assert 'value="W78"' in empty.text

    async def test_say_where_the_money_is_that_would_settle_them(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        payout = await payout_of(lender, sessions, OrderStatus.NEEDS_REVIEW)
        loan = await lender.lends()
        await lender.receives(loan, kes(500), rail_reference="wallet:RCPT1")
        carl, typed = await sit("Carl"), {"settled_at": "2026-11-20T09:30", "reason": WHY}

        known = await carl.sends(f"/payouts/{payout.id}/settle", rail_id="RCPT1", **typed)
        early = await carl.sends(
            f"/payouts/{payout.id}/settle", rail_id="R2", **typed | {"settled_at": "2026-11-19"}
        )

        assert known.status_code == 409
        assert "This money is in the books already" in words(known)
        assert f"as a repayment of loan {loan.reference}" in words(known)
        assert (early.status_code, "That was before it was ordered" in words(early)) == (422, True)

    async def test_that_are_proposed_otherwise_are_withdrawn_first(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        payout = await payout_of(lender, sessions, OrderStatus.NEEDS_REVIEW)
        carl, ada, page = await sit("Carl"), await sit("Ada"), f"/payouts/{payout.id}"

        await carl.does(f"{page}/fail", failure_code="never_came", reason=WHY)
        other = await ada.sends(f"{page}/fail", failure_code="lost", reason=WHY)
        listed = await ada.opens("/proposals")
        [link] = listed.text.split('href="/console/payouts/')[1:]
        withdraw = (await ada.opens(page)).text.partition('action="/console/proposals/')[2]
        shown = await ada.does(
            f"/proposals/{withdraw.partition('/')[0]}/withdraw", then=f"/console{page}"
        )

        assert (other.status_code, "Something else is proposed" in words(other)) == (409, True)
        assert link.startswith(str(payout.id))
        assert "Withdrawn. Nothing was done." in shown
        assert "Say what became of it" in shown


class TestReturnedPayouts:
    async def test_are_taken_back_at_the_payout_and_sent_again(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        payout = await self.is_back(lender, await lender.lends())
        carl, ada, page = await sit("Carl"), await sit("Ada"), f"/payouts/{payout.id}"

        shown = await carl.reads(page)
        proposed = await carl.does(f"{page}/take-back", reason=WHY)
        seen = await ada.reads(page)
        done = await ada.does(
            f"{page}/take-back", reason="I too", amount=str(payout.amount), ending="undone"
        )

        assert "It came back The rail says KES 29,200 on 20 Nov 2026, in its statement" in shown
        assert "waits for its money again" in shown
        assert "Principal disbursed KES 29,200 Fee deducted KES 750" in shown
        assert "You proposed this" in proposed
        assert "Proposed: Take back By Carl" in seen
        assert "Confirm: take back" in seen
        assert "Confirmed and done" in done
        assert "It is proven that the money came back" in done
        assert "It came back The rail says" not in done
        assert (await loan_of(sessions, payout)).status is LoanStatus.PENDING_DISBURSEMENT
        assert "None is open" in await carl.reads("/incidents")
        assert "1 Loans whose money came back Send" in await ada.reads("")
        again = await ada.does(f"{page}/retry")
        assert "The money is sent again" in again
        assert "1 Loans whose money came back" not in await ada.reads("")

    async def test_are_taken_back_at_the_break(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        payout = await self.is_back(lender, await lender.lends())
        [found] = await open_breaks(lender)
        carl, ada, page = await sit("Carl"), await sit("Ada"), f"/breaks/{found.id}"

        shown = await carl.reads(page)
        proposed = await carl.does(f"{page}/put-right", reason=WHY)
        seen = (await ada.opens(page)).text
        done = await ada.does(f"{page}/put-right", reason="I too")

        assert "It came back The rail says KES 29,200" in shown
        assert "Our books follow the statement" not in shown
        assert "Take back By Carl" in proposed
        assert f'action="/console/payouts/{payout.id}/take-back"' in seen
        assert "Put right" in done
        assert (await loan_of(sessions, payout)).status is LoanStatus.PENDING_DISBURSEMENT

    async def test_say_what_becomes_of_a_loan_that_went_on(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        paid, closed = await lender.lends(), await lender.lends()
        await lender.receives(paid, kes(500))
        await lender.receives(closed, await lender.payoff(closed))
        carl = await sit("Carl")

        first = await carl.reads(f"/payouts/{(await self.is_back(lender, paid)).id}")
        then = await carl.reads(f"/payouts/{(await self.is_back(lender, closed)).id}")

        assert "counts as one more payment of the borrower" in first
        assert "waits in suspense" in then

    async def test_tell_what_the_rail_said_and_give_their_breaks_away(
        self, sit: Sit, lender: Lender
    ) -> None:
        payout = await self.is_back(lender, await lender.lends())
        carl, page = await sit("Carl"), f"/payouts/{payout.id}"

        file = await carl.opens(page, part="breaks", format="csv")
        async with unit_of_work(lender.sessions) as session:
            session.add(
                RailEventRow(
                    rail="wallet", event_id="E1", client_ref=payout.client_ref,
                    status=OutcomeStatus.RETURNED, amount_minor=2_920_000, currency="KES",
                    received_at=lender.now,
                )
            )  # fmt: skip

        assert "event: E1, amount: 29200.00 KES" in await carl.reads(page)
        assert "?part=breaks&amp;format=csv" in (await carl.opens(page)).text
        assert file.headers["content-type"].startswith("text/csv")
        assert "returned" in file.text

    async def test_say_why_they_cannot_be_taken_back(self, sit: Sit, lender: Lender) -> None:
        payout = await self.is_back(lender, await lender.lends(), kes(29_100))

        shown = await (await sit("Carl")).reads(f"/payouts/{payout.id}")

        assert "Another amount came back" in shown
        assert "Propose: take it back" not in shown

    async def is_back(self, lender: Lender, loan: Loan, amount: Money | None = None) -> Payout:
        line = await paid_out(lender, loan)
        back = replace(line, status=OutcomeStatus.RETURNED, amount=amount or line.amount)
        await compares(lender, [line, back])
        async with lender.sessions() as session:
            return (await queries.list_payouts(session, loan.id))[-1]


class TestSuspense:
    @pytest.fixture
    async def item(self, sessions: Sessions, clock: SetClock) -> SuspenseItem:
        async with unit_of_work(sessions) as session:
            await suspense.receive(
                session, reference="wallet:W5", reason="unknown_reference", amount=kes(700),
                on=START, now=clock.at, rail="wallet",
            )  # fmt: skip
            [item] = await suspense.list_open(session)
            return item

    async def test_is_assigned_by_two_who_know_the_reference_of_the_loan(
        self, sit: Sit, item: SuspenseItem, lender: Lender
    ) -> None:
        loan = await lender.lends()
        carl, ada, page = await sit("Carl"), await sit("Ada"), f"/suspense/{item.id}"

        shown = await carl.reads(page)
        unknown = await carl.sends(f"{page}/assign", loan="L-NOBODY", reason=WHY)
        proposed = await carl.does(f"{page}/assign", loan=loan.reference.lower(), reason=WHY)
        done = await ada.does(f"{page}/assign", loan_id=str(loan.id), reason=WHY)

        assert "A funder sent it" in shown
        assert "“Capital has come”, KES 700 under the reference wallet:W5" in shown
        assert (unknown.status_code, "No such loan" in words(unknown)) == (404, True)
        assert 'value="L-NOBODY"' in unknown.text
        assert f"Loan {loan.reference}" in proposed
        assert "Confirmed and done" in done
        assert "KES 700 Placed" in done
        assert "Nothing waits." in await carl.reads("/suspense")

    async def test_is_given_back_by_two(self, sit: Sit, item: SuspenseItem) -> None:
        carl, ada, page = await sit("Carl"), await sit("Ada"), f"/suspense/{item.id}"

        for desk in (carl, ada):
            shown = await desk.does(f"{page}/refund", reference="BANK-1", reason=WHY)

        assert "given back by BANK-1" in shown

    async def test_is_the_lenders_own_when_two_say_so(self, sit: Sit, item: SuspenseItem) -> None:
        carl, ada, page = await sit("Carl"), await sit("Ada"), f"/suspense/{item.id}"

        box = await carl.sends(f"{page}/own", of="by_hand", reason=WHY)
        proposed = await carl.does(f"{page}/own", of="lender", reason=WHY)
        done = await ada.does(f"{page}/own", of="lender", reason=WHY)

        assert (box.status_code, "not entered by hand" in words(box)) == (409, True)
        assert "Proposed: The lender's own" in proposed
        assert "the lender's own money" in done


class TestIncidents:
    async def test_are_resolved_by_two(self, sit: Sit, sessions: Sessions, clock: SetClock) -> None:
        async with unit_of_work(sessions) as session:
            await incidents.report(
                session, kind="payout_amount_differs", subject="wallet:W9", now=clock.at,
                ours="19500.00 KES", theirs="7 KES",
            )  # fmt: skip
            incident = await session.scalar(select(Incident))
        assert incident is not None
        carl, ada, page = await sit("Carl"), await sit("Ada"), f"/incidents/{incident.id}"

        found = await carl.reads(page)
        await carl.does(f"{page}/resolve", reason=WHY)
        shown = await ada.does(f"{page}/resolve", reason="I have seen it too")

        assert "Ours KES 19,500 Theirs 7 KES" in found
        assert "Payout amount differs Resolved" in shown
        assert "None is open" in await carl.reads("/incidents")


class TestWhateverIsWritten:
    async def test_is_shown_as_it_was_written(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        carl, ada = await sit("Carl"), await sit("Ada")
        for nasty in NASTY:
            payout = await payout_of(lender, sessions, OrderStatus.NEEDS_REVIEW)
            page = f"/payouts/{payout.id}"
            typed = {"failure_code": nasty, "reason": nasty}
            refused = await carl.sends(f"{page}/fail", **(typed | {"failure_code": ""}))
            await carl.does(f"{page}/fail", **typed)
            shown = await ada.opens(page)
            await ada.does(f"{page}/fail", **typed)
            after = await ada.opens(page)

            for answer in (refused, shown, after, await ada.opens("/audit")):
                assert nasty in unescape(answer.text), (nasty, answer.url)
                assert "<script" not in answer.text
                assert "<img" not in answer.text
                assert "<svg" not in answer.text
                assert 'href="javascript' not in answer.text

    async def test_cannot_turn_the_direction_of_text(self, sit: Sit, sessions: Sessions) -> None:
        async with unit_of_work(sessions) as session:
            await incidents.report(
                session, kind="odd", subject="wallet:\u202eKES 0001", now=datetime.now(UTC)
            )

        shown = await (await sit("Ada")).opens("/incidents")

        assert "\u202e" not in shown.text
        assert "\ufffdKES 0001" in shown.text
