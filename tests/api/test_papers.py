"""Papers over the API: the right kind of file, in the borrower's language, for who may see it."""

import io
from datetime import datetime
from uuid import uuid4

import httpx
import pytest
from icalendar import Calendar
from PIL import Image

from kit.db import Sessions, unit_of_work
from notifications import contacts
from servicing.models import Loan
from tests.api.conftest import SetClock
from tests.servicing.lending import Lender, kes
from tests.servicing.papers import looking


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await lender.lends()


async def speaks(sessions: Sessions, loan: Loan, locale: str, now: datetime) -> None:
    async with unit_of_work(sessions) as session:
        await contacts.register(
            session, person_id=loan.borrower_id, telegram_chat_id=77, locale=locale,
            timezone="Africa/Nairobi", now=now,
        )  # fmt: skip


async def test_the_schedule_is_a_picture(carl: httpx.AsyncClient, loan: Loan) -> None:
    answer = await carl.get(f"/v1/loans/{loan.id}/schedule.png")

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert answer.headers["Content-Disposition"] == f'inline; filename="{loan.reference}.png"'
    assert Image.open(io.BytesIO(answer.content)).size[0] == 900


async def test_the_schedule_is_a_calendar(carl: httpx.AsyncClient, loan: Loan) -> None:
    answer = await carl.get(f"/v1/loans/{loan.id}/schedule.ics")

    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert len(Calendar.from_ical(answer.content).events) == 3


async def test_statement_and_receipt_speak_as_the_borrower_does(
    carl: httpx.AsyncClient, lender: Lender, loan: Loan, clock: SetClock
) -> None:
    paid = await lender.receives(loan, kes(100))
    statement = f"/v1/loans/{loan.id}/statement.pdf"
    receipt = f"/v1/loans/{loan.id}/repayments/{paid.id}/receipt.pdf"
    assert "Statement of account" in looking.words((await carl.get(statement)).content)

    await speaks(lender.sessions, loan, "es", clock.at)
    assert "Estado de cuenta" in looking.words((await carl.get(statement)).content)
    assert "Recibimos KES 100" in looking.words((await carl.get(receipt)).content)
    assert "Receipt" in looking.words((await carl.get(f"{receipt}?locale=en")).content)


async def test_what_is_not_there_is_said_in_json(
    carl: httpx.AsyncClient, lender: Lender, loan: Loan
) -> None:
    paid = await lender.receives(await lender.lends(), kes(100))
    for path, code in (
        (f"{uuid4()}/schedule.png", "loan_not_found"),
        (f"{loan.id}/repayments/{paid.id}/receipt.pdf", "repayment_not_found"),
    ):
        answer = await carl.get(f"/v1/loans/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert (await carl.get(f"/v1/loans/{loan.id}/schedule.png?locale=../x")).status_code == 422


async def test_who_runs_the_machines_sees_no_papers(ada: httpx.AsyncClient, loan: Loan) -> None:
    assert (await ada.get(f"/v1/loans/{loan.id}/statement.pdf")).status_code == 403
