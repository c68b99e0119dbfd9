"""Risk tables of the lender's own loans, indices from files, and what a decision reads of them."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import person_key, vault_of
from kit.ids import new_id, reference
from onboarding import dossiers, regions, risk_tables
from onboarding.models import Application, Borrower
from onboarding.risk_tables import IndexRefused
from onboarding.saving import place
from onboarding.states import ApplicationStatus
from scoring.models import RiskTable
from servicing.models import Installment, Loan
from servicing.states import LoanStatus

CROPS = "key,period,value\nmaize,2025-10,50\nmaize,2025-11,50\nmaize,2025-12,50\nmaize,2026-01,40\n"


async def lends(
    session: AsyncSession, town: str, now: datetime, *, crop: str | None = None,
    bad: bool = False, days_ago: int = 200, days: int = 60,
) -> Borrower:  # fmt: skip
    """One loan of so many days, paid back on its day or not at all."""
    on = now.date() - timedelta(days=days_ago)
    due = on + timedelta(days=days)
    borrower = Borrower(
        id=new_id(), reference=reference("B"), locale="en", timezone="Africa/Nairobi",
        employment="farmer" if crop else "salaried", created_at=now,
    )  # fmt: skip
    key = await person_key(session, vault_of(session), borrower.id, now=now)
    borrower.region_sealed = key.seal(place("region_sealed", borrower), town)
    application = Application(
        id=new_id(), borrower_id=borrower.id, reference=reference("A"), currency="KES",
        status=ApplicationStatus.ACCEPTED, amount_minor=1_000,
        answers={"crop": crop} if crop else {}, created_at=now,
    )  # fmt: skip
    loan = Loan(
        id=new_id(), application_id=application.id, borrower_id=borrower.id,
        reference=reference("L"), status=LoanStatus.ACTIVE, terms={}, rules={}, currency="KES",
        principal_minor=1_000, disbursed_on=on, created_at=now,
    )  # fmt: skip
    part = Installment(
        id=new_id(), loan_id=loan.id, n=1, due_on=due, accrues_from=on, accrues_until=due,
        principal_minor=1_000, principal_paid_minor=0 if bad else 1_000,
        settled_on=None if bad else due,
    )  # fmt: skip
    for row in (borrower, application, loan, part):
        session.add(row)
        await session.flush()
    return borrower


async def made(session: AsyncSession, now: datetime) -> RiskTable:
    return await risk_tables.make(session, on=now.date(), now=now)


class TestMake:
    async def test_counts_what_has_had_its_time_and_what_is_out(
        self, session: AsyncSession, now: datetime
    ) -> None:
        for n in range(3):
            await lends(session, "Kisumu, Kondele", now, crop="maize", bad=n == 0)
        young = await lends(session, "kisumu", now, bad=True, days_ago=100)
        content = (await made(session, now)).content

        (region,) = content["region"]
        assert young.region_index == region
        assert content["all"] == {"loans": 3, "bad": 1}
        assert content["industry"]["farming"]["bad"] == 1
        assert content["region"][region]["loans"] == 3
        assert content["names"] == {}  # Too few to be named.
        out = content["out"]["KES"]
        assert (out["loans"], out["minor"], out["region"]) == (4, 2_000, {region: 2_000})
        assert out["industry"] == {"farming": 1_000, "salaried": 1_000}

    async def test_a_harvest_loan_has_its_time_when_it_was_due_and_could_be_late(
        self, session: AsyncSession, now: datetime
    ) -> None:
        """Due after 190 days, late 30 later: after 219 days it is nobody's, after 220 it is bad."""
        for bad in (True, False):
            await lends(session, "Kisumu", now, bad=bad, days=190, days_ago=219)
        assert (await made(session, now)).content["all"] == {"loans": 0, "bad": 0}

        for bad in (True, False):
            await lends(session, "Kisumu", now, bad=bad, days=190, days_ago=220)
        assert (await made(session, now)).content["all"] == {"loans": 2, "bad": 1}

    async def test_names_a_region_of_many(self, session: AsyncSession, now: datetime) -> None:
        for _ in range(risk_tables.NAMED_FROM):
            await lends(session, "Kisumu, Kondele", now)

        assert list((await made(session, now)).content["names"].values()) == ["Kisumu"]

    async def test_names_no_region_of_one_who_borrows_often(
        self, session: AsyncSession, now: datetime
    ) -> None:
        borrowers = [await lends(session, "Kisumu", now) for _ in range(risk_tables.NAMED_FROM)]
        await session.execute(update(Loan).values(borrower_id=borrowers[0].id))

        assert (await made(session, now)).content["names"] == {}

    async def test_is_a_new_version_only_when_something_changed(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await lends(session, "Kisumu", now)
        first = await made(session, now)
        assert (await made(session, now + timedelta(days=1))).id == first.id
        await lends(session, "Nakuru", now)

        assert (await made(session, now + timedelta(days=1))).id != first.id


class TestBringIn:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "first line"),
            ("key,period\n", "first line"),
            ("key,period,value\n", "no lines"),
            ("key,period,value\nmaize,2026-13,4\n", "line 2"),
            ("key,period,value\nmaize,2026-01,\n", "line 2"),
            ("key,period,value\nmaize,2026-01,0\n", "line 2"),
            ("key,period,value\nmaize,2026-01,nan\n", "line 2"),
            ("key,period,value\nmaize,2026-01,4,5\n", "line 2"),
            ("key,period,value\nmaize,2026-01\n", "line 2"),
            ("key,period,value\nmaize,2026-01,4\nmaize,2026-01,5\n", "two values in 2026-01"),
        ],
    )
    async def test_refuses_what_is_no_index(
        self, session: AsyncSession, now: datetime, text: str, says: str
    ) -> None:
        with pytest.raises(IndexRefused, match=says):
            await risk_tables.bring_in(session, "crop", text, now=now)

    async def test_of_regions_keeps_no_names(self, session: AsyncSession, now: datetime) -> None:
        text = "key,period,value\nKISUMU,2026-01,3.5\n"
        table = await risk_tables.bring_in(session, "region", text, now=now)

        assert table.content == {regions.index_of(vault_of(session), "Kisumu"): {"2026-01": 3.5}}


class TestAround:
    async def test_reads_the_newest_and_names_it(
        self, session: AsyncSession, now: datetime
    ) -> None:
        amina = await lends(session, "Kisumu", now, crop="maize", bad=True)
        await lends(session, "Kisumu", now)
        await risk_tables.bring_in(session, "crop", CROPS.replace("40", "45"), now=now)
        crops = await risk_tables.bring_in(session, "crop", CROPS, now=now)
        book = await made(session, now)
        dossier = await dossiers.get(session, amina.id)

        found = await risk_tables.around(session, dossier, {"crop": "maize"}, now=now)

        assert (found.industry, found.industry_risk, found.region_risk) == ("farming", 0.5, 0.5)
        assert found.region_share is None  # A book of two.
        assert found.crop_price_factor == pytest.approx(0.8)
        assert found.tables == {"book": book.sha256, "crop": crops.sha256}

    async def test_says_what_it_can_before_there_are_tables(
        self, session: AsyncSession, now: datetime
    ) -> None:
        amina = await lends(session, "Kisumu", now)
        found = await risk_tables.around(
            session, await dossiers.get(session, amina.id), {}, now=now
        )

        assert (found.industry, found.region_risk, found.tables) == ("salaried", None, {})
        assert found.region == amina.region_index is not None
