"""Statements out of M-Pesa's portal: read strictly, and compared with what we hold."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from kit.crypto import Vault
from kit.db import Sessions
from servicing import reconciliation, tasks
from servicing.rails.base import Direction, FileRefused, FileRepeated, OutcomeStatus
from servicing.rails.mpesa.portal import Portal
from tests.servicing.lending import Lender, kes
from tests.servicing.rails.mpesa_street import Street, street

DAY = date(2026, 11, 20)
# Columns and figures as an export of the organisation portal has them.
HEAD = (
    "Organization Name:,Kopa Lending\nShort Code:,600997\n\n"
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,"
    "Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.\n"
)
LINES = (
    'SK1,20-11-2026 09:00:00,20-11-2026 09:00:00,Pay Bill,Completed,"1,053.00",,"10,053.00",true,'
    "Pay Bill Online,2547****678 - ANN,,L-7K3QFWX\n"
    "SK2,20-11-2026 10:00:00,20-11-2026 10:00:00,Out,Completed,,-29200.00,0.00,true,"
    "Business Payment to Customer via API,2547****001 - JOHN,,\n"
    "SK2,20-11-2026 10:00:00,20-11-2026 10:00:00,Out,Completed,,-15.00,0.00,true,"
    "Business Payment to Customer Charge,,,\n"
    "SK3,20-11-2026 11:00:00,20-11-2026 11:00:00,Pay Bill,Failed,500.00,,0.00,true,"
    "Pay Bill Online,2547****678 - ANN,,L-7K3QFWX\n"
    "SK4,20-11-2026 12:00:00,20-11-2026 12:00:00,Pay Bill,Completed,500.00,,0.00,true,"
    "Pay Bill Online,2547****678 - ANN,,0193a5b2c3d4\n"
)
# After the portal's "Linked Transaction ID", which names what is taken back.
REVERSALS = (
    'SK5,20-11-2026 13:00:00,20-11-2026 13:00:00,Back,Completed,,"-1,053.00",0.00,true,'
    "Pay Bill Reversal,2547****678 - ANN,SK1,\n"
    "SK6,20-11-2026 13:10:00,20-11-2026 13:10:00,Back,Completed,,-500.00,0.00,true,"
    "Organization Pay Bill Reversal,2547****678 - ANN,SK4,\n"
    "SK7,20-11-2026 13:20:00,20-11-2026 13:20:00,Back,Completed,29200.00,,0.00,true,"
    "Business Payment to Customer Reversal,2547****001 - JOHN,SK2,\n"
    "SK7,20-11-2026 13:20:00,20-11-2026 13:20:00,Back,Completed,15.00,,0.00,true,"
    "Business Payment to Customer Charge Reversal,,SK2,\n"
    "SK8,20-11-2026 13:30:00,20-11-2026 13:30:00,Back,Completed,,-70.00,0.00,true,"
    "Pay Bill Reversal,2547****678 - ANN,,\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def put(folder: Path, day: date, content: str | bytes) -> str:
    name = f"{day}.csv"
    raw = content.encode() if isinstance(content, str) else content
    (folder / "in" / name).write_bytes(raw)
    return name


async def taken(portal: Portal, folder: Path, day: date, content: str | bytes) -> date | None:
    name = put(folder, day, content)
    delivery = await portal.read(name)
    await portal.keep(name, delivery)
    return next(iter(delivery.statements_of), None)


class TestPortal:
    async def test_reads_what_moved_and_leaves_out_its_charges(self, folder: Path) -> None:
        portal = Portal(folder)
        await taken(portal, folder, DAY, HEAD + LINES)
        whole = await taken(portal, folder, DAY + timedelta(days=1), HEAD)

        lines = await portal.statement(DAY)

        assert whole == DAY
        assert lines is not None
        assert [(each.rail_id, each.direction, each.reference, each.amount) for each in lines] == [
            ("SK1", Direction.INCOMING, "L-7K3QFWX", kes(1053)),
            ("SK2", Direction.PAYOUT, "", kes(29_200)),
            ("SK4", Direction.COLLECT, "0193a5b2c3d4", kes(500)),
        ]

    async def test_reads_what_is_taken_back_as_going_the_other_way(self, folder: Path) -> None:
        """Under the receipt of what it takes back, or under its own when it names none."""
        portal = Portal(folder)
        await taken(portal, folder, DAY, HEAD + LINES + REVERSALS)
        await taken(portal, folder, DAY + timedelta(days=1), HEAD)

        lines = await portal.statement(DAY)

        assert lines is not None
        back = [each for each in lines if each.status is OutcomeStatus.RETURNED]
        assert [(each.rail_id, each.direction, each.reference, each.amount) for each in back] == [
            ("SK1", Direction.INCOMING, "L-7K3QFWX", kes(1053)),
            ("SK4", Direction.COLLECT, "0193a5b2c3d4", kes(500)),
            ("SK2", Direction.PAYOUT, "", kes(29_200)),
            ("SK8", Direction.INCOMING, "", kes(70)),
        ]
        assert {each.rail_id for each in lines} == {"SK1", "SK2", "SK4", "SK8"}

    async def test_is_in_the_order_in_which_it_moved(self, folder: Path) -> None:
        """The portal may list the newest first: what came back came back after it had left."""
        portal = Portal(folder)
        newest = "".join(reversed((LINES + REVERSALS).splitlines(keepends=True)))
        await taken(portal, folder, DAY, HEAD + newest)
        await taken(portal, folder, DAY + timedelta(days=1), HEAD)

        lines = await portal.statement(DAY)

        assert lines is not None
        assert [each.rail_id for each in lines] == ["SK1", "SK2", "SK4", "SK1", "SK4", "SK2", "SK8"]

    async def test_tells_of_payments_that_are_taken_back_and_doubts_what_names_none(
        self, folder: Path
    ) -> None:
        portal = Portal(folder)
        await taken(portal, folder, DAY, HEAD + LINES)
        name = put(folder, DAY + timedelta(days=1), HEAD + REVERSALS.replace("20-11", "21-11"))

        told = await portal.read(name)

        assert [
            (each.event_id, each.rail_id, each.reference, each.outcome.status)
            for each in told.events
        ] == [
            ("reversal:SK5", "SK1", "L-7K3QFWX", OutcomeStatus.RETURNED),
            ("reversal:SK6", "SK4", "0193a5b2c3d4", OutcomeStatus.RETURNED),
        ]
        assert [(each.kind, each.about) for each in told.doubts] == [("chargeback_unknown", "SK8")]

    async def test_gives_no_day_before_both_of_nairobi_are_here(self, folder: Path) -> None:
        portal = Portal(folder)

        assert await taken(portal, folder, DAY, HEAD + LINES) is None
        assert await portal.statement(DAY) is None

    async def test_of_the_first_hours_belongs_to_the_day_before(self, folder: Path) -> None:
        portal = Portal(folder)
        await taken(portal, folder, DAY - timedelta(days=1), HEAD)
        await taken(portal, folder, DAY, HEAD + LINES.replace("20-11-2026 09:", "20-11-2026 02:"))

        lines = await portal.statement(DAY - timedelta(days=1))

        assert lines is not None
        assert [each.rail_id for each in lines] == ["SK1"]

    async def test_that_came_before_is_nothing_new(self, folder: Path) -> None:
        portal = Portal(folder)
        await taken(portal, folder, DAY, HEAD + LINES)
        name = put(folder, DAY, HEAD + LINES)

        with pytest.raises(FileRepeated):
            await portal.read(name)

    async def test_that_lost_lines_since_is_refused(self, folder: Path) -> None:
        portal = Portal(folder)
        await taken(portal, folder, DAY, HEAD + LINES)
        name = put(folder, DAY, HEAD)

        with pytest.raises(FileRefused, match="lacks"):
            await portal.read(name)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"\xff\xfe\x00", "not CSV"),
            ("Receipt No.,Paid In\n", "no columns"),
            ("", "no columns"),
            (HEAD + LINES.replace("20-11-2026 09:", "19-11-2026 09:"), "another day"),
            (HEAD + LINES.replace("20-11-2026 09:00:00", "yesterday"), "a time"),
            (HEAD + LINES.replace('"1,053.00"', "1e3"), "an amount"),
            (HEAD + LINES.replace('"1,053.00"', "0.00"), "without an amount"),
            (HEAD + LINES.replace('"1,053.00"', "-500.00"), "an amount"),
            (HEAD + LINES.replace('"1,053.00"', '"1053,00"'), "an amount"),
            (HEAD + LINES.replace('"1,053.00"', '"10,53.00"'), "an amount"),
            (HEAD + LINES.replace('"1,053.00",', '"1,053.00",-20.00'), "two amounts"),
            (HEAD + LINES.replace("-29200.00", "--29200.00"), "an amount"),
            (HEAD + LINES.replace("SK1,", f"{'S' * 41},"), "no receipt"),
            (HEAD + LINES.rpartition("Completed")[0], "cut short"),
        ],
    )
    async def test_that_cannot_be_read_is_refused(
        self, folder: Path, content: str | bytes, why: str
    ) -> None:
        portal = Portal(folder)
        name = put(folder, DAY, content)

        with pytest.raises(FileRefused, match=why):
            await portal.read(name)

    async def test_is_completed_in_any_case(self, folder: Path) -> None:
        portal = Portal(folder)
        await taken(portal, folder, DAY, HEAD + LINES.replace("Completed", "COMPLETED"))
        await taken(portal, folder, DAY + timedelta(days=1), HEAD)

        lines = await portal.statement(DAY)
        assert lines is not None
        assert len(lines) == 3

    async def test_under_another_name_is_refused(self, folder: Path) -> None:
        portal = Portal(folder)
        (folder / "in" / "november.csv").write_text(HEAD)

        with pytest.raises(FileRefused, match="named by its day"):
            await portal.read("november.csv")


class TestReconciliation:
    @pytest.fixture
    async def mpesa(
        self, own_sessions: Sessions, now: datetime, vault: Vault, tmp_path: Path
    ) -> AsyncIterator[Street]:
        async with street(Lender(own_sessions, now), vault, tmp_path) as there:
            yield there

    async def test_finds_what_the_portal_has_and_we_have_not(
        self, mpesa: Street, tmp_path: Path
    ) -> None:
        """Payouts by receipt, prompts by the name they carried, payments by their own."""
        await mpesa.rail.register()
        loan = await mpesa.lends()
        await mpesa.asks(await mpesa.prompts(loan, kes(500)))
        await mpesa.confirms(await mpesa.pays(loan.reference, 750))
        mpesa.trouble("lose_callback")
        unheard = await mpesa.pays(loan.reference, 90)
        for day in (DAY, DAY + timedelta(days=1)):
            statement = await mpesa.phone.get(f"/portal/{day}.csv")
            put(tmp_path / "portal", day, statement.content)
        await tasks.take_in(mpesa.lender.context)

        await tasks.reconcile(mpesa.lender.context, rail="mpesa", day=DAY.isoformat())

        async with mpesa.lender.sessions() as session:
            breaks = await reconciliation.list_open(session)
        assert [(each.category, each.reference) for each in breaks] == [("missing_here", unheard)]

    async def test_takes_back_what_staff_reversed_in_the_portal(
        self, mpesa: Street, tmp_path: Path
    ) -> None:
        """A payment by its receipt, a prompt's money by the name it carried, each once."""
        await mpesa.rail.register()
        loan = await mpesa.lends()
        await mpesa.asks(await mpesa.prompts(loan, kes(500)))
        prompted = mpesa.mpesa.movements[-1]["receipt"]
        paid = await mpesa.pays(loan.reference, 750)
        await mpesa.confirms(paid)
        await mpesa.confirms(await mpesa.pays(loan.reference, 90))
        back = {prompted: 500, paid: 750, "SXUNKNOWN1": 40}
        rows = "".join(
            f"SR{n},20-11-2026 23:00:00,20-11-2026 23:00:00,Back,Completed,,-{shillings}.00,"
            f"0.00,true,Pay Bill Reversal,2547****001 - JOHN,{receipt},\n"
            for n, (receipt, shillings) in enumerate(back.items())
        )
        for _ in range(2):
            for day in (DAY, DAY + timedelta(days=1)):
                statement = await mpesa.phone.get(f"/portal/{day}.csv")
                more = rows if day == DAY else ""
                put(tmp_path / "portal", day, statement.content + more.encode())
            await tasks.take_in(mpesa.lender.context)
        await tasks.reconcile(mpesa.lender.context, rail="mpesa", day=DAY.isoformat())

        assert (await mpesa.lender.books(loan))["cash_mpesa"] == "-29110.00"
        async with mpesa.lender.sessions() as session:
            breaks = await reconciliation.list_open(session)
        assert [(each.category, each.reference) for each in breaks] == [("returned", "SXUNKNOWN1")]
        assert await mpesa.incidents() == ["chargeback_unknown"]

    async def test_knows_what_was_reversed_days_later(self, mpesa: Street, tmp_path: Path) -> None:
        """By the statement that had it, when nobody looks among the orders of these days."""
        await mpesa.rail.register()
        loan = await mpesa.lends()
        await mpesa.asks(await mpesa.prompts(loan, kes(500)))
        paid_out, prompted = (each["receipt"] for each in mpesa.mpesa.movements)
        for day in (DAY, DAY + timedelta(days=1)):
            statement = await mpesa.phone.get(f"/portal/{day}.csv")
            put(tmp_path / "portal", day, statement.content)
        await tasks.take_in(mpesa.lender.context)
        await tasks.reconcile(mpesa.lender.context, rail="mpesa", day=DAY.isoformat())
        mpesa.lender.now += timedelta(days=9)
        later = DAY + timedelta(days=9)
        at = f"{later:%d-%m-%Y} 12:00:00"
        rows = (
            f"SR1,{at},{at},Back,Completed,,-500.00,0.00,true,Pay Bill Reversal,,{prompted},\n"
            f"SR2,{at},{at},Back,Completed,29200.00,,0.00,true,"
            f"Business Payment to Customer Reversal,,{paid_out},\n"
        )
        put(tmp_path / "portal", later, HEAD + rows)
        put(tmp_path / "portal", later + timedelta(days=1), HEAD)
        await tasks.take_in(mpesa.lender.context)

        await tasks.reconcile(mpesa.lender.context, rail="mpesa", day=later.isoformat())

        payout = await mpesa.payout(loan)
        async with mpesa.lender.sessions() as session:
            breaks = await reconciliation.list_open(session)
        assert [(each.category, each.reference) for each in breaks] == [
            ("returned", payout.client_ref)
        ]
        assert (await mpesa.lender.books(loan))["cash_mpesa"] == "-29200.00"
