"""The price of a loan for a person of whom nothing is known and nothing is kept."""

import sqlalchemy as sa

from kit.db import Base, Sessions
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender

# Numbers of updates that were handled: without them a repeat would be answered twice.
_NOT_PERSONAL = {"telegram_updates"}


async def rows(sessions: Sessions) -> dict[str, int]:
    """How many rows there are in each table that could hold something about a person."""
    async with sessions() as session:
        counts = {
            table.name: await session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in _NOT_PERSONAL
        }
    return {name: count for name, count in counts.items() if count}


class TestCalculator:
    async def test_shows_dates_total_fees_and_yearly_cost(self, amina: Chatter) -> None:
        await amina.says("/start")
        shown = await amina.presses("English")

        assert "KES 30,000" in shown
        assert "20 May 2027" in shown
        assert "Fees, taken from the loan: KES 750" in shown
        assert "APR" in shown

    async def test_changes_amount_term_and_product_in_place(self, amina: Chatter) -> None:
        await amina.says("/start")
        await amina.presses("English")
        messages = len(amina.chat)

        assert "KES 31,000" in await amina.presses("+1,000")
        assert "KES 21,000" in await amina.presses("10,000")
        assert "20 Nov 2027" in await amina.presses("12 months")
        assert "KES 8,000" in await amina.presses("Pay back at once")
        assert len(amina.chat) == messages

    async def test_stays_within_what_is_offered(self, amina: Chatter) -> None:
        await amina.says("/start")
        await amina.presses("English")
        shown = [await amina.presses("-10,000".replace("-", "\N{MINUS SIGN}")) for _ in range(4)]

        assert "KES 5,000" in shown[2]
        assert shown[3] == ""

    async def test_keeps_nothing_until_consent(
        self, lender: Lender, amina: Chatter, sessions: Sessions
    ) -> None:
        before = await rows(sessions)
        await amina.says("/start")
        await amina.presses("Español")
        await amina.presses("+1,000".replace(",", "."))
        await amina.presses("9 meses")
        await amina.says("hola")
        await amina.says("/help")
        await amina.says("/loan")
        await amina.says("/human")
        await amina.shares_contact("+254712000071")
        await amina.presses("Pedir este préstamo")
        await amina.presses("Leer todo")

        assert await rows(sessions) == before
        await amina.presses("Acepto")
        after = await rows(sessions)
        assert {"borrowers", "consents", "applications"} <= after.keys() - before.keys()

    async def test_speaks_the_language_of_the_screen_that_was_pressed(self, amina: Chatter) -> None:
        await amina.says("/start")
        await amina.presses("Español")

        assert "¿Cómo te ayudo?" in await amina.presses("Ayuda")

    async def test_carries_the_chosen_language_and_loan_into_the_application(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await amina.says("/start ref_12345")
        await amina.presses("Español")
        await amina.presses("9 meses")
        await amina.presses("Pedir este préstamo")
        question = await amina.presses("Acepto")

        dossier = await lender.dossier(amina)
        assert "Paso 1 de" in question
        assert (dossier.borrower.locale, dossier.draft.term) == ("es", "9m")
