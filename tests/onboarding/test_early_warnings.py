"""Running loans that may go bad, found where every room may be asked."""

from datetime import datetime, timedelta

from kit.db import Sessions, unit_of_work
from notifications.models import Contact
from onboarding import early_warnings
from scoring import warnings
from scoring.watching import alerts
from servicing import queries, reassessments
from tests.servicing.lending import Lender, kes


async def found(lender: Lender) -> dict[str, set[str]]:
    async with lender.sessions() as session:
        signs = await early_warnings.of_running_loans(session, on=lender.on)
    told: dict[str, set[str]] = {}
    for alert in signs:
        told.setdefault(alert.subject, set()).add(alert.kind)
    return told


class TestRunningLoans:
    async def test_of_those_who_are_late_and_out_of_reach(
        self, sessions: Sessions, now: datetime
    ) -> None:
        lender = Lender(sessions, now)
        late, paid = await lender.lends(), await lender.lends()
        async with unit_of_work(sessions) as session:
            contact = await session.get(Contact, late.borrower_id)
            if contact is None:
                contact = Contact(
                    person_id=late.borrower_id, locale="en", timezone="Africa/Nairobi",
                    created_at=now,
                )  # fmt: skip
                session.add(contact)
            contact.telegram_blocked_at = contact.phone_bad_at = now
        await lender.receives(paid, kes(40_000))
        await lender.closes_days_until(lender.on + timedelta(days=45))

        told = await found(lender)

        assert told[late.subject] == {"loan_overdue", "loan_contact_lost"}
        assert paid.subject not in told

    async def test_of_a_score_that_fell(self, sessions: Sessions, now: datetime) -> None:
        lender = Lender(sessions, now)
        loan = await lender.lends()
        async with unit_of_work(sessions) as session:
            row = await queries.get_loan(session, loan.id)
            row.pd_ppm = 80_000
            await reassessments.reassess(session, loan.id, pd_ppm=300_000, actor="staff:1", now=now)

        assert "loan_score_fell" in (await found(lender))[loan.subject]

    async def test_are_alerts_that_end_with_the_reason(
        self, sessions: Sessions, now: datetime
    ) -> None:
        lender = Lender(sessions, now)
        loan = await lender.lends()
        await lender.closes_days_until(lender.on + timedelta(days=45))
        for is_late in (True, False):
            async with unit_of_work(sessions) as session:
                signs = await early_warnings.of_running_loans(session, on=lender.on)
                await alerts.settle(session, warnings.KINDS, signs, now=now)
                standing = {row.subject for row in await alerts.list_standing(session)}
            assert (loan.subject in standing) is is_late
            if is_late:
                await lender.receives(loan, kes(40_000))
