"""A person who borrows by chat, one question at a time, so that a story can stop anywhere."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import SHARED
from tests.e2e.phone import Phone
from tests.fleet.programs import until
from tests.kyc import drawn
from tests.kyc.drawn import LINA, OMAR, Look

FACES = SHARED / "data" / "faces"
_PATIENT = 90.0
# step: words of its question, and the answer (`!` presses the button with this label).
QUESTIONS = {
    "full_name": ("full name", "Amina Wanjiru Otieno"),
    "birth_date": ("When were you born", "14.03.1991"),
    "region": ("Where do you live", "Kisumu"),
    "employment": ("earn your living", "!own business"),
    "employment_since": ("For how long have you done this", "!4 to 7"),
    "residence": ("kind of home", "!own home"),
    "dependents": ("live from your income", "!1"),
    "document": ("identity document", ""),
    "read_fields": ("what your document says", "!That is right"),
    "selfie": ("photo of your face", ""),
    "purpose": ("What is the money for", "!Goods to sell"),
    "income": ("earn in a month", "65k"),
    "obligations": ("pay on other loans", "2000"),
    "wallet": ("mobile wallet shall we pay", "!My own phone"),
    "review": ("Is everything right?", "!All is right"),
}
STEPS = list(QUESTIONS)


@dataclass
class Applicant:
    phone: Phone
    document: Path
    selfie: Path
    asked: list[str] = field(default_factory=lambda: list(STEPS))
    """What is still to come."""

    def begins(self) -> None:
        """From the first word to the confirmed number."""
        phone = self.phone
        phone.says("/start")
        phone.presses("English")
        phone.sees("We keep nothing about you", seconds=_PATIENT)
        phone.presses("Apply")
        phone.presses("I agree")
        phone.sees("phone number", seconds=_PATIENT)
        phone.shares_contact()
        phone.says(self.code(0))

    def answers_until(self, step: str) -> None:
        """Answer every question before `step`, and see that one asked."""
        while self.asked[0] != step:
            self.sees_question()
            self.answers()
        self.sees_question()

    def sees_question(self) -> None:
        self.phone.sees(QUESTIONS[self.asked[0]][0], seconds=_PATIENT)

    def answers(self) -> None:
        step = self.asked.pop(0)
        answer = QUESTIONS[step][1]
        if step in ("document", "selfie"):
            self.phone.sends_photo(self.document if step == "document" else self.selfie)
        elif answer.startswith("!"):
            self.phone.presses(answer[1:])
        else:
            self.phone.says(answer)

    def sends(self) -> None:
        """Answer the rest and send the application, which is approved."""
        self.answers_until("review")
        self.answers()
        until("a decision", lambda: self.heard("is approved") or self.heard("There is news"))
        if not self.heard("is approved"):  # The photos took longer than the questions.
            self.phone.presses("See the news")
        self.phone.sees("is approved", seconds=_PATIENT)

    def signs(self) -> None:
        before = self.phone.codes()
        self.phone.presses("I take this loan")
        self.phone.says(self.code(before))

    def code(self, before: int) -> str:
        until("an SMS with a code", lambda: self.phone.codes() > before)
        return self.phone.code(before)

    def movements(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.phone.wallet()["movements"]
        return found

    def heard(self, words: str) -> int:
        """How many messages of the bot contain `words`."""
        said = (str(m.get("text", "")) for m in self.phone.messages() if m["from"]["is_bot"])
        return sum(words in text for text in said)


@dataclass
class Trouble:
    """The door of the sandbox's wallet for one person."""

    phone: Phone

    def order(self, kind: str, **details: Any) -> None:
        body = {"kind": kind, "target": self.phone.wallet()["account"], **details}
        httpx.post(self._address, json=body).raise_for_status()

    def has_begun(self) -> bool:
        """The call that it was ordered for has arrived at the rail."""
        waiting: list[Any] = httpx.get(self._address).raise_for_status().json()
        return not waiting

    @property
    def _address(self) -> str:
        return f"{self.phone.base}/sandbox/api/wallet/trouble"


def pictures(
    folder: Path, number: str, photographs: tuple[str, str], look: Look
) -> tuple[Path, Path]:
    """Passport and selfie of one person: with photographs where there are any, else drawings."""
    one, other = (FACES / name for name in photographs)
    if not FACES.exists():
        one, other = (drawn.face_file(folder, look, smile) for smile in (0.0, 0.5))
    return drawn.passport_file(folder, one, replace(drawn.AMINA, number=number)), other


def amina(phone: Phone, folder: Path) -> Applicant:
    return Applicant(phone, *pictures(folder, "A1002003", ("img20.jpg", "img21.jpg"), LINA))


def bruno(phone: Phone, folder: Path) -> Applicant:
    return Applicant(phone, *pictures(folder, "B4005006", ("img13.jpg", "img14.jpg"), OMAR))
