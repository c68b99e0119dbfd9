"""Tables as files: CSV and Excel, from the API and from the console, with the page's filter."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import select

from kit import tabular
from kit.audit import AuditEvent
from kit.db import Sessions, unit_of_work
from kit.money import Money
from servicing import incidents
from servicing.models import ReconciliationRun
from tests.api.conftest import Enter, SetClock, Sit
from tests.servicing.lending import Lender

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def lender(sessions: Sessions, clock: SetClock) -> Lender:
    return Lender(sessions, clock.at)


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def read_excel(content: bytes) -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [list(row) for sheet in book for row in sheet.iter_rows(values_only=True)]


class TestFiles:
    async def test_of_an_account_have_amounts_as_numbers(
        self, sit: Sit, enter: Enter, lender: Lender
    ) -> None:
        await lender.lends()
        ada, api = await sit("Ada"), await enter("Ada")
        path = "/ledger/accounts/loan_principal"

        answers = [
            await ada.opens(path, currency="KES", format="csv"),
            await api.get(f"/v1{path}/entries", params={"format": "csv"}),
            await api.get(f"/v1{path}/entries", headers={"Accept": "text/csv"}),
        ]
        excels = [
            await ada.opens(path, currency="KES", format="xlsx"),
            await api.get(f"/v1{path}/entries", headers={"Accept": XLSX}),
        ]

        rows = read_csv(answers[0].content)
        assert rows[0][:2] == ["Date", "Entry"]
        assert [row[4:7] for row in rows[1:]] == [
            ["29200.00", "", "29200.00"],
            ["750.00", "", "29950.00"],
            ["50.00", "", "30000.00"],
        ]
        assert {answer.content for answer in answers} == {answers[0].content}
        disposition = answers[0].headers["content-disposition"]
        assert disposition == 'attachment; filename="account-loan_principal-KES-2026-11-20.csv"'
        for excel in excels:
            [titles, *lines] = read_excel(excel.content)
            assert titles == rows[0]
            assert [line[4:7] for line in lines] == [
                [29200, None, 29200], [750, None, 29950], [50, None, 30000],
            ]  # fmt: skip
            assert str(lines[0][0]) == "2026-11-20 00:00:00"
        cell = openpyxl.load_workbook(io.BytesIO(excels[0].content)).worksheets[0]["E2"]
        assert cell.number_format == "#,##0.00"

    async def test_have_the_filter_of_the_page(self, sit: Sit, lender: Lender) -> None:
        running = await lender.lends()
        await lender.opens()
        aude = await sit("Aude")

        some = read_csv((await aude.opens("/loans", status="active", format="csv")).content)
        every = read_csv((await aude.opens("/loans", status="", format="csv")).content)

        assert [row[0] for row in some[1:]] == [running.reference]
        assert len(every) == 3

    async def test_have_the_filter_of_the_call(
        self, enter: Enter, lender: Lender, clock: SetClock
    ) -> None:
        loan, other = await lender.lends(), await lender.lends()
        api = await enter("Carl")

        async def listed(**wanted: str) -> set[str]:
            file = await api.get("/v1/loans", params={"format": "csv", **wanted})
            return {row[0] for row in read_csv(file.content)[1:]}

        assert await listed(reference=other.reference) == {other.reference}
        assert await listed(min_days_past_due="3") == set()
        clock.at = clock.at.replace(month=12, day=23)
        assert await listed(min_days_past_due="3") == {loan.reference, other.reference}
        assert await listed(min_days_past_due="4") == set()

    async def test_have_the_tables_of_a_page_apart(self, sit: Sit, lender: Lender) -> None:
        loan = await lender.lends()
        aude, page = await sit("Aude"), f"/loans/{loan.id}"

        installments = await aude.opens(page, part="installments", format="csv")
        events = await aude.opens(page, part="events", format="csv")
        neither = await aude.opens(page, part="nothing", format="csv")

        titles, *rows = read_csv(installments.content)
        assert (len(rows), titles[-1], {row[-1] for row in rows}) == (3, "Currency", {"KES"})
        assert read_csv(events.content)[1][3] == "disbursement"
        assert neither.headers["content-type"].startswith("text/html")

    async def test_are_there_for_every_list(self, sit: Sit, lender: Lender) -> None:
        await lender.lends()
        ada = await sit("Ada")

        for path in (
            "/ledger", "/ledger/journal", "/payouts", "/payment-requests", "/refunds",
            "/proposals", "/suspense", "/incidents", "/day-closes", "/seals",
            "/funding/held", "/funding/forecast", "/audit",
        ):  # fmt: skip
            rows = read_csv((await ada.opens(path, format="csv")).content)
            lines = read_excel((await ada.opens(path, format="xlsx")).content)

            assert len(rows[0]) > 2, path
            # Taking a file is recorded too.
            assert len(lines) == len(rows) + (path == "/audit"), path

    async def test_are_answered_by_the_api(self, enter: Enter) -> None:
        ada = await enter("Ada")

        for path in (
            "/ledger/trial-balance", "/ledger/journal", "/ledger/checkpoints", "/payouts",
            "/payment-requests", "/refunds", "/proposals", "/suspense", "/incidents",
            "/reconciliation/breaks", "/reconciliation/runs", "/day-closes", "/audit",
            "/ledger/accounts/cash_wallet/entries",
        ):  # fmt: skip
            file = await ada.get(f"/v1{path}", params={"format": "csv"})
            plain = await ada.get(f"/v1{path}")

            assert file.headers["content-type"].startswith("text/csv"), path
            assert len(read_csv(file.content)) >= 1, path
            assert plain.headers["content-type"] == "application/json", path

    async def test_of_payouts_name_their_loans(
        self, sit: Sit, enter: Enter, lender: Lender
    ) -> None:
        loans = [await lender.lends(), await lender.lends()]
        page = await (await sit("Ada")).opens("/payouts", format="csv")
        call = await (await enter("Ada")).get(
            "/v1/payouts", params={"status": "settled", "format": "csv"}
        )

        names = {loan.reference for loan in loans}
        for rows in (read_csv(page.content), read_csv(call.content)):
            assert (rows[0][0], rows[0][-1]) == ("Reference", "Loan")
            assert {row[-1] for row in rows[1:]} == names

    async def test_are_recorded(self, sit: Sit, sessions: Sessions) -> None:
        await (await sit("Ada")).opens("/payouts", format="csv")

        async with sessions() as session:
            events = await session.scalars(
                select(AuditEvent).where(AuditEvent.action == "table.export")
            )
            [event] = events.all()
        assert (event.subject, event.facts) == ("table:payouts", {"format": "csv"})

    async def test_name_who_did_something_as_the_page_does(self, sit: Sit, enter: Enter) -> None:
        ada = await sit("Ada")
        await ada.opens("/payouts", format="csv")

        page = await ada.opens("/audit", format="csv")
        call = await (await enter("Ada")).get("/v1/audit", params={"format": "csv"})

        for file in (page, call):
            assert "Ada" in {row[1] for row in read_csv(file.content)[1:]}
            assert "staff:" not in {row[1][:6] for row in read_csv(file.content)[1:]}

    async def test_are_refused_with_the_page(self, sit: Sit, enter: Enter) -> None:
        page = await (await sit("Uma")).opens("/payouts", format="csv")
        call = await (await enter("Uma")).get("/v1/payouts", params={"format": "csv"})

        assert (page.status_code, call.status_code) == (403, 403)

    async def test_of_reconciliations_hold_every_run(
        self, sit: Sit, enter: Enter, lender: Lender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.exports.PAGE", 3)
        days = [date(2026, 1, 1) + timedelta(days=n) for n in range(100)]
        ran = [(rail, day) for day in days[::-1] for rail in ("gsma", "wallet")]
        async with unit_of_work(lender.sessions) as session:
            session.add_all(
                ReconciliationRun(
                    rail=rail, day=day, matched=0, late=0, breaks=0, ran_at=lender.now
                )
                for rail, day in ran
            )

        call = await (await enter("Aude")).get("/v1/reconciliation/runs", params={"format": "csv"})
        page = await (await sit("Aude")).opens("/reconciliation", format="csv", part="runs")

        for file in (call, page):
            rows = read_csv(file.content)[1:]
            assert [row[1] for row in rows] == [day.isoformat() for _, day in ran]
            assert len({tuple(row[:2]) for row in rows}) == 200

    async def test_go_beyond_one_page(
        self, sit: Sit, lender: Lender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.exports.PAGE", 2)
        loans = [await lender.lends() for _ in range(2)]
        ada, aude = await sit("Ada"), await sit("Aude")

        rows = read_csv((await ada.opens("/ledger/accounts/loan_principal", format="csv")).content)
        listed = read_csv((await aude.opens("/loans", format="csv")).content)

        assert [row[6] for row in rows[1:]] == [
            "29200.00", "29950.00", "30000.00", "59200.00", "59950.00", "60000.00",
        ]  # fmt: skip
        assert [row[0] for row in listed[1:]] == [loan.reference for loan in reversed(loans)]


class TestCellsThatASpreadsheetWouldRun:
    async def test_stay_text(self, sit: Sit, sessions: Sessions, now: datetime) -> None:
        nasty = [f"{begin}HYPERLINK(1)" for begin in "=+-@\t\r\n＝"]  # noqa: RUF001
        async with unit_of_work(sessions) as session:
            for text in nasty:
                await incidents.report(session, kind="odd", subject=text, now=now)
        ada = await sit("Ada")

        [_, *lines] = read_csv((await ada.opens("/incidents", format="csv")).content)
        [_, *rows] = read_excel((await ada.opens("/incidents", format="xlsx")).content)

        assert [line[1] for line in lines] == [f"'{text}" for text in nasty]
        assert all(str(row[1]).startswith("'") for row in rows)
        assert len(rows) == len(nasty)

    def test_begun_anew_at_a_semicolon_stay_text_too(self) -> None:
        """Where Excel's lists are parted by semicolons, a cell ends at one."""
        assert tabular.harmless("x; =1+1") == "x; '=1+1"
        assert tabular.harmless("a-b; c=d") == "a-b; c=d"

    async def test_of_numbers_stay_numbers(self) -> None:
        async def pages() -> tabular.Pages:
            yield [[Money(-1250, "KES"), Money(5, "JPY"), Money(1, "KWD"), 7, date(2026, 1, 2)]]

        written = b"".join([part async for part in tabular.as_csv(["a"], pages(), zone="UTC")])

        assert read_csv(written)[1] == ["-12.50", "5", "0.001", "7", "2026-01-02"]


async def test_large_tables_go_on_in_a_new_sheet(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabular, "_ROWS_OF_A_SHEET", 3)
    path = tmp_path_factory.mktemp("book") / "table.xlsx"

    async def pages() -> tabular.Pages:
        for start in (0, 4):
            yield [[n, datetime(2026, 1, 1, 22, tzinfo=UTC)] for n in range(start, start + 4)]

    await tabular.as_excel(["n", "at"], pages(), path, zone="Africa/Nairobi")

    book = openpyxl.load_workbook(path)
    assert [sheet.max_row for sheet in book] == [4, 4, 3]
    assert [row[0] for sheet in book for row in sheet.iter_rows(values_only=True)] == [
        "n", 0, 1, 2, "n", 3, 4, 5, "n", 6, 7,
    ]  # fmt: skip
    assert str(book.worksheets[0]["B2"].value) == "2026-01-02 01:00:00"
