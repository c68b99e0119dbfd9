"""A bank of another maker (mock-bank) behind a folder, and a lender who pays out through it."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from mockbank.server import Config, make_server
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import Sessions
from servicing import queries, reconciliation, tasks
from servicing.models import Loan, Payout
from servicing.orders import Payees
from servicing.rails.iso20022.orders import Account, Payer
from servicing.rails.iso20022.rail import Iso20022Rail
from tests.servicing.lending import ZONE, Lender

OURS = "NL41MOCK0000000001"
ELSEWHERE = "NL30MOCK0000000005"
"""An account at a bank that this one knows nothing of."""
CLOSED, UNRESOLVED = "NL84MOCK0000000003", "ZZZZNL2AXXX/NL57MOCK0000000004"
FRIDAY = "2026-11-20"
_NEVER_MS = 10**9


@dataclass
class LenderClock:
    lender: Lender

    def now(self) -> datetime:
        return self.lender.now


class Named(Payees):
    async def name_of(self, session: AsyncSession, loan: Loan, *, now: datetime) -> str:
        return "Amina Wanjiru"


@dataclass
class Bank:
    http: httpx.AsyncClient
    folder: Path

    async def behaves(self, account: str = "ACME", **changed: Any) -> None:
        answer = await self.http.patch(f"/_mock/accounts/{account}", json=changed)
        assert answer.is_success, answer.text

    async def reads(self) -> None:
        """Takes whatever lies in its folder, now."""
        answer = await self.http.post("/_mock/drop/scan")
        assert answer.is_success, answer.text

    async def lives(self, days: int) -> None:
        answer = await self.http.post("/_mock/advance", params={"days": days})
        assert answer.is_success, answer.text
        # This one writes the statements of all its customers into one folder.
        for other in ("GLOBEX", "EURODIS"):
            for path in (self.folder / "in").glob(f"*-{other}-*.xml"):
                path.unlink()

    async def receives(self, minor: int, reference: str) -> None:
        """Somebody pays into our account."""
        credit = {
            "account": "ACME",
            "amount": minor,
            "note": reference,
            "debtor": {"name": "Amina", "iban": ELSEWHERE},
        }
        answer = await self.http.post("/_mock/credits", json=credit)
        assert answer.is_success, answer.text

    def says(self, kind: str) -> list[Path]:
        """Files of our account that lie in the folder, in the order in which they were written."""
        found = (self.folder / "in").glob(f"{kind}.*-ACME-*.xml")
        return sorted(found, key=lambda path: int(path.stem.split("-")[-1]))


@dataclass
class Street:
    """The lender, the bank, and the folder between them."""

    lender: Lender
    bank: Bank

    async def pays_out(self, **changed: Any) -> Loan:
        """Order the payout; the bank takes the file."""
        loan = await self.lender.opens(**changed)
        await self.lender.pays_out(loan)
        await self.bank.reads()
        return loan

    async def takes_in(self) -> None:
        await tasks.take_in(self.lender.context)

    async def lives(self, days: int) -> None:
        await self.bank.lives(days)
        self.lender.now += timedelta(days=days)
        self.lender.on += timedelta(days=days)

    async def payout(self, loan: Loan) -> Payout:
        async with self.lender.sessions() as session:
            return (await queries.list_payouts(session, loan.id))[-1]

    async def payouts(self) -> list[Payout]:
        async with self.lender.sessions() as session:
            return list(await session.scalars(select(Payout)))

    async def loans(self) -> list[Loan]:
        async with self.lender.sessions() as session:
            return list(await session.scalars(select(Loan)))

    async def all_books(self) -> dict[str, str]:
        """Of all loans together."""
        found: dict[str, str] = {}
        for loan in await self.loans():
            found |= await self.lender.books(loan)
        return found

    async def reconciles(self, day: date) -> list[tuple[str, str]]:
        await tasks.reconcile(
            self.lender.context, rail="iso20022", day=day.isoformat(), is_here=True
        )
        async with self.lender.sessions() as session:
            return [
                (row.category, row.reference) for row in await reconciliation.list_open(session)
            ]

    async def incidents(self) -> list[str]:
        return await self.lender.incidents()


def rail_for(lender: Lender, folder: Path) -> Iso20022Rail:
    payer = Payer("Kopa Lending", Account(OURS, "MOCKNL2A"))
    return Iso20022Rail(folder, payer, zone=ZONE, clock=LenderClock(lender))


@asynccontextmanager
async def street(
    sessions: Sessions, now: datetime, folder: Path, *, account: str = ELSEWHERE, at: str = "07:00"
) -> AsyncIterator[Street]:
    lender = Lender(sessions, now, account=account)
    lender.rail, lender.payees = rail_for(lender, folder), Named()
    with _open_bank(folder, f"{FRIDAY}T{at}") as base:
        async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
            bank = Bank(http, folder)
            await bank.behaves(currency="KES", balance=100_000_00)
            yield Street(lender, bank)


@contextmanager
def _open_bank(folder: Path, clock: str) -> Iterator[str]:
    server = make_server(
        Config(
            port=0, quiet=True, clock=clock, drop_dir=str(folder / "out"),
            pickup_dir=str(folder / "in"), drop_settle_ms=0, drop_interval_ms=_NEVER_MS,
        )
    )  # fmt: skip
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
