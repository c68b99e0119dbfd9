"""How Amina usually answers: stories say only where they differ."""

from dataclasses import dataclass, field

from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender

PHONE = "254712000071"
SIGNS = {
    "turn_left": "⬅️", "turn_right": "➡️", "blink_twice": "👀", "open_mouth": "😮",
    "come_closer": "🔍",
}  # fmt: skip
"""Before each act that a video note should show."""
# Text that is typed, or `!` and the label of a button.
ANSWERS = {
    "full_name": "Amina Wanjiru Otieno",
    "birth_date": "14.03.1991",
    "region": "Kisumu, Kondele",
    "employment": "!own business",
    "employment_since": "!4 to 7 years",
    "residence": "!My own home",
    "dependents": "!1",
    "product": "!installments",
    "amount": "20,000",
    "term": "!6 months",
    "purpose": "!Goods to sell",
    "income": "65k",
    "obligations": "2000",
    "wallet": "!My own phone",
    "turnover": "120,000",
    "suppliers": "Kisumu Wholesalers",
    "buyer": "Tuskys Ltd",
    "invoice_number": "INV-2026/118",
    "invoice_amount": "100,000",
    "invoice_due_on": "20.01.2027",
    "merchant_code": "ke042",
    "crop": "!Maize",
    "acreage": "2,5",
    "expected_yield": "40",
    "harvest_month": "!July",
    "frequency": "!Every month",
}


@dataclass
class Story:
    lender: Lender
    person: Chatter
    phone: str = PHONE
    answers: dict[str, str] = field(default_factory=dict)
    product: str = ""
    """The label of another loan than the first one of the price list."""

    async def begins(self) -> str:
        await self.person.says("/start")
        await self.person.presses("English")
        if self.product:
            await self.person.presses(self.product)
        await self.person.presses("Apply")
        return await self.person.presses("I agree")

    async def until(self, wanted: str) -> str:
        """Answer every question up to `wanted` (not that one); what was said last."""
        said = self.person.last.text
        while (step := await self.lender.step(self.person)) != wanted:
            assert step is not None
            said = await self.answer(step)
            assert await self.lender.step(self.person) != step, said
        return said

    async def answer(self, step: str) -> str:
        self.lender.clock.move(seconds=9)
        person = self.person
        if step == "phone":
            return await person.shares_contact(self.phone)
        if step == "phone_code":
            return await person.says(await self.lender.code(person))
        if step in ("document", "selfie"):
            await person.sends_photo(b"photo")
            return await self.lender.looks_at_photo(person)
        if step == "video":
            await person.presses("I am ready")
            await person.sends_note(at=self.lender.clock.now())
            return await self.lender.looks_at_note(person)
        answer = (ANSWERS | self.answers)[step]
        if answer.startswith("!"):
            return await person.presses(answer[1:])
        return await person.says(answer)

    async def gets_an_offer(self) -> str:
        await self.begins()
        await self.until("review")
        await self.lender.compares_faces(self.person)
        return await self.person.presses("send it")

    async def signs(self) -> str:
        await self.person.presses("I take this loan")
        return await self.person.says(await self.lender.code(self.person))

    async def gets_the_money(self) -> None:
        await self.gets_an_offer()
        await self.signs()
        await self.lender.pays_out(self.person)
