"""A large loan through the real program: somebody answers for it, from the SMS to the code."""

import re
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import Lender
from tests.e2e.phone import Phone
from tests.e2e.test_whole_loan import SELFIE

pytestmark = pytest.mark.xdist_group("program")


@pytest.fixture
def liveness() -> str:
    return "off"


def number_of(lender: Lender, phone: Phone) -> str:
    people = httpx.get(f"{lender.base}/sandbox/api/people").raise_for_status().json()
    return next(str(person["phone"]) for person in people if person["id"] == phone.person_id)


def asks_for_a_large_loan(amina: Phone, passport: Path, selfie: Path, guarantor: str) -> None:
    amina.says("/start")
    amina.presses("English")
    amina.presses("For my business")
    amina.presses("+50,000")
    amina.sees("KES 100,000")
    amina.presses("Apply")
    amina.presses("I agree")
    amina.shares_contact()
    amina.says(amina.code())
    amina.says("Amina Wanjiru Otieno")
    amina.says("14.03.1991")
    amina.says("Kisumu")
    amina.presses("own business")
    amina.presses("4 to 7")
    amina.presses("own home")
    amina.presses("1")
    amina.sends_photo(passport)
    amina.sees("Is this what your document says?", seconds=180)
    amina.presses("That is right")
    amina.sees("photo of your face")
    amina.sends_photo(selfie)
    amina.sees("For how much do you sell")
    amina.says("800,000")
    amina.says("Kisumu Wholesalers")
    amina.says(guarantor)
    amina.says("400k")
    amina.says("2000")
    amina.presses("My own phone")
    amina.sees("Is everything right?")


class TestAGuarantor:
    def test_reads_agrees_and_lets_the_loan_go_on(
        self, lender: Lender, passport: Path, faces: Path
    ) -> None:
        amina, chen = lender.phone("Amina"), lender.phone("Chen")
        asks_for_a_large_loan(amina, passport, faces / SELFIE, number_of(lender, chen))
        amina.sees("Your identity is confirmed")
        assert chen.sms() == []
        amina.presses("All is right")
        amina.sees("We have asked the person whom you named")

        invited = chen.receives("asks you to answer for a loan")
        link = re.search(r"/g/(V-\w{8})", invited)
        assert link is not None
        page = httpx.get(f"{lender.base}{link[0]}")
        assert "Amina Wanjiru Otieno asks you" in page.text
        chen.says(f"/start {link[1]}")
        assert "Amina Wanjiru Otieno asks you" in chen.newest()
        chen.presses("I answer for this loan")
        chen.says(chen.code())
        chen.sees("You answer for this loan")
        amina.sees("news about your application")
        amina.presses("See the news")
        amina.sees("is approved")
        assert "Wholesalers" not in lender.log.read_text()
