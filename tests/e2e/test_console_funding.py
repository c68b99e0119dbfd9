"""Funding and borrowers in a browser: two open a pool and take capital in; a phone finds a loan."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from api.roles import Role
from kit import job_rows
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from servicing import incidents
from servicing.models import Loan, Payout
from tests.e2e import console_server
from tests.e2e.console_server import Desk
from tests.e2e.test_browser import CHROMIUM
from tests.e2e.test_console import COMPUTER, PHONE, Member, browser
from tests.onboarding.people import Applicant
from tests.servicing.lending import Lender, kes

__all__ = ["browser"]
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.xdist_group("program"),
]


@pytest.fixture
def desk(database_url: str, vault: Vault, tmp_path: Path) -> Iterator[Desk]:
    with console_server.serving(database_url, vault, tmp_path, books) as running:
        yield running


async def books(lender: Lender, sessions: Sessions, vault: Vault) -> str:
    """Amina with a loan of her own that is paid in part, and a payout whose job died."""
    await console_server.hire(
        sessions, lender, {"Carl": Role.COLLECTOR, "Ada": Role.ADMIN, "Aude": Role.AUDITOR}
    )
    async with unit_of_work(sessions) as session:
        applicant = Applicant(session, lender.now)
        amina = await applicant.answers_until(await applicant.begins(), "employment")
    lent = await lender.lends()
    await lender.receives(lent, kes(500))
    waits = await lender.opens(principal="8000")
    async with unit_of_work(sessions) as session:
        loan = await session.get_one(Loan, lent.id)
        loan.borrower_id = amina.borrower.id
        paid = await session.scalar(select(Payout).where(Payout.loan_id == lent.id))
        lost = await session.scalar(select(Payout).where(Payout.loan_id == waits.id))
        assert paid is not None
        assert lost is not None
        await job_rows.end(session, f"disburse:{lost.id}", is_done=False)
        await incidents.report(
            session, kind="payout_denied_by_rail", subject=f"payout:{paid.id}", now=lender.now
        )
    return loan.reference


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_two_open_a_pool_and_take_capital_in(browser: Browser, desk: Desk) -> None:
    carl, ada = Member(browser, desk, PHONE), Member(browser, desk, COMPUTER)

    ada.signs_in("Ada", at="/funding")
    ada.sees("Pools and cash", "Make one below")
    ada.page.get_by_text("Register a funder").click()
    ada.page.get_by_label("Name").last.fill("Harbour Trust")
    ada.page.get_by_role("button", name="Register").click()
    ada.sees("The funder is registered")
    ada.page.get_by_text("Make a pool").click()
    ada.page.get_by_label("Name").first.fill("Main pool")
    ada.page.get_by_role("button", name="Make the pool").click()
    ada.sees("Please check what you typed", "Name: 2 to 40 small letters")
    ada.page.get_by_label("Name").first.fill("main")
    ada.page.get_by_role("button", name="Make the pool").click()
    ada.sees("It lends when two people have agreed")

    carl.signs_in("Carl", at="/funding")
    carl.follows("main")
    carl.page.get_by_text("Agree on a policy and open the pool").click()
    carl.page.get_by_label("Stays in the pool").fill("5000")
    carl.page.get_by_label("Limits").last.fill("pool 90 %\nborrower 60 %")
    carl.page.get_by_role("button", name="Show what it does").click()
    carl.sees("Has to stay in the pool", "KES 5,000")
    carl.page.get_by_label("Why").first.fill("as the contract says")
    carl.page.get_by_role("button", name="Propose this policy").click()
    carl.sees("You proposed this")

    ada.page.goto(f"{desk.base}/console/proposals")
    ada.page.locator("td a").first.click()
    ada.sees("Proposed: a policy, which opens the pool", "Carl", "borrower 60 %")
    ada.page.get_by_label("What you have checked").fill("The contract says so")
    ada.page.get_by_role("button", name="Confirm: a policy").click()
    ada.sees("Confirmed and done", "Open since")

    ada.page.get_by_text("Agree on a stake").click()
    ada.page.get_by_label("Rate, per cent").fill("80")
    ada.page.get_by_label("Why").last.fill("as the contract says")
    ada.page.get_by_role("button", name="Propose this stake").click()
    carl.page.reload()
    carl.page.get_by_label("What you have checked").fill("The contract says so")
    carl.page.get_by_role("button", name="Confirm: a stake").click()
    carl.sees("Harbour Trust")
    carl.follows("Harbour Trust")
    carl.page.get_by_text("Capital has come", exact=True).click()
    carl.page.get_by_label("Amount").first.fill("60000")
    carl.page.get_by_role("button", name="Show what it does").first.click()
    carl.sees("Free to be lent", "KES 60,000")
    assert carl.page.get_by_label("Amount").first.input_value() == "60000"
    [refused] = ada.troubles
    assert "422" in refused
    assert carl.troubles == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_borrower_is_found_by_phone(browser: Browser, desk: Desk) -> None:
    carl = Member(browser, desk, PHONE)

    carl.signs_in("Carl", at="/borrowers")
    carl.page.get_by_label("Reference or phone").fill("0712 000 071")
    carl.page.get_by_role("button", name="Find").click()
    carl.sees("Borrower", desk.about, "Payout denied by rail", "Statement")
    assert "0712" not in carl.page.url
    carl.page.get_by_text("Show name and numbers in full").click()
    carl.page.get_by_label("What for").fill("He called about his receipt")
    carl.page.get_by_role("button", name="Show them").click()
    carl.sees("+254712000071", "Statement")
    assert carl.troubles == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_job_that_died_is_run_again(browser: Browser, desk: Desk) -> None:
    ada = Member(browser, desk, PHONE)

    ada.signs_in("Ada")
    ada.page.get_by_role("link", name="Jobs that died").first.click()
    ada.page.locator("td a").first.click()
    ada.sees("Servicing: disburse", "Payout of KES", "Died")
    assert ada.page.get_by_role("button", name="Run it again").count() == 1
    assert ada.troubles == []
