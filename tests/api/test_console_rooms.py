"""The console's rooms that look at the outside: breaks, refunds, funding, seals, day closes."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.console import charts
from kit import notes
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from scoring.watching.models import RiskAlert
from servicing import reconciliation
from servicing.closing import parts
from servicing.ledger import sealing
from servicing.ledger.models import Checkpoint
from servicing.models import Payout
from servicing.rails.base import Balances, Direction, OutcomeStatus, StatementLine
from tests.api.conftest import Sit
from tests.api.desk import words
from tests.servicing.lending import START, Lender, kes

WHY = {"reason": "as agreed"}


async def compares(lender: Lender, *lines: StatementLine) -> str:
    """The id of the first break of the day's statement."""
    async with unit_of_work(lender.sessions) as session:
        await reconciliation.run(session, rail="wallet", day=START, lines=lines, now=lender.now)
        [first, *_] = await reconciliation.list_open(session)
        return str(first.id)


def incoming(rail_id: str, reference: str) -> StatementLine:
    return StatementLine(rail_id, reference, Direction.INCOMING, kes(450), OutcomeStatus.SETTLED)


class TestBreaks:
    async def test_are_put_right_by_two(self, sit: Sit, lender: Lender) -> None:
        loan = await lender.lends()
        page = f"/breaks/{await compares(lender, incoming('I9', loan.reference))}"
        carl, ada = await sit("Carl"), await sit("Ada")

        overview = await carl.reads("/reconciliation")
        wrong = await carl.sends(f"{page}/write-off", reason="it is lost")
        proposed = await carl.does(f"{page}/put-right", reason="seen at the rail")
        done = await ada.does(f"{page}/put-right", reason="so have I")

        assert "Wallet 2 breaks open Statement of 20 Nov 2026" in overview
        assert (wrong.status_code, "This does not put it right" in words(wrong)) == (409, True)
        assert "it is lost" in wrong.text
        assert "Proposed: Put right By Carl" in proposed
        assert "Put right" in done
        assert "Confirmed and done" in done

    async def test_are_explained_by_two(self, sit: Sit, lender: Lender) -> None:
        page = f"/breaks/{await compares(lender, incoming('I9', 'nobody'))}"

        for name in ("Carl", "Ada"):
            shown = await (await sit(name)).does(f"{page}/explain", reason="a test of theirs")

        assert "Explained" in shown

    async def test_of_a_day_before_the_newest_statement_are_told_with_it(
        self, sit: Sit, lender: Lender
    ) -> None:
        await compares(lender, incoming("I9", "nobody"))
        async with unit_of_work(lender.sessions) as session:
            await reconciliation.run(
                session, rail="wallet", day=START + timedelta(days=1), lines=[], now=lender.now,
                balances=Balances(kes(10_000), kes(10_000)),
            )  # fmt: skip
        carl = await sit("Carl")

        overview, home = await carl.reads("/reconciliation"), await carl.reads("")

        assert "Wallet 1 break open Statement of 21 Nov 2026" in overview
        assert "the statement KES 10,000. It differs by KES 10,000" in overview
        assert "Reconciliation, Wallet 1 break open" in home

    async def test_of_a_rail_that_is_not_there_are_not_asked_for(self, sit: Sit) -> None:
        answer = await (await sit("Carl")).sends("/reconciliation/wallet/2026-11-20")

        assert answer.status_code == 503
        assert "Reconciliation" in words(answer)


class TestFunding:
    @pytest.fixture
    async def pool(self, ada: httpx.AsyncClient, carl: httpx.AsyncClient) -> str:
        given = {"code": "main", "currency": "KES", "rail": "wallet"}
        made = (await ada.post("/v1/funding/pools", json=given)).json()
        policy = {"rank": 1, "limits": [{"by": "pool", "percent": "90"}]}
        funder = (await ada.post("/v1/funding/funders", json={"name": "=<b>Sum</b>"})).json()
        stake = {"funder_id": funder["id"], "terms": "share", "rate_ppm": 800_000}
        for client in (ada, carl):
            path = f"/v1/funding/pools/{made['id']}"
            await client.put(f"{path}/policy", json=WHY | {"policy": policy})
            key = {"Idempotency-Key": f"stake-of-{client is ada}"}
            await client.post(f"{path}/stakes", json=WHY | stake, headers=key)
        return str(made["id"])

    async def test_shows_pools_with_their_funders(self, sit: Sit, pool: str) -> None:
        ada = await sit("Ada")

        listed = await ada.reads("/funding")
        shown = await ada.reads(f"/funding/pools/{pool}")
        file = await ada.opens(f"/funding/pools/{pool}", format="csv")

        assert "main" in listed
        assert "Pool main Open" in shown
        assert "=<b>Sum</b>" in shown
        assert "'=<b>Sum</b>" in file.text

    async def test_lets_two_release_what_waits_for_money(
        self, sit: Sit, pool: str, lender: Lender, sessions: Sessions
    ) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)
        async with sessions() as session:
            payout = await session.scalar(select(Payout).where(Payout.loan_id == loan.id))
        assert payout is not None
        page = f"/payouts/{payout.id}"
        carl, ada = await sit("Carl"), await sit("Ada")

        listed = await carl.reads("/funding/held")
        waits = await carl.reads(page)
        await carl.does(f"{page}/release", reason="the capital comes today")
        shown = await ada.does(f"{page}/release", reason="I know of it")
        given_up = await ada.does(f"{page}/give-up")

        assert payout.client_ref[-8:] in listed
        assert "It waits for money" in waits
        assert "Confirmed and done" in shown
        assert "The loan was given up" in given_up

    async def test_draws_what_is_to_come(self, sit: Sit, lender: Lender) -> None:
        await lender.lends()
        ada = await sit("Ada")

        shown = await ada.opens("/funding/forecast", days="120", step="30")
        file = await ada.opens("/funding/forecast", days="120", step="30", format="csv")
        odd = await ada.opens("/funding/forecast", rail="pigeons")

        assert "<polyline" in shown.text
        assert "Forecast of cash" in words(shown)
        assert len(file.text.splitlines()) == 5
        assert odd.status_code == 422

    def test_draws_a_band_around_its_line(self) -> None:
        points = [(START, (-500, 0, 500)), (START + timedelta(days=7), (0, 1000, 1500))]

        drawn = charts.band(500, points, "KES")

        assert drawn.line == "0.0,120.0 360.0,180.0 720.0,60.0"
        assert drawn.area.split()[2] == "720.0,0.0"
        assert drawn.area.split()[3] == "720.0,180.0"
        assert drawn.zero == 180.0
        assert [level.label for level in drawn.levels][::4] == ["-5", "15"]


class TestDays:
    async def test_show_how_the_close_went(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(START + timedelta(days=2))
        async with unit_of_work(sessions) as session:
            await parts.leave_behind(
                session, loan.id, since=START, fault=ValueError("a name"), now=lender.now
            )

        shown = await (await sit("Ada")).reads("/day-closes")

        assert "21 Nov 2026" in shown
        assert "ValueError" in shown
        assert "a name" not in shown


async def signs(session: AsyncSession, vault: Vault, lender: Lender) -> Checkpoint:
    assert vault.signer is not None
    made = await sealing.sign(session, vault.signer, now=lender.now)
    assert made is not None
    return made


class TestSeals:
    async def test_hold_and_are_taken_away(
        self, sit: Sit, lender: Lender, sessions: Sessions, vault: Vault
    ) -> None:
        await lender.lends()
        async with unit_of_work(sessions) as session:
            await sealing.seal(session)
            await signs(session, vault, lender)
        await lender.lends()
        async with unit_of_work(sessions) as session:
            await sealing.seal(session)
            last = await signs(session, vault, lender)
        ada = await sit("Ada")

        shown = await ada.reads("/seals/1")
        note = await ada.opens("/seals/1/note.txt")
        proof = await ada.opens(f"/seals/{last.size}/consistency.txt", since="1")
        checked = words(await ada.sends("/seals/verify"))

        assert "Checkpoint of 1 entries Holds" in shown
        assert note.text.startswith("kopa.example/ledger\n1\n")
        assert set(proof.json()) == {"new", "old", "path"}
        assert proof.headers["content-disposition"].startswith("attachment")
        assert "Everything holds" in checked

    async def test_of_another_key_are_told_apart(
        self, sit: Sit, lender: Lender, sessions: Sessions
    ) -> None:
        await lender.lends()
        async with unit_of_work(sessions) as session:
            await sealing.seal(session)
            await sealing.sign(session, notes.generate("other.example/ledger"), now=lender.now)

        shown = await (await sit("Ada")).reads("/seals/1")

        assert "Not signed by our key" in shown


class TestLinks:
    async def test_lead_nowhere_that_the_role_may_not_go(self, sit: Sit, lender: Lender) -> None:
        loan = await lender.lends()
        alert = RiskAlert(
            kind="loan_overdue", subject=f"loan:{loan.id}", evidence={}, raised_at=lender.now,
            stood_at=lender.now,
        )  # fmt: skip
        async with unit_of_work(lender.sessions) as session:
            session.add(alert)
        ada, carl = await sit("Ada"), await sit("Carl")

        journal = await ada.opens("/ledger/journal")
        alerts = await carl.opens("/risk-alerts")
        of_ada = await ada.opens(f"/risk-alerts/{alert.id}")
        of_carl = await carl.opens(f"/risk-alerts/{alert.id}")

        assert f'href="/console/loans/{loan.id}"' not in journal.text
        assert "/console/ledger/entries/" in journal.text
        assert f'href="/console/loans/{loan.id}"' not in of_ada.text
        assert f'href="/console/loans/{loan.id}"' in of_carl.text
        assert 'href="/console/watching"' not in alerts.text
        assert 'href="/console/watching"' in (await ada.opens("/risk-alerts")).text
