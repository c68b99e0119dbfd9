"""Borrowers at the console: found by references and phones, masked, read for a stated reason."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from api.app import create_app
from api.console import borrower_search
from kit import audit
from kit.audit import AuditEvent
from kit.config import Settings
from kit.crypto import Vault, vault_of
from kit.db import Sessions, unit_of_work
from onboarding.decisioning import Underwriter
from onboarding.models import Application, Borrower, Case
from servicing import incidents, payment_requests, queries
from servicing.models import Loan, Payout
from tests.api.conftest import SetClock, Sit
from tests.api.desk import words
from tests.onboarding.judged import DIFFERENT, sent
from tests.onboarding.people import Applicant
from tests.servicing.lending import Lender, kes

PHONE = "+254712000071"
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def app(
    settings: Settings,
    sessions: Sessions,
    clock: SetClock,
    vault: Vault,
    wall: SetClock,
    underwriter: Underwriter,
) -> FastAPI:
    services: dict[type, object] = {Underwriter: underwriter}
    return create_app(settings, sessions, clock, vault, services=services, wall=wall)


@pytest.fixture
async def amina(sessions: Sessions, clock: SetClock, underwriter: Underwriter) -> UUID:
    """With a case: her selfie shows another face than her document."""
    async with unit_of_work(sessions) as session:
        applicant = Applicant(session, clock.at)
        dossier = await sent(applicant, underwriter, DIFFERENT)
        wait = applicant.now - clock.at
        clock.at += wait
        return dossier.borrower.id


@pytest.fixture
async def loan(amina: UUID, lender: Lender, sessions: Sessions) -> Loan:
    """Hers, with a payment and an incident about its payout."""
    lent = await lender.lends()
    await lender.receives(lent, kes(500))
    async with unit_of_work(sessions) as session:
        found = await session.get_one(Loan, lent.id)
        found.borrower_id = amina
        payout = await session.scalar(select(Payout).where(Payout.loan_id == lent.id))
        assert payout is not None
        await incidents.report(
            session, kind="payout_denied_by_rail", subject=f"payout:{payout.id}", now=lender.now
        )
        return found


async def trail(sessions: Sessions, action: str) -> list[AuditEvent]:
    async with sessions() as session:
        return list(await session.scalars(select(AuditEvent).where(AuditEvent.action == action)))


class TestSearch:
    async def test_finds_by_every_reference_and_by_phone(
        self, sit: Sit, amina: UUID, loan: Loan, sessions: Sessions
    ) -> None:
        async with sessions() as session:
            borrower = await session.get_one(Borrower, amina)
            asked = await session.scalar(select(Application))
            case = await session.scalar(select(Case))
        assert asked is not None
        assert case is not None
        uma = await sit("Uma")

        for sought in (
            borrower.reference,
            asked.reference.lower(),
            f" {case.reference} ",
            loan.reference.lower(),
            PHONE,
            "0712 000 071",
        ):
            answer = await uma.sends("/borrowers", sought=sought, page="/borrowers")

            assert answer.headers["location"] == f"/console/borrowers/{amina}", sought

    async def test_by_phone_is_recorded_without_the_number(
        self, sit: Sit, amina: UUID, sessions: Sessions
    ) -> None:
        await (await sit("Carl")).sends("/borrowers", sought=PHONE)

        [event] = await trail(sessions, "borrower.find")
        assert (event.subject, event.facts) == (f"borrower:{amina}", {"by": "phone"})

    async def test_by_phone_is_limited_in_a_day(
        self, sit: Sit, amina: UUID, loan: Loan, sessions: Sessions, clock: SetClock
    ) -> None:
        carl, uma = await sit("Carl"), await sit("Uma")
        await carl.sends("/borrowers", sought="+254712000072")
        [first] = await trail(sessions, "borrower.find")
        async with unit_of_work(sessions) as session:
            for _ in range(borrower_search.LOOKUPS_A_DAY - 2):
                audit.record(
                    session, actor=first.actor, action=first.action, subject="nobody", now=clock.at
                )

        last = await carl.sends("/borrowers", sought=PHONE)
        refused = await carl.sends("/borrowers", sought=PHONE)
        named = await carl.sends("/borrowers", sought=loan.reference)
        hers = await uma.sends("/borrowers", sought=PHONE)
        [kept] = await trail(sessions, "borrower.find_refused")
        clock.at += timedelta(days=1)
        tomorrow = await carl.sends("/borrowers", sought=PHONE)

        assert last.status_code == 303
        assert (refused.status_code, "Enough for today" in words(refused)) == (429, True)
        assert str(amina) not in refused.text
        assert (kept.actor, kept.subject, kept.facts) == (first.actor, "nobody", {"by": "phone"})
        assert [each.status_code for each in (named, hers, tomorrow)] == [303, 303, 303]

    async def test_says_that_nobody_was_found(self, sit: Sit, amina: UUID) -> None:
        carl = await sit("Carl")
        for sought in ("Amina", "L-0000000", "+254712000072", "<b>", "", "x" * 500):
            answer = await carl.sends("/borrowers", sought=sought)

            assert (answer.status_code, "Nobody was found" in words(answer)) == (200, True), sought
        odd = await carl.sends("/borrowers", sought="+99999999999999999")
        assert (odd.status_code, "This is no phone number" in words(odd)) == (422, True)

    async def test_lists_all_whom_a_number_names(
        self, sit: Sit, amina: UUID, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            other = Applicant(session, clock.at, telegram_id=72)
            await other.answers_until(await other.begins(), "phone_code")

        shown = await (await sit("Carl")).sends("/borrowers", sought=PHONE)

        assert len(set(re.findall(r'href="/console/borrowers/([0-9a-f-]{36})"', shown.text))) == 2
        assert "A. W. O." in words(shown)

    async def test_is_not_for_those_who_see_no_person(self, sit: Sit, amina: UUID) -> None:
        for name in ("Ada", "Ann"):
            desk = await sit(name)
            assert (await desk.opens(f"/borrowers/{amina}")).status_code == 403
            assert (await desk.sends("/borrowers", sought=PHONE)).status_code == 403


class TestPage:
    async def test_shows_all_that_the_role_may_see(self, sit: Sit, amina: UUID, loan: Loan) -> None:
        carl = await sit("Carl")

        shown = await carl.opens(f"/borrowers/{amina}")

        said = words(shown)
        assert "Name A. W. O. Phone +254•••71 Proven Born 19" in said
        assert "000071" not in shown.text
        assert f"{loan.reference} Active 30,000.00" in said
        assert "500.00 KES" in said
        assert f'href="/console/loans/{loan.id}/statement.pdf"' in shown.text
        assert "/receipt.pdf" in shown.text
        assert "Payout denied by rail" in said
        assert "Otp code Critical Queued" in said
        assert "Identity Open" in said
        assert "Applications" not in said  # As in the API: not for collectors.

    async def test_leads_nowhere_that_the_role_may_not_open(
        self, sit: Sit, amina: UUID, loan: Loan
    ) -> None:
        carl, uma = await sit("Carl"), await sit("Uma")

        his = (await carl.opens(f"/borrowers/{amina}")).text
        hers = (await uma.opens(f"/borrowers/{amina}")).text

        assert "/console/cases/" in hers
        assert "/console/cases/" not in his
        assert "/console/payouts/" in his
        assert "/console/payouts/" not in hers
        assert "Incidents" not in hers.partition("<main")[2]
        for desk, text in ((carl, his), (uma, hers)):
            main = text.partition("<main")[2]
            for path in set(re.findall(r'href="/console(/[^"?#]*)', main)):
                assert (await desk.opens(path)).status_code in (200, 303), path

    async def test_shows_of_orders_what_the_api_shows_the_role(
        self, sit: Sit, amina: UUID, lender: Lender
    ) -> None:
        """Payouts stand with the loan itself; payment requests have a list of their own."""
        loan = await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            asked = await payment_requests.request(
                session, vault_of(session), loan_id=loan.id, amount=kes(50), on=lender.on,
                now=lender.now,
            )  # fmt: skip
            (payout,) = await queries.list_payouts(session, loan.id)
            (await session.get_one(Loan, loan.id)).borrower_id = amina
        for who in ("Carl", "Aude", "Uma"):
            desk = await sit(who)
            listed = await desk.opens("/payment-requests")
            for page in (f"/borrowers/{amina}", f"/loans/{loan.id}"):
                shown = await desk.opens(page)
                file = await desk.opens(page, format="csv", part="requests")

                may = listed.status_code == 200
                assert (may, who == "Uma") in ((True, False), (False, True))
                assert (asked.client_ref in shown.text) is may, (who, page)
                assert ("Payment requests" in shown.text.partition("<main")[2]) is may
                assert (asked.client_ref in file.text) is may
                assert payout.client_ref in shown.text

    async def test_is_taken_away_table_by_table(self, sit: Sit, amina: UUID, loan: Loan) -> None:
        carl = await sit("Carl")
        for part, line in (
            ("loans", loan.reference),
            ("payments", "500.00,KES"),
            ("messages", "otp_code,critical,queued"),
            ("cases", "identity,open"),
        ):
            file = await carl.opens(f"/borrowers/{amina}", format="csv", part=part)
            assert line in file.text, part
        other = await carl.opens(f"/borrowers/{amina}", format="csv", part="applications")
        assert other.headers["content-type"].startswith("text/html")

    async def test_is_of_somebody(self, sit: Sit) -> None:
        answer = await (await sit("Carl")).opens(f"/borrowers/{NOBODY}")

        assert (answer.status_code, "No such borrower" in words(answer)) == (404, True)

    async def test_leads_from_loan_and_case(self, sit: Sit, amina: UUID, loan: Loan) -> None:
        uma = await sit("Uma")

        page = (await uma.opens(f"/loans/{loan.id}")).text

        assert f'href="/console/borrowers/{amina}"' in page


class TestPerson:
    async def test_is_shown_in_full_for_a_reason(
        self, sit: Sit, amina: UUID, sessions: Sessions
    ) -> None:
        carl, page = await sit("Carl"), f"/borrowers/{amina}"

        silent = await carl.sends(f"{page}/reveal", purpose=" ")
        told = words(await carl.sends(f"{page}/reveal", purpose="call her back"))
        later = await carl.reads(page)

        assert (silent.status_code, "Purpose: " in words(silent)) == (422, True)
        assert f"Name Amina Wanjiru Otieno Phone {PHONE}" in told
        assert "Amina" not in words(silent) + later
        [event] = await trail(sessions, "borrower.reveal")
        assert event.facts == {"purpose": "call her back"}
        aude = await sit("Aude")
        assert (await aude.sends(f"{page}/reveal", purpose="audit")).status_code == 403

    async def test_of_whom_somebody_reads_the_conversation_is_recorded(
        self, sit: Sit, amina: UUID, sessions: Sessions
    ) -> None:
        shown = await (await sit("Carl")).reads(f"/borrowers/{amina}/conversation")

        assert "That you read it is recorded" in shown
        assert len(await trail(sessions, "conversation.read")) == 1

    async def test_has_a_lost_phone_taken_back_by_two(
        self, sit: Sit, amina: UUID, sessions: Sessions
    ) -> None:
        carl, uma, page = await sit("Carl"), await sit("Uma"), f"/borrowers/{amina}"

        proposed = await carl.does(f"{page}/reset-phone", reason="came with her passport")
        alone = await carl.sends(f"{page}/reset-phone", reason="came with her passport")
        waits = (await uma.opens("/proposals")).text
        seen = await uma.reads(page)
        done = await uma.does(f"{page}/reset-phone", reason="I saw it too")

        assert "You proposed this" in proposed
        assert alone.status_code == 403
        assert f'href="/console{page}"' in waits
        assert "Confirm: take the lost phone back" in seen
        assert "Phone Not said yet" in done
        async with sessions() as session:
            assert (await session.get_one(Borrower, amina)).phone_verified_at is None

    async def test_is_not_forgotten_while_something_is_open(
        self, sit: Sit, amina: UUID, loan: Loan
    ) -> None:
        answer = await (await sit("Uma")).sends(f"/borrowers/{amina}/erase", reason="she asked")

        assert (answer.status_code, "A loan is owed" in words(answer)) == (409, True)

    async def test_is_forgotten_by_two(self, sit: Sit, sessions: Sessions, clock: SetClock) -> None:
        async with unit_of_work(sessions) as session:
            applicant = Applicant(session, clock.at)
            borrower = (await applicant.begins()).borrower
            await session.flush()
        clock.at += timedelta(hours=1)
        page = f"/borrowers/{borrower.id}"

        for name in ("Uma", "Usha"):
            shown = await (await sit(name)).does(f"{page}/erase", reason="she asked by letter")

        assert "Erased" in shown
        assert "Show name and numbers" not in shown


class TestPapers:
    async def test_are_those_of_the_api(self, sit: Sit, loan: Loan, amina: UUID) -> None:
        carl = await sit("Carl")
        page = (await carl.opens(f"/borrowers/{amina}")).text
        [receipt] = re.findall(r'href="/console(/loans/[^"]+/receipt\.pdf)"', page)

        for path, media, starts in (
            (f"/loans/{loan.id}/statement.pdf", "application/pdf", b"%PDF"),
            (f"/loans/{loan.id}/schedule.png", "image/png", b"\x89PNG"),
            (f"/loans/{loan.id}/schedule.ics", "text/calendar", b"BEGIN:VCALENDAR"),
            (receipt, "application/pdf", b"%PDF"),
        ):
            answer = await carl.opens(path)
            assert answer.headers["content-type"].startswith(media), path
            assert answer.content.startswith(starts)
            assert answer.headers["cache-control"] == "no-store, private"
