"""What accounting takes over: every line of a period, and what moved in it, as page and as file."""

from datetime import timedelta

import pytest

from kit.db import Sessions
from tests.api.conftest import Enter, SetClock, Sit
from tests.api.test_exports import read_csv
from tests.servicing.lending import START, Lender, kes

PAID_ON = START + timedelta(days=1)


@pytest.fixture
async def lender(sessions: Sessions, clock: SetClock) -> Lender:
    """One who pays out on the first day and is paid on the second."""
    lender = Lender(sessions, clock.at)
    loan = await lender.lends()
    await lender.closes_days_until(PAID_ON)
    await lender.receives(loan, kes(500))
    clock.at = lender.now
    return lender


class TestJournal:
    async def test_has_every_line_of_its_days_in_pages(self, lender: Lender, enter: Enter) -> None:
        ada = await enter("Ada")
        path = "/v1/ledger/journal"

        every = (await ada.get(path)).json()["items"]
        first = (await ada.get(path, params={"limit": 2})).json()
        rest = (await ada.get(path, params={"after": first["next"]})).json()["items"]
        later = (await ada.get(path, params={"since": PAID_ON.isoformat()})).json()["items"]

        assert [row["event"] for row in every[:3]] == [
            "principal_disbursed", "fee_deducted", "third_party_fee_deducted",
        ]  # fmt: skip
        assert first["items"] + rest == every
        assert every[-len(later) :] == later
        assert {row["posted_on"] for row in later} == {PAID_ON.isoformat()}
        assert "paid_in_advance" in [row["event"] for row in later]

    async def test_is_the_same_at_the_console_and_as_a_file(
        self, lender: Lender, sit: Sit, enter: Enter
    ) -> None:
        ada, api = await sit("Ada"), await enter("Ada")
        asked = {"until": START.isoformat()}

        page = await ada.reads("/ledger/journal", **asked)
        taken = await ada.opens("/ledger/journal", format="csv", **asked)
        file = await api.get("/v1/ledger/journal", params={"format": "csv", **asked})

        titles, *rows = read_csv(taken.content)
        assert titles[4:9] == ["Debit", "Credit", "Amount", "Currency", "Loan"]
        listed = (await api.get("/v1/ledger/journal", params=asked)).json()["items"]
        [loan] = {row["loan"] for row in listed}
        assert loan.startswith("L-")
        assert {row[8] for row in rows} == {loan}
        assert [row[4:8] for row in rows[:2]] == [
            ["loan_principal", "cash_wallet", "29200.00", "KES"],
            ["loan_principal", "fee_income", "750.00", "KES"],
        ]
        assert taken.content == file.content
        assert "Third party payable 50.00 KES" in page

    async def test_the_menu_marks_this_page_alone(self, sit: Sit) -> None:
        page = await (await sit("Ada")).opens("/ledger/journal")

        assert page.text.count('aria-current="page"') == 1
        assert 'href="/console/ledger/journal" aria-current="page"' in page.text

    async def test_is_for_those_who_oversee(self, enter: Enter) -> None:
        assert (await (await enter("Carl")).get("/v1/ledger/journal")).status_code == 403


async def test_a_trial_balance_of_a_period_has_what_moved_in_it(
    lender: Lender, sit: Sit, enter: Enter
) -> None:
    ada, desk = await enter("Ada"), await sit("Ada")
    path, since = "/v1/ledger/trial-balance", {"since": PAID_ON.isoformat()}

    moved = (await ada.get(path, params=since)).json()
    page = await desk.reads("/ledger", **since)

    for file in (
        await desk.opens("/ledger", format="csv", **since),
        await ada.get(path, params={"format": "csv", **since}),
    ):
        assert read_csv(file.content)[0][-1] == "Change"
        assert f'"trial-balance-{PAID_ON}-{PAID_ON}.csv"' in file.headers["content-disposition"]
    assert "What moved on these days" in page
    shown = (await desk.opens("/ledger", **since)).text
    entries = f"/accounts/cash_wallet?currency=KES&amp;since={PAID_ON}&amp;until={PAID_ON}"
    assert entries in shown
    assert "Balance" in read_csv((await desk.opens("/ledger", format="csv")).content)[0]
    assert "Choose others" in await desk.reads("/ledger", since="2030-01-01", until="2030-01-31")
    assert moved["balanced"]
    accounts = {row["account"]: row["debit"]["amount"] for row in moved["balances"]}
    assert accounts["cash_wallet"] == "500.00"
    assert "fee_income" not in accounts
    assert "loan_principal" not in page
