"""A whole loan through the real program: from /start to the last repayment, and as staff see it."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Lender
from tests.e2e.phone import Phone

pytestmark = pytest.mark.xdist_group("program")

SELFIE = "img21.jpg"
"""Of the person on the passport."""
OTHER = "img1.jpg"


def registers(amina: Phone) -> None:
    """Price first, then consents, the phone and its code, and the profile."""
    amina.says("/start")
    amina.presses("English")
    amina.sees("We keep nothing about you")
    amina.presses("10,000")  # the first one takes away
    amina.sees("KES 20,000")
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
    amina.sees("identity document")


def sends_pictures(amina: Phone, document: Path, selfie: Path) -> None:
    amina.sends_photo(document)
    amina.sees("Is this what your document says?", seconds=180)
    amina.presses("That is right")
    amina.sees("photo of your face")
    amina.sends_photo(selfie)
    amina.sees("Show us that you are there")
    amina.shows_herself(selfie)
    amina.sees("What is the money for")


def applies(amina: Phone) -> None:
    amina.presses("Goods to sell")
    amina.says("65k")
    amina.says("2000")
    amina.presses("My own phone")
    amina.sees("Is everything right?")


def takes_the_loan(amina: Phone) -> None:
    amina.sees("is approved")
    before = amina.codes()
    amina.presses("I take this loan")
    amina.says(amina.code(before))
    amina.sees("Agreed")


class TestWholeLoan:
    def test_is_lived_through_in_the_chat(
        self, lender: Lender, passport: Path, faces: Path
    ) -> None:
        amina = lender.phone("Amina")
        registers(amina)
        sends_pictures(amina, passport, faces / SELFIE)
        applies(amina)
        amina.sees("Your identity is confirmed")
        amina.presses("All is right")
        takes_the_loan(amina)
        amina.sees("/loan shows what you owe")
        (movement,) = amina.wallet()["movements"]
        assert movement["amount"] == "19500.00"
        assert "Next payment" in amina.says("/loan")
        assert "KES 3,691.94" in amina.says("/schedule")

        amina.moves_clock(to="next_due")
        amina.sees("A reminder")
        assert any("is due on" in body for body in amina.sms())
        amina.moves_clock(days=5)
        amina.sees("late fee")

        amina.says("/pay")
        amina.presses("Due now")
        amina.declines_payment()
        amina.sees("Your wallet did not pay")
        amina.presses("Try again")
        amina.sees("How much do you want to pay?")
        amina.presses("Due now")
        amina.accepts_payment()
        amina.sees("We received")
        amina.says("/pay")
        amina.presses("Everything")
        amina.sees("pays off your loan")
        amina.presses("Pay KES")
        amina.accepts_payment()
        amina.sees("fully repaid")

        verified = lender.kopa("ledger", "verify", "--json")
        assert verified.returncode == 0, verified.stdout
        assert "Amina" not in lender.log.read_text()
        assert "12025550101" not in lender.log.read_text()


class TestAnotherFace:
    def test_becomes_a_case_that_two_people_may_overrule(
        self, lender: Lender, passport: Path, faces: Path
    ) -> None:
        amina = lender.phone("Amina")
        registers(amina)
        sends_pictures(amina, passport, faces / OTHER)
        applies(amina)
        amina.presses("All is right")

        uma, usha = lender.staff("Uma", "underwriter"), lender.staff("Usha", "underwriter")
        (case,) = uma.get("/cases", params={"kind": "identity"}).json()["items"]
        assert case["needs_second"]
        seen = uma.get(f"/cases/{case['id']}").json()
        assert {signal["name"] for signal in seen["behaviour"]} >= {
            "median_answer_seconds",
            "edits",
        }
        picture = uma.get(f"{lender.base}{seen['images']['selfie']}")
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.content[:2] == b"\xff\xd8"

        question = {"question": "Is the photo on the card an old one?"}
        uma.post(f"/cases/{case['id']}/ask", json=question).raise_for_status()
        amina.sees("Is the photo on the card an old one?")
        amina.says("Yes, from 2009")
        answered = uma.get(f"/cases/{case['id']}").json()
        assert answered["messages"][-1]["body"] == "Yes, from 2009"

        note = {"note": "Same scar on both."}
        first = uma.post(f"/cases/{case['id']}/approve", json=note).raise_for_status().json()
        assert first["status"] == "proposed"
        assert uma.post(f"/cases/{case['id']}/approve", json=note).status_code == 403
        second = usha.post(f"/cases/{case['id']}/approve", json=note).raise_for_status().json()
        assert second["status"] == "resolved"
        amina.sees("news about your application")
        amina.presses("See")
        takes_the_loan(amina)
