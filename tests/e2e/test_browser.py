"""One whole loan by clicking and typing in the phone page, from Start to the last repayment."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.conftest import Lender
from tests.e2e.phone_page import PhonePage
from tests.servicing.papers import looking

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.xdist_group("program"),
]


@pytest.fixture
def amina(lender: Lender) -> Iterator[PhonePage]:
    """Her phone is the first, so it is the one that a newcomer sees."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        phone = PhonePage(browser.new_page(viewport={"width": 1100, "height": 900}))
        phone.opens(lender.base)
        yield phone
        browser.close()


def looks_at_prices(amina: PhonePage) -> None:
    amina.page.get_by_role("button", name="Start").click()
    amina.presses("English")
    amina.sees("What does a loan cost?", "We keep nothing about you here", "KES 33,227.55")
    amina.presses("Pay back at once")
    amina.sees("KES 8,394.52", "5 Aug 2027")
    amina.presses("14 days")
    amina.sees("You receive: KES 7,900", "You pay back in all: KES 8,184.11", "20 Jul 2027")
    amina.presses("Apply for this loan")
    amina.sees("A computer decides on your loan")
    amina.presses("I agree")


def proves_her_number(amina: PhonePage) -> None:
    amina.sees("What is your phone number?")
    amina.shares_number()
    amina.sees("Which code did we send you?")
    amina.says(amina.reads_code(text_messages=1))


def tells_about_herself(amina: PhonePage) -> None:
    amina.sees("What is your full name?")
    amina.says("Amina Wanjiru Otieno")
    amina.sees("When were you born?")
    amina.says("yesterday")
    amina.sees("I cannot read this as a date")
    amina.says("14.03.1991")
    amina.sees("Where do you live?")
    amina.says("Kisum")
    amina.sees("How do you earn your living?")
    amina.corrects("Kisum", "Kisumu")
    amina.sees("I have changed your answer")


def goes_on_after_a_reload(amina: PhonePage) -> None:
    amina.reloads()
    amina.sees("How do you earn your living?")
    amina.presses("own business")
    amina.sees("For how long")
    amina.presses("4 to 7")
    amina.sees("What kind of home")
    amina.presses("own home")
    amina.sees("How many people")
    amina.presses("Nobody")


def sends_pictures(amina: PhonePage, passport: Path, faces: Path) -> None:
    amina.sees("identity document")
    amina.sends_photo(faces / "img20.jpg")
    amina.sees("I cannot see a document", "identity document")
    amina.sends_photo(passport)
    amina.sees("Is this what your document says?")
    amina.presses("That is right")
    amina.sees("photo of your face")
    amina.sends_photo(faces / "img21.jpg")
    amina.sees("Show us that you are there")
    amina.shows_herself(faces / "img21.jpg")
    amina.has_seen("What is the money for?")
    amina.has_seen("Your identity is confirmed")


def applies(amina: PhonePage) -> None:
    amina.presses("Goods to sell")
    amina.sees("How much do you earn")
    amina.says("65k")
    amina.sees("other loans")
    amina.presses("Back")
    amina.sees("Your answer now: KES 65,000")
    amina.says("60000")
    amina.sees("other loans")
    amina.presses("nothing")
    amina.sees("mobile wallet")
    amina.presses("My own phone")
    amina.sees("Is everything right?", "Place: Kisumu", "Monthly income: KES 60,000")
    amina.presses("✏️ Dependents")
    amina.sees("Your answer now: Nobody")
    amina.presses("5 or more")
    amina.sees("Dependents: 5 or more")
    amina.presses("All is right")


def takes_the_loan(amina: PhonePage) -> None:
    amina.sees("Your loan of KES 8,000 is approved", "You pay back in all: KES 8,184.11")
    amina.presses("I take this loan")
    amina.sees("You sign for KES 8,000 and pay back KES 8,184.11 in all")
    amina.says(amina.reads_code(text_messages=2))
    amina.sees("KES 7,900 is paid out")
    amina.has_in_wallet("27 900.00 KES")
    amina.presses("My loan")
    amina.sees("Next payment: KES 8,184.11 on 20 Jul 2027", "Nothing is due now")
    amina.presses("Payment dates")
    amina.sees("20 Jul 2027")
    amina.sees_picture(900)


def keeps_papers(amina: PhonePage) -> None:
    loan = amina.loan_reference()
    amina.presses("For my calendar")
    assert b"DTSTART;VALUE=DATE:20270720" in amina.downloads(f"{loan}.ics")
    amina.presses("Statement (PDF)")
    assert f"Loan {loan}" in looking.words(amina.downloads(f"{loan}.pdf"))


def repays_when_it_is_due(amina: PhonePage) -> None:
    amina.walks_to_next_due_date()
    amina.has_seen("A reminder: KES 8,184.11")
    amina.sees("is due today")
    amina.reads_sms("is due on 20 Jul 2027")
    amina.presses("Pay now")
    amina.sees("How much do you want to pay?")
    amina.presses("Due now: KES 8,184.11")
    amina.sees("Please confirm KES 8,184.11 in your wallet")
    amina.pays_request("8 184.11 KES")
    amina.sees("We received KES 8,184.11", "fully repaid: you owe nothing")
    amina.has_in_wallet("19 715.89 KES")
    amina.presses("Receipt (PDF)")
    amina.sees("Your receipt for KES 8,184.11")
    amina.says("/loan")
    amina.sees("Your loan is fully repaid")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_loan_is_lived_through_on_the_page(amina: PhonePage, passport: Path, faces: Path) -> None:
    looks_at_prices(amina)
    proves_her_number(amina)
    tells_about_herself(amina)
    goes_on_after_a_reload(amina)
    sends_pictures(amina, passport, faces)
    applies(amina)
    takes_the_loan(amina)
    keeps_papers(amina)
    repays_when_it_is_due(amina)
    assert amina.troubles == []
